import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LossDetector } from './nack.ts';

test('asks for what is missing, after a moment, and again until it comes', () => {
  const losses = new LossDetector();
  assert.equal(losses.received(65534, 0), false);
  assert.equal(losses.nextMs, undefined);
  assert.equal(losses.received(1, 0), true);
  assert.deepEqual(losses.due(0), []);
  assert.equal(losses.nextMs, 10);
  assert.deepEqual(losses.due(10), [65535, 0]);
  assert.deepEqual(losses.due(20), []);
  losses.received(65535, 30);
  assert.deepEqual(losses.due(70), [0]);
  losses.received(0, 80);
  assert.equal(losses.nextMs, undefined);
  assert.equal(losses.recovered, 2);
});

test('a packet out of order is not asked for', () => {
  const losses = new LossDetector();
  for (const sequence of [5, 7, 6, 8]) losses.received(sequence, 1);
  assert.deepEqual(losses.due(100), []);
  assert.equal(losses.recovered, 0);
});

test('what does not come is given up', () => {
  const losses = new LossDetector();
  losses.received(1, 0);
  losses.received(3, 0);
  let asked = 0;
  for (let now = 0; now < 1000; now += 10) asked += losses.due(now).length;
  assert.ok(asked > 3 && asked <= 6, `asked ${asked} times`);
  assert.equal(losses.nextMs, undefined);
  losses.received(2, 1000);
  assert.equal(losses.recovered, 0);
});

test('an interruption is not mended packet by packet', () => {
  const losses = new LossDetector();
  losses.received(1, 0);
  assert.equal(losses.received(1000, 0), false);
  assert.deepEqual(losses.due(100), []);
  assert.equal(losses.received(1002, 0), true);
  losses.reset();
  assert.equal(losses.received(50, 0), false);
  assert.deepEqual(losses.due(100), []);
});

test('never remembers more than it can ask for', () => {
  const losses = new LossDetector();
  for (let sequence = 0; sequence < 60_000; sequence += 2) losses.received(sequence & 0xffff, 0);
  assert.ok(losses.due(10).length <= 500);
});
