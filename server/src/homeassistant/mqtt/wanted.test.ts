import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ABSENCE_MS, mqttWanted } from './wanted.ts';

const NOW = 1_764_000_000_000;
const never = { connected: false, seenAt: undefined };

describe('mqttWanted', () => {
  test('on and off are what they say, whoever is connected', () => {
    for (const connected of [true, false]) {
      assert.equal(mqttWanted('on', { connected, seenAt: NOW }, NOW).wanted, true);
      assert.equal(mqttWanted('off', { connected, seenAt: NOW }, NOW).wanted, false);
    }
  });

  test('auto is on where no integration ever was', () => {
    assert.deepEqual(mqttWanted('auto', never, NOW), { wanted: true });
  });

  test('auto is off while one is connected', () => {
    assert.deepEqual(mqttWanted('auto', { connected: true, seenAt: NOW }, NOW), { wanted: false });
  });

  test('auto waits before it takes the place of one that was there', () => {
    const gone = { connected: false, seenAt: NOW };
    assert.deepEqual(mqttWanted('auto', gone, NOW + 1000), { wanted: false, recheckMs: ABSENCE_MS - 1000 });
    assert.deepEqual(mqttWanted('auto', gone, NOW + ABSENCE_MS), { wanted: true });
  });

  test('a clock that went back makes it wait once, not for ever', () => {
    const { wanted, recheckMs } = mqttWanted('auto', { connected: false, seenAt: NOW + 1e9 }, NOW);
    assert.equal(wanted, false);
    assert.equal(recheckMs, ABSENCE_MS);
  });
});
