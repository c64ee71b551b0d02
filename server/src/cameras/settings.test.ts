import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../config/load.ts';
import {
  cameraSettings,
  DEFAULT_SETTINGS,
  patchSettings,
  settingsChanges,
  subStreamOwners,
} from './settings.ts';

const settingsOf = (text: string) =>
  cameraSettings(loadConfig([{ kind: 'document', text }], { environment: {} }).config);

test('the section may say anything or nothing of a camera', () => {
  const settings = settingsOf(
    'cameras: { door: { name: Door, sub: small, enabled: off }, yard: , __proto__: { name: x } }',
  );
  assert.deepEqual(
    { ...settings.get('door') },
    {
      name: 'Door',
      area: undefined,
      sub: 'small',
      enabled: false,
      doorbell: false,
    },
  );
  assert.equal(settings.get('yard')?.enabled, true);
  assert.deepEqual([...settings.keys()], ['door', 'yard', '__proto__']);
  assert.equal(settingsOf('').size, 0);
});

test('a patch changes what it names; null and an empty text take back', () => {
  const before = { ...DEFAULT_SETTINGS, name: 'Door', area: 'Entrance', doorbell: true };
  const after = patchSettings(before, { name: null, area: '', enabled: false });
  assert.deepEqual(
    { ...after },
    { name: undefined, area: undefined, sub: undefined, enabled: false, doorbell: true },
  );
  assert.deepEqual(settingsChanges('door', before, after), [
    [['cameras', 'door', 'name'], undefined],
    [['cameras', 'door', 'area'], undefined],
    [['cameras', 'door', 'enabled'], false],
  ]);
  assert.deepEqual(settingsChanges('door', after, { ...after, enabled: true }), [
    [['cameras', 'door', 'enabled'], undefined],
  ]);
  assert.deepEqual(settingsChanges('door', after, after), []);
});

test('every sub stream has one camera, and no camera disappears in a circle', () => {
  const owners = (pairs: Record<string, string>, streams = 'abcd'): Record<string, string> =>
    Object.fromEntries(
      subStreamOwners(
        new Map(Object.entries(pairs).map(([id, sub]) => [id, { ...DEFAULT_SETTINGS, sub }])),
        (name) => streams.includes(name),
      ),
    );
  assert.deepEqual(owners({ a: 'b' }), { b: 'a' });
  assert.deepEqual(owners({ a: 'a' }), {}, 'of itself');
  assert.deepEqual(owners({ a: 'x', x: 'b' }), {}, 'streams that are not there');
  assert.deepEqual(owners({ a: 'b', b: 'a' }), { b: 'a' });
  assert.deepEqual(owners({ a: 'c', b: 'c' }), { c: 'a' });
  assert.deepEqual(owners({ b: 'c', a: 'b' }), { c: 'b' });
  assert.deepEqual(owners({ a: 'b', b: 'c' }), { b: 'a' });
});
