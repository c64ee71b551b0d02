import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Flows, measureFlows, totalRate } from './flow.ts';
import type { Edge } from './graph.ts';

const edge = (bytes: number, more: Partial<Edge> = {}): Edge => ({
  id: 'a>b',
  from: 'a',
  to: 'b',
  codec: { name: 'h264' },
  bytes,
  broken: false,
  bursts: false,
  ...more,
});

/** The flow after these answers, two seconds apart. */
function after(...edges: readonly Edge[]) {
  let flows: Flows = new Map();
  edges.forEach((each, index) => {
    flows = measureFlows([each], flows, index * 2000);
  });
  return flows.get('a>b')!;
}

test('a rate is the difference of two answers', () => {
  assert.equal(after(edge(1000)).state, 'waiting');
  const { rate, state } = after(edge(1000), edge(1_001_000));
  assert.equal(rate, 4_000_000);
  assert.equal(state, 'moving');
});

test('a counter that began anew gives no negative rate', () => {
  assert.equal(after(edge(5000), edge(250)).rate, 1000);
});

test('a track of a viewer moves no more than the viewer, when shares are counted anew', () => {
  const jumped = after(edge(1000, { total: 2000 }), edge(900_000, { total: 3000 }));
  assert.deepEqual([jumped.rate, jumped.state], [4000, 'moving']);
  const fallen = after(edge(900_000, { total: 900_000 }), edge(1000, { total: 901_000 }));
  assert.deepEqual([fallen.rate, fallen.state], [0, 'waiting']);
});

test('bytes that stop are red after three seconds, not at the first pause', () => {
  const moving = [edge(1000), edge(2000)];
  assert.equal(after(...moving, edge(2000)).state, 'waiting');
  assert.equal(after(...moving, edge(2000), edge(2000)).state, 'stopped');
  assert.equal(after(...moving, edge(2000), edge(2000), edge(2001)).state, 'moving');
});

test('what comes in bursts may pause longer', () => {
  const still = Array.from({ length: 5 }, () => edge(2000, { bursts: true }));
  assert.equal(after(...still).state, 'waiting');
  assert.equal(after(...still, ...still, ...still).state, 'stopped');
});

test('a lost source is red at once', () => {
  assert.equal(after(edge(1000), edge(2000), edge(2000, { broken: true })).state, 'stopped');
});

test('a sum says nothing before something is measured', () => {
  const edges = [edge(1000), edge(1000, { id: 'a>c' })];
  const first = measureFlows(edges.slice(0, 1), new Map(), 0);
  assert.equal(totalRate(edges, first), undefined);
  const second = measureFlows([edge(2000), edges[1]!], first, 2000);
  assert.equal(totalRate(edges, second), 4000);
  assert.equal(totalRate([], new Map()), 0);
});
