import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { clearLog, configureLog, readLog } from '../util/log.ts';
import { openState, statePathFor } from './state.ts';

configureLog({ write: undefined });

const folder = (): string => mkdtempSync(join(tmpdir(), 'porthole-state-'));

test('values are there after the next start; only the owner may read them', () => {
  const directory = folder();
  const path = statePathFor(join(directory, 'porthole.yaml'));
  const state = openState(path);
  assert.equal(state.get('id'), undefined);
  state.set('id', 'abc');
  state.set('key', { user: 'x', list: [1] });
  state.set('gone', 1);
  state.set('gone', undefined);
  const again = openState(path);
  assert.deepEqual(
    [again.get('id'), again.get('key'), again.get('gone')],
    ['abc', { user: 'x', list: [1] }, undefined],
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ['.porthole.json'], 'nothing is left behind');
});

test('a file that is damaged or cannot be written costs only itself', () => {
  const directory = folder();
  const path = join(directory, '.porthole.json');
  for (const text of ['{"id": "ab', '[1]', '"x"', 'null']) {
    writeFileSync(path, text);
    const state = openState(path);
    assert.equal(state.get('id'), undefined, text);
    state.set('id', 'new');
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).id, 'new');
  }
  clearLog();
  const blocked = join(directory, 'folder');
  mkdirSync(blocked);
  const state = openState(blocked);
  state.set('id', 'kept');
  assert.equal(state.get('id'), 'kept');
  assert.match(readLog(), /cannot be written/);
});

test('without a path nothing is written', () => {
  const state = openState(undefined);
  state.set('id', 'x');
  assert.equal(state.get('id'), 'x');
});

test('keys that mean something to JavaScript are values like others', () => {
  const path = join(folder(), '.porthole.json');
  writeFileSync(path, '{"__proto__": {"id": "evil"}}');
  assert.equal(openState(path).get('id'), undefined);
});
