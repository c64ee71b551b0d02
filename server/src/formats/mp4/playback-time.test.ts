import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacCodec } from '../../codecs/aac.ts';
import { videoCodec } from '../../codecs/codec.ts';
import type { Packet, Track } from '../../core/model.ts';
import type { Mp4Chunk } from './fragment.ts';
import { Mp4Muxer } from './muxer.ts';
import { PlaybackTime } from './playback-time.ts';

const VIDEO: Track = {
  id: 7,
  codec: videoCodec('h264', { extradata: Buffer.from([1, 100, 0, 31, 255, 224, 0]) }),
};
const AUDIO: Track = { id: 8, codec: aacCodec(Buffer.from([0x14, 0x08]))! };

const video = (seconds: number, key = false): Packet => packet(VIDEO, seconds, key);
const audio = (seconds: number): Packet => packet(AUDIO, seconds, true);

function packet(track: Track, seconds: number, key: boolean): Packet {
  const pts = Math.round(seconds * track.codec.timeBase);
  return { track, data: Buffer.alloc(8), pts, dts: pts, duration: 0, key, time: 0 };
}

/** Chunks of video at 25 Hz and audio frames of 64 ms, from `start` for `length` seconds. */
function record(muxer: Mp4Muxer, start: number, length: number): Mp4Chunk[] {
  const packets: Packet[] = [];
  for (let n = 0; n < length * 25; n++) packets.push(video(start + n / 25, n === 0));
  for (let n = 0; n * 0.064 < length; n++) packets.push(audio(start + n * 0.064));
  packets.sort((a, b) => a.dts / a.track.codec.timeBase - b.dts / b.track.codec.timeBase);
  return packets.map((item) => muxer.mux(item)).filter((chunk) => chunk !== undefined);
}

interface Stamped {
  readonly sequence: number;
  readonly runs: readonly { type: string; trackId: number; start: number; end: number }[];
}

/** Reads a head back, box by box; times in seconds. */
function read(head: Buffer): Stamped {
  const runs = [];
  for (let at = 24; head.toString('latin1', at + 4, at + 8) !== 'mdat'; at += head.readUInt32BE(at)) {
    const trackId = head.readUInt32BE(at + 20);
    const timescale = trackId === 1 ? VIDEO.codec.timeBase : AUDIO.codec.timeBase;
    const start = Number(head.readBigUInt64BE(at + 36));
    const count = head.readUInt32BE(at + 56);
    let end = start;
    for (let n = 0; n < count; n++) end += head.readUInt32BE(at + 68 + n * 8);
    runs.push({
      type: head.toString('latin1', at + 4, at + 8),
      trackId,
      start: start / timescale,
      end: end / timescale,
    });
  }
  return { sequence: head.readUInt32BE(20), runs };
}

/** Stamps chunks and checks that no track of the viewer has a gap or an overlap. Gives all runs that are shown. */
function play(time: PlaybackTime, chunks: readonly Mp4Chunk[]): Stamped['runs'] {
  const shown = [];
  for (const chunk of chunks) {
    const head = time.stamp(chunk);
    if (head) shown.push(...read(head).runs.filter(({ type }) => type === 'traf'));
  }
  for (const trackId of [1, 2]) {
    let end: number | undefined;
    for (const run of shown.filter((item) => item.trackId === trackId)) {
      if (end !== undefined)
        assert.ok(Math.abs(run.start - end) < 1e-9, `track ${trackId} at ${run.start}, after ${end}`);
      assert.ok(run.end > run.start);
      end = run.end;
    }
  }
  return shown;
}

const near = (actual: number | undefined, expected: number, tolerance = 1e-4): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= tolerance, `${actual} is not near ${expected}`);

test('each viewer starts at 0, whenever it comes', () => {
  const chunks = record(new Mp4Muxer([VIDEO, AUDIO]), 5000, 4);
  for (const from of [0, 40]) {
    const runs = play(new PlaybackTime(), chunks.slice(from));
    assert.equal(runs[0]?.trackId, 1);
    near(runs[0]?.start, 0);
  }
});

