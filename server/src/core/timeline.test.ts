import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
  duration = 0,
): Draft => {
  const packet: Draft = {
    track: { id, codec },
    data: Buffer.alloc(0),
    dts,
    pts,
    duration,
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

/** Camera time of a frame that was taken at `seconds` on the wall; undefined: it is lost. */
type Clock = (seconds: number) => number | undefined;
const EVENT = 5;

/** Ten seconds of 25 pictures and 15.6 sound frames a second, each on a clock of its own, as they lie on the time line. */
function played(video: Clock, audio: Clock, audioLateness = 0.1) {
  const timeline = new Timeline();
  timeline.startRun();
  const frames = [
    ...Array.from({ length: 250 }, (_, frame) => ({
      kind: 'video' as const,
      at: frame / 25,
      arrival: frame / 25,
    })),
    ...Array.from({ length: 156 }, (_, frame) => {
      const at = (frame * 1024) / 16000;
      return { kind: 'audio' as const, at, arrival: at + audioLateness };
    }),
  ].sort((a, b) => a.arrival - b.arrival);
  const placed = { video: [] as { at: number; out: number }[], audio: [] as { at: number; out: number }[] };
  for (const { kind, at, arrival } of frames) {
    const dts = (kind === 'video' ? video : audio)(at);
    if (dts === undefined) continue;
    const [id, codec] = kind === 'video' ? ([1, H264] as const) : ([2, AAC] as const);
    const ticks = Math.round(dts * codec.timeBase);
    const [pts, duration] = kind === 'video' ? [ticks + 7200, 0] : [ticks, 1024];
    const packet = stamped(timeline, id, codec, ticks, arrival, pts, duration);
    placed[kind].push({ at, out: packet.dts / codec.timeBase });
    const delay = (packet.pts - packet.dts) / codec.timeBase;
    assert.ok(delay >= 0 && delay < 0.3, `pts ${delay} s behind dts`);
  }
  for (const list of [placed.video, placed.audio])
    for (const [n, { out }] of list.entries()) assert.ok(n === 0 || out >= list[n - 1]!.out);
  return placed;
}

/** How far sound lies behind picture from two seconds after the event on, at the most. */
function apart({ video, audio }: ReturnType<typeof played>): number {
  const shift = (list: readonly { at: number; out: number }[]) =>
    list.filter(({ at }) => at > EVENT + 2).map(({ at, out }) => out - at);
  const [picture, sound] = [shift(video), shift(audio)];
  return Math.max(Math.max(...picture) - Math.min(...sound), Math.max(...sound) - Math.min(...picture));
}

const steady: Clock = (seconds) => 1000 + seconds;
const after =
  (change: (seconds: number) => number): Clock =>
  (seconds) =>
    seconds < EVENT ? 1000 + seconds : change(seconds);
const FAULTS: Readonly<Record<string, Clock>> = {
  'an hour forward': after((seconds) => 4600 + seconds),
  'an hour back': after((seconds) => -2600 + seconds),
  'five seconds forward': after((seconds) => 1005 + seconds),
  'two seconds back': after((seconds) => 998 + seconds),
  'to the start': after((seconds) => seconds - EVENT),
  'backwards for ten frames': (seconds) =>
    1000 + seconds - (seconds > EVENT && seconds < EVENT + 0.4 ? 2 * (seconds - EVENT) : 0),
  'away and back': (seconds) => 1000 + seconds + (seconds > EVENT && seconds < EVENT + 0.2 ? 5000 : 0),
  'to nothing for a second': (seconds) => (seconds > EVENT && seconds < EVENT + 1 ? 0 : 1000 + seconds),
  'to a standstill for a second': (seconds) =>
    1000 + (seconds > EVENT && seconds < EVENT + 1 ? EVENT : seconds),
};

describe('a clock that goes', () => {
  for (const [title, fault] of Object.entries(FAULTS)) {
    test(`${title}: sound and picture stay together`, () => {
      assert.ok(apart(played(fault, fault)) < 0.05, `both: ${apart(played(fault, fault))}`);
      assert.ok(apart(played(fault, steady)) < 0.1, `video alone: ${apart(played(fault, steady))}`);
      assert.ok(apart(played(steady, fault)) < 0.1, `audio alone: ${apart(played(steady, fault))}`);
    });
  }

  test('nowhere: arrival is the time', () => {
    const standing: Clock = () => 0;
    const placed = played(standing, standing);
    assert.ok(apart(placed) < 0.15, `${apart(placed)}`);
    assert.ok(placed.video.at(-1)!.out > 9.5 && placed.audio.at(-1)!.out > 9.5);
    assert.ok(apart(played(standing, steady)) < 0.15);
  });
});

test('a file that begins again and again: sound does not drift, whatever comes first, however uneven the ends', () => {
  for (const [videoEnd, audioEnd] of [
    [2, 2],
    [2, 1.7],
    [1.7, 2],
  ] as const)
    for (const lateness of [0.5, 0.1, -0.3]) {
      const loop =
        (end: number): Clock =>
        (seconds) => {
          const place = seconds % 2;
          return place < end ? place : undefined;
        };
      const { video, audio } = played(loop(videoEnd), loop(audioEnd), lateness);
      for (const { at, out } of video) {
        const beside = audio.findLast((other) => other.at <= at);
        if (at < EVENT || !beside || at - beside.at > 0.1 || at % 2 < Math.abs(lateness) + 0.2) continue;
        const distance = out - at - (beside.out - beside.at);
        assert.ok(Math.abs(distance) < 0.02, `${distance} s apart at ${at}`);
      }
    }
});

test('a gap in the sound of a file that is read fast is a gap', () => {
  const timeline = new Timeline();
  timeline.startRun();
  for (let frame = 0; frame < 250; frame++) stamped(timeline, 1, H264, frame * 3600, frame / 250);
  stamped(timeline, 2, AAC, 0, 1);
  assert.equal(stamped(timeline, 2, AAC, 8 * 16000, 1).dts, 8 * 16000);
});

test('sound on another clock than the picture from the start begins beside it', () => {
  const timeline = new Timeline();
  timeline.startRun();
  stamped(timeline, 1, H264, 0, 1);
  const { dts } = stamped(timeline, 2, AAC, 5000 * 16000, 1.2);
  assert.ok(Math.abs(dts / 16000 - 1.2) < 0.05);
});

test('pts that cannot be are dts', () => {
  const timeline = new Timeline();
  timeline.startRun();
  const { pts, dts } = stamped(timeline, 1, H264, 0, 1, 3600 * 90_000);
  assert.equal(pts, dts);
});
