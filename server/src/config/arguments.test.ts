import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultConfigs, parseArguments } from './arguments.ts';

test('each form of -c', () => {
  const { configs } = parseArguments([
    '-c',
    'a.yaml',
    '-config',
    '{"log":{"level":"debug"}}',
    '--config',
    'log.level=trace',
    '-c=/etc/b.yaml',
    '-c',
    '',
    '-c',
    'name=value',
    '-c',
    'streams.cam=rtsp://host/a?b=c',
  ]);
  assert.deepEqual(configs, [
    { kind: 'file', path: 'a.yaml' },
    { kind: 'document', text: '{"log":{"level":"debug"}}' },
    { kind: 'key', path: ['log', 'level'], text: 'trace' },
    { kind: 'file', path: '/etc/b.yaml' },
    { kind: 'file', path: 'name=value' },
    { kind: 'key', path: ['streams', 'cam'], text: 'rtsp://host/a?b=c' },
  ]);
});

test('flags', () => {
  assert.deepEqual(parseArguments([]), { action: 'run', configs: [], daemon: false });
  for (const flag of ['-v', '-version', '--version']) assert.equal(parseArguments([flag]).action, 'version');
  for (const flag of ['-h', '-help', '--help']) assert.equal(parseArguments([flag]).action, 'help');
  assert.equal(parseArguments(['-daemon']).daemon, true);
});

test('what cannot be understood is named', () => {
  assert.throws(() => parseArguments(['-x']), /unknown argument: -x/);
  assert.throws(() => parseArguments(['file.yaml']), /unknown argument: file.yaml/);
  assert.throws(() => parseArguments(['-c']), /-c: a value must follow/);
});

test('the default file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'porthole-arguments-'));
  assert.deepEqual(defaultConfigs(directory), [{ kind: 'file', path: join(directory, 'porthole.yaml') }]);
  writeFileSync(join(directory, 'go2rtc.yaml'), '');
  assert.deepEqual(defaultConfigs(directory), [{ kind: 'file', path: join(directory, 'go2rtc.yaml') }]);
  writeFileSync(join(directory, 'porthole.yaml'), '');
  assert.deepEqual(defaultConfigs(directory), [{ kind: 'file', path: join(directory, 'porthole.yaml') }]);
});
