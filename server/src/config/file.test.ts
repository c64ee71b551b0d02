import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setValue } from './edit.ts';
import { openConfigFile } from './file.ts';

const directory = mkdtempSync(join(tmpdir(), 'porthole-file-'));

test('edits at the same time all arrive, in order', async () => {
  const file = openConfigFile(join(directory, 'many.yaml'));
  assert.equal(await file.read(), undefined);
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => file.edit((text) => setValue(text, ['streams', `s${i}`], `x:${i}`))),
  );
  assert.deepEqual(
    (await file.read())?.match(/s\d+/g),
    Array.from({ length: 20 }, (_, i) => `s${i}`),
  );
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
});

test('the mode, a link and the folder stay as they are', async () => {
  const path = join(directory, 'real.yaml');
  const link = join(directory, 'link.yaml');
  writeFileSync(path, 'a: 1\n');
  chmodSync(path, 0o640);
  symlinkSync(path, link);
  await openConfigFile(link).edit((text) => `${text}b: 2\n`);
  assert.equal(readFileSync(path, 'utf8'), 'a: 1\nb: 2\n');
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('a failed edit leaves the file, and the next one works', async () => {
  const file = openConfigFile(join(directory, 'failed.yaml'));
  await file.edit(() => 'a: 1\n');
  await assert.rejects(
    file.edit(() => {
      throw new Error('no');
    }),
    /no/,
  );
  await file.edit((text) => `${text}b: 2\n`);
  assert.equal(await file.read(), 'a: 1\nb: 2\n');
});

test('a folder that is not there is said', async () => {
  const file = openConfigFile(join(directory, 'missing', 'x.yaml'));
  await assert.rejects(
    file.edit(() => 'a: 1'),
    /the config file cannot be written: ENOENT/,
  );
});
