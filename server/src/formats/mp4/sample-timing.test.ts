import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacCodec } from '../../codecs/aac.ts';
import { audioCodec, type Codec, videoCodec } from '../../codecs/codec.ts';
import { opusCodec } from '../../codecs/opus.ts';
import { SampleTiming } from './sample-timing.ts';

/** Starts of the samples, and the end of the last, in ms, of packets at these ms. Fails on a gap, an overlap or an empty sample. */
function place(codec: Codec, times: readonly number[], duration = 0, data = Buffer.alloc(1)): number[] {
  const timing = new SampleTiming(codec);
  const ticks = (ms: number): number => Math.round((ms * codec.timeBase) / 1000);
  let end: number | undefined;
  const starts = times.map((ms) => {
    const dts = ticks(ms);
    const placed = timing.place({
      track: { id: 1, codec },
      data,
      pts: dts,
      dts,
      duration: ticks(duration),
      key: true,
      time: 0,
    });
    if (!placed) return Number.NaN;
    assert.equal(timing.start, end ?? timing.start);
    assert.ok(timing.duration >= 1);
    end = timing.start + timing.duration;
    return timing.start;
  });
  return [...starts.filter((start) => !Number.isNaN(start)), end!].map((value) =>
    Math.round((value * 1000) / codec.timeBase),
  );
}

const H264 = videoCodec('h264');
const AAC = aacCodec(Buffer.from([0x14, 0x08]))!;

const TABLE: readonly (readonly [
  name: string,
  codec: Codec,
  times: readonly number[],
  expected: readonly number[],
])[] = [
  ['steady video', H264, [0, 40, 80, 120], [0, 40, 80, 120, 160]],
  ['slow video', H264, [0, 100, 200, 300, 400], [0, 40, 140, 300, 400, 500]],
  ['a late frame starts early', H264, [0, 40, 80, 200, 240], [0, 40, 80, 120, 240, 280]],
  ['an early frame starts late', H264, [0, 40, 50, 120], [0, 40, 80, 80, 130]],
  ['frames at the same time', H264, [0, 40, 40, 40, 80], [0, 40, 80, 80, 80, 120]],
  ['the pause of an outage is no frame rate', H264, [0, 40, 900, 940, 980], [0, 40, 80, 940, 980, 1020]],
  ['aac counts its samples', AAC, [0, 70, 120, 200], [0, 64, 128, 192, 256]],
  ['aac after a loss', AAC, [0, 64, 256, 320], [0, 64, 128, 320, 384]],
  ['aac that comes in bursts', AAC, [0, 0, 0, 192, 192], [0, 64, 128, 192, 256, 320]],
  ['a clock that was set back', AAC, [0, 64, 64, 64, 64, 64, 64, 64], [0, 64, 128, 192, 256, 320, 384]],
  ['mp3', audioCodec('mp3', 48000), [0, 24, 48], [0, 24, 48, 72]],
];

for (const [name, codec, times, expected] of TABLE) {
  test(name, () => {
    const placed = place(codec, times);
    assert.equal(placed.length, expected.length);
    for (const [index, ms] of placed.entries()) {
      assert.ok(Math.abs(ms - expected[index]!) <= 1, `${placed} instead of ${expected}`);
    }
  });
}

test('what the packet says comes first', () => {
  assert.deepEqual(place(H264, [0, 500, 1000], 500), [0, 500, 1000, 1500]);
});

test('opus tells its own length', () => {
  const sixtyMs = Buffer.from([3 << 3]);
  assert.deepEqual(place(opusCodec(), [0, 60, 120], 0, sixtyMs), [0, 60, 120, 180]);
});

test('a jump moves what follows, and never back', () => {
  const timing = new SampleTiming(H264);
  const packet = (dts: number) => ({
    track: { id: 1, codec: H264 },
    data: Buffer.alloc(1),
    pts: dts,
    dts,
    duration: 0,
    key: true,
    time: 0,
  });
  timing.place(packet(0));
  timing.jump(10);
  timing.jump(1);
  timing.place(packet(900_000));
  assert.equal(timing.start, 900_000);
  assert.equal(timing.duration, 3600);
});
