import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { run, runOk } from '../../../test/helpers/run.ts';
import { deviceGroups, findUser } from './drop-privileges.ts';

const isRoot = process.getuid!() === 0;
const MODULE = join(import.meta.dirname, 'drop-privileges.ts');

test('a user is found by its whole name', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'porthole-passwd-')), 'passwd');
  writeFileSync(
    path,
    'root:x:0:0::/root:/bin/sh\nportholer:x:1:1::/:\nporthole:x:998:997::/nonexistent:/bin/false\n',
  );
  assert.deepEqual(findUser(path, 'porthole'), { uid: 998, gid: 997 });
  assert.equal(findUser(path, 'hole'), undefined);
});

describe('as root', { skip: isRoot ? false : 'only root can change users' }, () => {
  test("groups are those of the devices that cameras and encoders are, without root's", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-dev-'));
    mkdirSync(join(folder, 'snd'));
    for (const [name, gid] of [
      ['video0', 44],
      ['video1', 0],
      ['snd/controlC0', 29],
      ['sda', 6],
    ] as const) {
      if ((await run('mknod', [join(folder, name), 'c', '1', '3'])).code !== 0) return;
      await runOk('chgrp', [String(gid), join(folder, name)]);
    }
    writeFileSync(join(folder, 'video2'), 'a file');
    assert.deepEqual(deviceGroups(folder), [29, 44]);
  });

  test('the process has the user, these groups and no way back; the folders are its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-own-'));
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'inner/file'), 'text', { mode: 0o600 });
    const script = `
      import { dropPrivileges } from '${MODULE}';
      import { readFileSync } from 'node:fs';
      dropPrivileges({ uid: 61984, gid: 61985 }, { groups: [44], folders: ['${folder}'] });
      const refused = (call) => { try { call(); return false; } catch { return true; } };
      console.log(JSON.stringify([
        process.getuid(), process.getgid(), process.getgroups().includes(0), process.getgroups().includes(44),
        readFileSync('${folder}/inner/file', 'utf8'),
        refused(() => process.setuid(0)), refused(() => readFileSync('/etc/shadow')),
      ]));`;
    const output = await runOk(process.execPath, ['--input-type=module', '-e', script]);
    assert.deepEqual(JSON.parse(String(output)), [61984, 61985, false, true, 'text', true, true]);
    assert.deepEqual(
      [statSync(join(folder, 'inner/file')).uid, statSync(folder).mode & 0o777],
      [61984, 0o700],
    );
  });
});
