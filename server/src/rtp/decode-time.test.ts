import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeTime } from './decode-time.ts';

/** Frames in decoding order by their place in display order, 3600 ticks apart. */
const IPPP = [0, 1, 2, 3, 4, 5];
const IBBP = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11];
const PYRAMID = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15];

const run = (order: readonly number[], depth: number | undefined) => {
  const time = new DecodeTime(90000);
  time.setDepth(depth);
  return order.map((place) => {
    const pts = place * 3600;
    return { pts, dts: time.next(pts) };
  });
};

function assertAscending(dts: readonly number[]): void {
  for (let i = 1; i < dts.length; i++) assert.ok(dts[i]! >= dts[i - 1]!, `dts steps back: ${dts}`);
}

test('without reordering dts is pts', () => {
  for (const { pts, dts } of run(IPPP, undefined)) assert.equal(dts, pts);
});

for (const [name, order, depth] of [
  ['IBBP', IBBP, 1],
  ['a B-pyramid', PYRAMID, 2],
] as const) {
  test(`${name} with its depth told: dts ascends and never passes pts`, () => {
    const packets = run(order, depth);
    assertAscending(packets.map(({ dts }) => dts));
    for (const { pts, dts } of packets) assert.ok(dts <= pts && dts >= pts - 6 * 3600);
    const gaps = packets.slice(1).map(({ dts }, i) => dts - packets[i]!.dts);
    assert.ok(Math.min(...gaps) >= 1800, `dts stands still at the start: ${gaps}`);
    const steps = packets.slice(depth + 1).map(({ dts }, i) => dts - packets[i + depth]!.dts);
    assert.deepEqual(new Set(steps), new Set([3600]));
  });

  test(`${name} with its depth found out: right from the second mini-GOP on`, () => {
    const packets = run(order, undefined);
    assertAscending(packets.map(({ dts }) => dts));
    for (const { pts, dts } of packets.slice(6)) assert.ok(dts <= pts);
    assert.ok(packets.at(-1)!.pts - packets.at(-1)!.dts <= 2 * 3600);
  });
}

test('a depth learned too high is corrected by new parameter sets', () => {
  const time = new DecodeTime(90000);
  time.setDepth(4);
  for (const place of IPPP) time.next(place * 3600);
  time.setDepth(0);
  assert.equal(time.next(6 * 3600), 6 * 3600);
});

test('a clock that is set goes through, back and forth', () => {
  const time = new DecodeTime(90000);
  for (const place of IPPP) time.next(place * 3600);
  assert.equal(time.next(-500_000), -500_000);
  assert.equal(time.next(-496_400), -496_400);
  assert.equal(time.next(9e9), 9e9);
});

test('jitter of a few ticks costs one picture of delay, not more', () => {
  const time = new DecodeTime(90000);
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < 500; i++) {
    const pts = i * 3600 + (i % 7 === 0 ? -4000 : 0);
    const dts = time.next(pts);
    assert.ok(dts >= last && pts - dts <= 3 * 3600);
    last = dts;
  }
});
