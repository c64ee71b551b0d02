import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLive, defaultBudget } from './budget.ts';

const candidate = (name: string, visibleArea: number, more: { pinned?: true; live?: true } = {}) => ({
  name,
  visibleArea,
  pinned: false,
  live: false,
  ...more,
});
const live = (most: number, ...list: ReturnType<typeof candidate>[]) =>
  [...chooseLive(list, most)].map(({ name }) => name).join('');

test('the largest that can be seen play', () => {
  assert.equal(live(2, candidate('a', 10), candidate('b', 30), candidate('c', 20), candidate('d', 0)), 'bc');
  assert.equal(live(9, candidate('a', 10), candidate('b', 0)), 'a');
});

test('equals: in their order', () => {
  assert.equal(live(2, candidate('a', 10), candidate('b', 10), candidate('c', 10)), 'ab');
});

test('who plays is not taken off for a little more', () => {
  assert.equal(live(1, candidate('a', 12), candidate('b', 10, { live: true })), 'b');
  assert.equal(live(1, candidate('a', 14), candidate('b', 10, { live: true })), 'a');
});

test('a pinned one plays, whatever it takes', () => {
  assert.equal(live(1, candidate('a', 90), candidate('b', 0, { pinned: true })), 'b');
  assert.equal(live(1, candidate('a', 0, { pinned: true }), candidate('b', 0, { pinned: true })), 'ab');
});

test('phones get less', () => {
  assert.equal(defaultBudget(true, 8), 4);
  assert.equal(defaultBudget(false, 2), 6);
  assert.equal(defaultBudget(false, 32), 16);
});
