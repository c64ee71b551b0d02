import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLiveEdge, TARGET } from './live-edge.ts';

/** A player at 25 fps that starts `behind` seconds from the edge; `jitter` delays frames. Tells where it ends up. */
function simulate(behind: number, seconds: number, jitter: (frame: number) => number = () => 0) {
  const edge = createLiveEdge();
  let playhead = -behind;
  let end = 0;
  let lowestRate = 1;
  let jumps = 0;
  const slacks: number[] = [];
  let clock = 0;
  for (let frame = 1; frame <= seconds * 25; frame++) {
    const now = frame / 25 + jitter(frame);
    playhead = Math.min(end, playhead + (now - clock) * edge.rate);
    clock = now;
    const slack = end - playhead;
    slacks.push(slack);
    edge.sample(now * 1000, slack);
    lowestRate = Math.min(lowestRate, edge.rate);
    assert.ok(edge.rate >= 0.95 && edge.rate <= 1.1, `rate ${edge.rate}`);
    end += 1 / 25;
    if (edge.shouldJump(now * 1000, end - playhead)) {
      playhead = end - TARGET;
      jumps++;
    }
  }
  const tail = slacks.slice(-50);
  return { slack: Math.min(...tail), peak: Math.max(...tail), lowestRate, jumps };
}

test('a burst at the start is jumped over at once', () => {
  const { jumps, slack } = simulate(4, 2);
  assert.equal(jumps, 1);
  assert.ok(slack > 0.2 && slack < 0.35, `slack ${slack}`);
});

test('too far behind: catches up gently, without a jump', () => {
  const { jumps, slack } = simulate(0.75, 30);
  assert.equal(jumps, 0);
  assert.ok(slack >= 0.15 && slack <= 0.5, `slack ${slack}`);
});

test('no slow motion at the start; later a reserve grows', () => {
  assert.equal(simulate(0.02, 2).lowestRate, 1);
  const { slack } = simulate(0.02, 20);
  assert.ok(slack >= 0.09 && slack < 0.3, `slack ${slack}`);
});

test('steady playback inside the corridor is left alone', () => {
  const edge = createLiveEdge();
  for (let ms = 0; ms < 20_000; ms += 40) {
    edge.sample(ms, 0.3 + 0.05 * Math.sin(ms / 300));
    assert.equal(edge.rate, 1);
    assert.equal(edge.shouldJump(ms, 0.35), false);
  }
});

test('a network that delays each 25th frame keeps its reserve', () => {
  const { slack, peak, jumps } = simulate(0.5, 30, (frame) => (frame % 25 === 0 ? 0.035 : 0));
  assert.equal(jumps, 0);
  assert.ok(slack > 0.1 && peak < 0.65, `slack ${slack} … ${peak}`);
});

test('after a long gap (a sleeping tab) it jumps', () => {
  const edge = createLiveEdge();
  for (let ms = 0; ms < 5000; ms += 40) edge.sample(ms, 0.3);
  assert.equal(edge.shouldJump(5000, 1.5), false);
  assert.equal(edge.shouldJump(5040, 2.5), true);
});
