import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadAhead } from './read-ahead.ts';

test('two seconds at once, then as fast as time passes', () => {
  const ahead = new ReadAhead();
  ahead.saw(0, 100, 0);
  assert.ok(ahead.waitMs(0) <= 0);
  ahead.saw(0, 102, 10);
  assert.ok(ahead.waitMs(10) <= 0);
  ahead.saw(0, 105, 20);
  assert.ok(Math.abs(ahead.waitMs(20) - 2980) < 1);
  assert.ok(ahead.waitMs(3000) <= 0);
});

test('a live input that is a little fast is never held', () => {
  const ahead = new ReadAhead();
  for (let second = 0; second < 10_000; second++) {
    ahead.saw(0, second * 1.004, second * 1000);
    assert.ok(ahead.waitMs(second * 1000) <= 0);
  }
});

test('timestamps that jump are not waited for', () => {
  const ahead = new ReadAhead();
  for (const seconds of [0, 1, 5000, 5001, 3, 4]) {
    ahead.saw(0, seconds, 0);
    assert.ok(ahead.waitMs(0) <= 0, `${seconds}`);
  }
});

test('another track that lags behind changes nothing', () => {
  const ahead = new ReadAhead();
  ahead.saw(0, 10, 0);
  ahead.saw(0, 14, 0);
  ahead.saw(1, 13, 0);
  assert.equal(ahead.waitMs(0), 2000);
});

test('a short file that begins again and again is read as fast as it plays', () => {
  const ahead = new ReadAhead();
  for (let frame = 0; frame < 1000; frame++)
    for (const track of [0, 1]) ahead.saw(track, (frame % 100) / 25, 0);
  assert.ok(Math.abs(ahead.waitMs(0) - 37_600) < 100, `${ahead.waitMs(0)}`);
});
