import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { discoveryPayload, type MqttCamera, statePayload } from './payloads.ts';
import { createTopics } from './topics.ts';

const topics = createTopics('1f0c9a2e-0000-4000-8000-000000000000', 'porthole', 'homeassistant');
const camera: MqttCamera = {
  id: 'front_door',
  name: 'Front door',
  area: 'Entrance',
  enabled: true,
  doorbell: false,
  status: 'live',
  tracks: [
    { kind: 'video', codec: 'hevc', width: 2560, height: 1440 },
    { kind: 'audio', codec: 'aac' },
  ],
  viewers: 2,
  bitrate: 3_932_400,
  events: [],
};
type Components = Record<string, Record<string, unknown>>;
const componentsOf = (of: MqttCamera) => discoveryPayload(of, topics).components as Components;

describe('the discovery message', () => {
  test('every entity has a platform and an id of its own', () => {
    const components = Object.values(componentsOf({ ...camera, events: ['motion', 'ring'] }));
    assert.equal(new Set(components.map(({ unique_id }) => unique_id)).size, components.length);
    assert.ok(components.every(({ platform }) => typeof platform === 'string'));
  });

  test('motion and doorbell are there where the camera tells of them', () => {
    assert.deepEqual(Object.keys(componentsOf(camera)), [
      'camera',
      'connectivity',
      'viewers',
      'bitrate',
      'status',
      'enabled',
      'restart',
    ]);
    assert.ok(componentsOf({ ...camera, events: ['motion'] }).motion);
    assert.deepEqual(componentsOf({ ...camera, doorbell: true }).ring?.event_types, ['ring']);
  });

  test('values of the moment are not in it: it stays as it is while a camera streams', () => {
    const idle = { ...camera, status: 'idle', viewers: 0, bitrate: undefined, tracks: [] };
    assert.deepEqual(discoveryPayload(idle, topics), discoveryPayload(camera, topics));
  });
});

describe('the state', () => {
  const cases: Readonly<Record<string, string>> = {
    live: 'ON',
    idle: 'ON',
    asleep: 'ON',
    connecting: 'OFF',
    failed: 'OFF',
    disabled: 'OFF',
  };
  for (const [status, connectivity] of Object.entries(cases)) {
    test(`${status}: connectivity ${connectivity}`, () => {
      assert.equal(statePayload({ ...camera, status }).connectivity, connectivity);
    });
  }

  test('numbers are in the units of the discovery message', () => {
    const { bitrate, viewers, codecs } = statePayload(camera);
    assert.deepEqual(
      { bitrate, viewers, codecs },
      { bitrate: 3932, viewers: 2, codecs: ['hevc 2560x1440', 'aac'] },
    );
  });

  test('an error is cut to what a state may hold', () => {
    const { error } = statePayload({ ...camera, status: 'failed', error: { message: 'x'.repeat(1000) } });
    assert.equal((error as string).length, 255);
  });
});
