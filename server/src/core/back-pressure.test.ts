import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, type Flow, STUCK_MS } from './back-pressure.ts';

const LIMIT = 1000;
const fresh = (): Flow => ({ skipping: false, queuedBytes: 0, progressAtMs: 0 });

test('a viewer that keeps up is written every chunk', () => {
  const flow = fresh();
  for (let now = 0; now < 60_000; now += 40)
    assert.equal(decide(flow, now % 3 ? 500 : 0, false, LIMIT, now), 'write');
});

test('over the limit chunks are skipped until a key chunk meets a half-empty queue', () => {
  const flow = fresh();
  assert.equal(decide(flow, 1001, false, LIMIT, 40), 'skip');
  assert.equal(decide(flow, 800, false, LIMIT, 80), 'skip', 'a chunk without its references is of no use');
  assert.equal(decide(flow, 700, true, LIMIT, 120), 'skip', 'the queue is still long');
  assert.equal(decide(flow, 400, true, LIMIT, 160), 'write');
  assert.equal(decide(flow, 600, false, LIMIT, 200), 'write');
});

test('a viewer whose queue never gets shorter is closed', () => {
  const flow = fresh();
  assert.equal(decide(flow, 2000, true, LIMIT, 0), 'skip');
  assert.equal(decide(flow, 2000, true, LIMIT, STUCK_MS), 'skip');
  assert.equal(decide(flow, 2000, true, LIMIT, STUCK_MS + 1), 'close');
});

test('a slow viewer that still reads is not closed', () => {
  const flow = fresh();
  for (let now = 0; now < 10 * STUCK_MS; now += STUCK_MS / 2) {
    assert.notEqual(decide(flow, 3_000_000 - now, false, LIMIT, now), 'close');
  }
});
