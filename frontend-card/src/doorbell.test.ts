import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDoorbell, isRing } from './doorbell.ts';

test('it rings until somebody answers, declines, or the time is over', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const states: string[] = [];
  const bell = createDoorbell((state) => states.push(state));
  bell.ring(30_000);
  bell.ring(30_000);
  bell.answer();
  context.mock.timers.tick(60_000);
  bell.ring(30_000);
  bell.end();
  bell.ring(30_000);
  context.mock.timers.tick(29_999);
  assert.equal(bell.state, 'ringing');
  context.mock.timers.tick(1);
  assert.deepEqual(states, ['ringing', 'answered', 'quiet', 'ringing', 'quiet']);
});

test('events ring by a new time, sensors by going on, nothing by coming back', () => {
  const rings = (entity: string, before: string | undefined, now: string) => isRing(entity, before, now);
  assert.equal(rings('event.bell', '2026-11-01', '2026-11-02'), true);
  assert.equal(rings('event.bell', 'unknown', '2026-11-02'), true);
  assert.equal(rings('event.bell', 'unavailable', '2026-11-02'), false);
  assert.equal(rings('event.bell', undefined, '2026-11-02'), false);
  assert.equal(rings('binary_sensor.bell', 'off', 'on'), true);
  assert.equal(rings('binary_sensor.bell', 'on', 'off'), false);
});
