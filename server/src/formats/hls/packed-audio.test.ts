/** Segments of ADTS frames as FFmpeg makes them, behind the tags that tell their time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../../test/helpers/ffmpeg-sync.ts';
import { parseAdtsHeader } from '../../codecs/aac.ts';
import type { Packet } from '../../core/model.ts';
import { createPackedAudioDemuxer } from './packed-audio.ts';

const FRAMES_A_SEGMENT = 20;
const TICKS_A_FRAME = 1024;
const RATE = 48000;

const frames = adtsFrames(ffmpeg('-f lavfi -i sine=sample_rate=48000 -t 2 -c:a aac -f adts -'));

function adtsFrames(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += found.at(-1)!.length)
    found.push(bytes.subarray(at, at + parseAdtsHeader(bytes, at)!.frameLength));
  return found;
}

/** RFC 8216 §3.4, ID3v2.4 with one PRIV frame. */
function id3(ticks: number): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(ticks));
  const content = Buffer.concat([Buffer.from('com.apple.streaming.transportStreamTimestamp\0'), time]);
  const frame = Buffer.concat([Buffer.from('PRIV'), Buffer.from([0, 0, 0, content.length, 0, 0]), content]);
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([4, 0, 0, 0, 0, 0, frame.length]), frame]);
}

/** The segment of this number, `firstTicks` its time; undefined for one without a tag. */
function segment(index: number, firstTicks: number | undefined): Buffer {
  const tag = firstTicks === undefined ? Buffer.alloc(0) : id3(firstTicks);
  return Buffer.concat([tag, ...frames.slice(index * FRAMES_A_SEGMENT, (index + 1) * FRAMES_A_SEGMENT)]);
}

function demux(segments: readonly Buffer[]) {
  const demuxer = createPackedAudioDemuxer();
  const packets: Packet[] = [];
  for (const bytes of segments) demuxer.push(bytes, (packet) => packets.push(packet));
  return { demuxer, packets };
}

const tickOf = (frame: number): number => Math.round((frame * TICKS_A_FRAME * 90000) / RATE);
const timesOf = (packets: readonly Packet[]): number[] => packets.map(({ dts }) => dts);
const steps = (count: number, from: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index * TICKS_A_FRAME);

test('every frame, without its header, at the time that the tags tell', () => {
  const start = 10 * 90000;
  const { demuxer, packets } = demux(
    [0, 1, 2].map((at) => segment(at, start + tickOf(at * FRAMES_A_SEGMENT))),
  );
  assert.deepEqual(
    packets.map(({ data }) => data),
    frames.slice(0, 60).map((frame) => frame.subarray(7)),
  );
  assert.deepEqual(timesOf(packets), steps(60, 10 * RATE));
  const [{ codec } = assert.fail()] = demuxer.tracks;
  assert.deepEqual([demuxer.ready, demuxer.corrupt, codec.name, codec.timeBase], [true, 0, 'aac', RATE]);
});

test('a time that jumps is followed; where none is told, the samples go on', () => {
  const { packets } = demux([segment(0, 0), segment(1, 90 * 90000), segment(2, undefined)]);
  assert.deepEqual(timesOf(packets), [...steps(20, 0), ...steps(40, 90 * RATE)]);
});

test('a first segment without a tag begins at zero', () => {
  assert.deepEqual(timesOf(demux([segment(0, undefined)]).packets), steps(20, 0));
});

test('a segment that is cut short costs its last frame', () => {
  const cut = segment(0, 0).subarray(0, -10);
  const { demuxer, packets } = demux([cut, segment(1, tickOf(FRAMES_A_SEGMENT))]);
  assert.equal(packets.length, 39);
  assert.deepEqual(timesOf(packets.slice(19)), steps(20, 20 * TICKS_A_FRAME));
  assert.equal(demuxer.corrupt, 1);
});