test('audio keeps its distance to video', () => {
  const muxer = new Mp4Muxer([VIDEO, AUDIO]);
  const chunks = [video(100, true), audio(100.01), video(100.04)].map((item) => muxer.mux(item));
  const runs = play(
    new PlaybackTime(),
    chunks.filter((chunk) => chunk !== undefined),
  );
  near(runs.find(({ trackId }) => trackId === 2)?.start, 0.01);
});

test('audio from before the first picture is hidden', () => {
  const muxer = new Mp4Muxer([VIDEO, AUDIO]);
  muxer.mux(audio(99.97));
  const chunk = muxer.mux(video(100, true))!;
  const { runs } = read(new PlaybackTime().stamp(chunk)!);
  assert.deepEqual(
    runs.map(({ type }) => type),
    ['traf', 'free'],
  );
});

test('a chunk with nothing to show is no head at all', () => {
  const muxer = new Mp4Muxer([VIDEO, AUDIO]);
  const time = new PlaybackTime();
  time.stamp(muxer.mux(video(100, true))!);
  const late = [99.7, 99.764]
    .map((seconds) => muxer.mux(audio(seconds)))
    .find((chunk) => chunk !== undefined)!;
  assert.equal(late.packets, 2);
  assert.equal(time.stamp(late), undefined);
});

test('what was skipped leaves no gap', () => {
  const muxer = new Mp4Muxer([VIDEO, AUDIO]);
  const first = record(muxer, 100, 2);
  const second = record(muxer, 102, 2);
  for (const from of [1, 13, 49]) {
    const runs = play(new PlaybackTime(), [...first.slice(0, from), ...second]);
    const last = runs.filter(({ trackId }) => trackId === 1).at(-1);
    near(last?.end, from / 25 + 2, 0.1);
  }
});

test('a camera that was away for a minute leaves no gap', () => {
  const muxer = new Mp4Muxer([VIDEO, AUDIO]);
  const runs = play(new PlaybackTime(), [...record(muxer, 100, 2), ...record(muxer, 162, 2)]);
  near(runs.at(-1)?.end, 4, 0.15);
});

test('another muxer leaves no gap, and the distance of audio to video stays', () => {
  const time = new PlaybackTime();
  const first = record(new Mp4Muxer([VIDEO, AUDIO]), 100, 2);
  const second = record(new Mp4Muxer([VIDEO, AUDIO]), 102.5, 2);
  play(time, first);
  time.restart();
  const runs = play(time, second);
  const [lastVideo, lastAudio] = [1, 2].map((id) => runs.filter(({ trackId }) => trackId === id).at(-1)!);
  near(lastVideo!.end - lastAudio!.end, 104.5 - (102.5 + 31 * 0.064), 0.041);
});

test('sequence numbers count for each viewer', () => {
  const chunks = record(new Mp4Muxer([VIDEO, AUDIO]), 100, 1);
  const time = new PlaybackTime();
  const sequences = chunks.map((chunk) => read(time.stamp(chunk, 0)!).sequence);
  assert.deepEqual(
    sequences,
    chunks.map((_, index) => index + 1),
  );
});

test('time goes on after 2^32 ticks', () => {
  const muxer = new Mp4Muxer([VIDEO]);
  const time = new PlaybackTime();
  const seconds = 2 ** 32 / 90000 + 1;
  time.stamp(muxer.mux(video(0, true))!);
  for (let at = 0.9; at < seconds; at += 0.9) time.stamp(muxer.mux(video(at))!);
  near(read(time.stamp(muxer.mux(video(seconds))!)!).runs[0]?.end, seconds, 1);
});

test('the prefix is left for the caller', () => {
  const [chunk] = record(new Mp4Muxer([VIDEO]), 100, 1);
  const plain = new PlaybackTime().stamp(chunk!)!;
  const prefixed = new PlaybackTime().stamp(chunk!, 4)!;
  assert.ok(prefixed.subarray(4).equals(plain));
});
