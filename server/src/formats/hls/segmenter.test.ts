import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { videoCodec } from '../../codecs/codec.ts';
import { Segmenter } from './segmenter.ts';

const FRAME = 0.04;
const TRACKS = [{ id: 1, codec: videoCodec('h264') }];
const NEVER = new AbortController().signal;

interface Feed {
  readonly segmenter: Segmenter;
  /** Adds frames, a key frame every `gop`. */
  frames(count: number, gop?: number, bytes?: number): void;
}

function start(container: 'fmp4' | 'mpegts' = 'fmp4', known = { gopSeconds: 0 }): Feed {
  const segmenter = new Segmenter(container, known);
  segmenter.restart(TRACKS, { init: [Buffer.from('init 0')] });
  let frame = 0;
  return {
    segmenter,
    frames(count, gop = 50, bytes = 100) {
      for (const end = frame + count; frame < end; frame++) {
        segmenter.add({
          buffers: [Buffer.alloc(bytes, frame)],
          bytes,
          key: frame % gop === 0,
          picture: true,
          startSeconds: frame * FRAME,
          seconds: FRAME,
          timeMs: 1e12 + frame * 40,
        });
      }
    },
  };
}

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`);

describe('the segmenter', () => {
  test('gives half a second at once to who asks first, then cuts at key frames', () => {
    const { segmenter, frames } = start();
    frames(5);
    assert.equal(segmenter.playlist(), undefined);
    frames(15);
    assert.deepEqual(
      segmenter.playlist()!.segments.map(({ seconds, independent }) => [seconds, independent]),
      [[0.8, true]],
    );
    frames(150);
    const { segments, current, targetSeconds } = segmenter.playlist()!;
    assert.equal(targetSeconds, 2);
    for (const [index, seconds] of [0.8, 1.2, 2, 2].entries()) near(segments[index]!.seconds, seconds);
    assert.deepEqual(
      segments.map(({ independent }) => independent),
      [true, false, true, true],
    );
    assert.deepEqual(
      segments.map(({ timeMs }) => timeMs - 1e12),
      [0, 800, 2000, 4000],
    );
    assert.equal(current!.sequence, 4);
  });

  test('parts hold the same bytes as their segment, and are never longer than the part target', () => {
    const { segmenter, frames } = start();
    frames(101);
    const { segments, partSeconds } = segmenter.playlist()!;
    for (const { sequence, parts, seconds } of segments) {
      near(
        parts.reduce((sum, part) => sum + part.seconds, 0),
        seconds,
      );
      for (const part of parts.slice(0, -1))
        assert.ok(part.seconds <= partSeconds + 1e-9 && part.seconds >= 0.85 * partSeconds);
      assert.deepEqual(
        parts.map(({ independent }) => independent),
        parts.map((_, index) => index === 0),
      );
      const whole = segmenter.get(sequence)!;
      const inParts = parts.flatMap((_, index) => segmenter.get(sequence, index)!.buffers);
      assert.deepEqual(whole.buffers, inParts);
      assert.equal(whole.bytes, Buffer.concat(inParts).length);
    }
  });

  test('a long group of pictures: what was seen of it sets the target, else it is cut', () => {
    const { segmenter, frames } = start();
    frames(200, 250);
    assert.equal(segmenter.playlist()!.targetSeconds, 9);
    frames(800, 500);
    const { segments, targetSeconds } = segmenter.playlist()!;
    for (const { seconds } of segments) assert.ok(Math.round(seconds) <= targetSeconds, `${seconds}`);
  });

  test('the next segmenter of the stream knows how long groups are', () => {
    const known = { gopSeconds: 0 };
    const first = start('fmp4', known);
    first.frames(20, 100);
    assert.equal(first.segmenter.playlist()!.targetSeconds, 2);
    first.frames(200, 100);
    const second = start('fmp4', known);
    second.frames(20, 100);
    assert.equal(second.segmenter.playlist()!.targetSeconds, 4);
  });

  test('keeps a window, bounded in bytes; what is gone is gone', () => {
    const { segmenter, frames } = start();
    frames(50 * 60);
    const { segments } = segmenter.playlist()!;
    assert.ok(segments.length >= 5 && segments.length <= 7, `${segments.length}`);
    const first = segments[0]!.sequence;
    assert.ok(segmenter.get(first - 2), 'a slow viewer may still have it');
    assert.equal(segmenter.get(first - 10), undefined);

    const large = start();
    large.frames(50 * 20, 50, 1 << 20);
    let bytes = 0;
    for (let sequence = 0; sequence < 1000; sequence++) bytes += large.segmenter.get(sequence)?.bytes ?? 0;
    assert.ok(bytes <= 70 << 20, `${bytes >> 20} MiB`);
    assert.ok(large.segmenter.playlist()!.segments.length >= 3);
  });

  test('other tracks: a discontinuity with an initialization segment of its own', () => {
    const { segmenter, frames } = start();
    frames(75);
    segmenter.playlist();
    segmenter.restart(TRACKS, { init: [Buffer.from('init 1')] });
    frames(100, 25);
    const { segments } = segmenter.playlist()!;
    assert.deepEqual(segments.map(({ discontinuity, initIndex }) => [discontinuity, initIndex]).slice(0, 3), [
      [false, 0],
      [false, 0],
      [true, 1],
    ]);
    assert.equal(segmenter.init(0)!.buffers[0]!.toString(), 'init 0');
    assert.equal(segmenter.init()!.buffers[0]!.toString(), 'init 1');
    frames(50 * 60, 25);
    assert.equal(segmenter.playlist()!.discontinuitySequence, 1);
    assert.equal(segmenter.init(0), undefined);
  });

  test('waits until something is there, no longer than told, and not beyond the end', async () => {
    const { segmenter, frames } = start();
    frames(30);
    segmenter.playlist();
    const part = segmenter.wait(() => segmenter.has(1, 0), 5000, NEVER).then(() => segmenter.edge);
    const segment = segmenter.wait(() => segmenter.has(1), 5000, NEVER).then(() => segmenter.edge);
    frames(10);
    assert.deepEqual(await part, { sequence: 0, parts: 1 });
    frames(30);
    assert.equal((await segment).sequence, 1);
    const before = performance.now();
    await segmenter.wait(() => false, 20, NEVER);
    assert.ok(performance.now() - before >= 15);
    const left = AbortSignal.timeout(10);
    await segmenter.wait(() => false, 60_000, left);
    const forever = segmenter.wait(() => false, 60_000, NEVER);
    segmenter.end();
    await forever;
    assert.ok(segmenter.playlist()!.ended);
  });

  test('MPEG-TS: no parts; a segment that begins in mid-group gets its tables', () => {
    const segmenter = new Segmenter('mpegts', { gopSeconds: 0 });
    segmenter.restart(TRACKS, {
      init: [],
      lead: ([first]) => (first![0] === 0 ? undefined : Buffer.from('tables')),
    });
    for (let frame = 0; frame < 40; frame++) {
      const piece = { buffers: [Buffer.alloc(10, frame)], bytes: 10, key: frame === 0, picture: true };
      segmenter.add({ ...piece, startSeconds: frame * FRAME, seconds: FRAME, timeMs: 0 });
      if (frame === 19) segmenter.playlist();
    }
    segmenter.end();
    assert.equal(segmenter.get(0)!.bytes, 200);
    assert.equal(segmenter.get(1)!.bytes, 206);
    assert.equal(segmenter.get(1)!.buffers[0]!.toString('latin1', 0, 6), 'tables');
    assert.equal(segmenter.playlist()!.segments[0]!.parts.length, 1);
  });
});
