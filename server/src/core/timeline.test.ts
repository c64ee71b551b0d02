import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioCodec, type Codec } from '../codecs/codec.ts';
import { H264 } from './testing.ts';
import { type Draft, Timeline } from './timeline.ts';

const stamped = (
  timeline: Timeline,
  id: number,
  codec: Codec,
  dts: number,
  now: number,
  pts = dts,
): Draft => {
  const packet: Draft = {
    track: { id, codec },
    data: Buffer.alloc(0),
    dts,
    pts,
    duration: 0,
    key: true,
    time: 0,
  };
  timeline.stamp(packet, now);
  return packet;
};
const AAC = audioCodec('aac', 16000);

test('a run is anchored at its arrival, and its tracks keep their distance', () => {
  const timeline = new Timeline();
  timeline.startRun();
  assert.equal(stamped(timeline, 1, H264, 900_000, 2).dts, 180_000);
  assert.equal(stamped(timeline, 2, AAC, 161_600, 2.3).dts / 16000, 2.1);
});

test('a new run goes on after the latest packet', () => {
  const timeline = new Timeline();
  timeline.startRun();
  stamped(timeline, 1, H264, 0, 1);
  const last = stamped(timeline, 1, H264, 450_000, 1.1);
  timeline.startRun();
  const next = stamped(timeline, 1, H264, 7, 2);
  assert.ok(next.dts >= last.dts);
});

test('a clock that jumps by hours either way is anchored again at the wall clock', () => {
  for (const jump of [-1e9, 1e9]) {
    const timeline = new Timeline();
    timeline.startRun();
    stamped(timeline, 1, H264, 2e9, 0);
    stamped(timeline, 1, H264, 2e9 + 3600, 0.04);
    const after = stamped(timeline, 1, H264, 2e9 + jump, 0.08);
    assert.equal(after.dts, 7200);
    assert.equal(stamped(timeline, 1, H264, 2e9 + jump + 3600, 0.12).dts, 10_800);
  }
});

test('a time-lapse camera does not jump', () => {
  const timeline = new Timeline();
  timeline.startRun();
  stamped(timeline, 1, H264, 0, 0);
  assert.equal(stamped(timeline, 1, H264, 60 * 90_000, 60.2).dts, 60 * 90_000);
});

test('dts never decreases and pts is never before dts', () => {
  const timeline = new Timeline();
  timeline.startRun();
  let last = 0;
  for (const [index, dts] of [0, 3600, 1800, 7200, 5400, 10_800].entries()) {
    const packet = stamped(timeline, 1, H264, dts, index * 0.04, dts - 900);
    assert.ok(packet.dts >= last && packet.pts >= packet.dts);
    last = packet.dts;
  }
});

test('a run that is on the time line already is only kept monotonic: bursts, gaps and lateness change nothing', () => {
  const timeline = new Timeline();
  timeline.startRun(true);
  for (const seconds of [100, 100.04, 160, 161])
    assert.equal(stamped(timeline, 1, H264, seconds * 90_000, 170).dts, seconds * 90_000);
  timeline.startRun(true);
  assert.equal(stamped(timeline, 1, H264, 159 * 90_000, 171).dts, 161 * 90_000);
  assert.equal(stamped(timeline, 1, H264, 162 * 90_000, 171).dts, 162 * 90_000);
});
