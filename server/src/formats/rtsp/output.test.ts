import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioCodec, videoCodec } from '../../codecs/codec.ts';
import { joinNals } from '../../codecs/nal.ts';
import { StreamError } from '../../core/errors.ts';
import type { Packet, Track } from '../../core/model.ts';
import { createRtpOutput, RtpMuxer } from './output.ts';
import { ChannelMap, type RtpChunk } from './output-chunk.ts';

const VIDEO: Track = { id: 1, codec: videoCodec('h264') };
const AUDIO: Track = { id: 2, codec: audioCodec('pcm_alaw', 8000) };

const frame = (seconds: number, key = false): Packet => {
  const ticks = Math.round(seconds * 90000);
  const data = joinNals([Buffer.from([key ? 0x65 : 0x41, 1, 2, 3])]);
  return { track: VIDEO, data, pts: ticks, dts: ticks, duration: 0, key, time: 1e12 + seconds * 1000 };
};
const sound = (seconds: number): Packet => {
  const ticks = Math.round(seconds * 8000);
  return {
    track: AUDIO,
    data: Buffer.alloc(160),
    pts: ticks,
    dts: ticks,
    duration: 160,
    key: true,
    time: 1e12 + seconds * 1000,
  };
};

/** `V` video, `A` audio, `r` a report of either, in the order of the packets. */
const contents = (chunk: RtpChunk | undefined): string =>
  (chunk?.offsets ?? []).map((offset) => ['V', 'r', 'A', 'r'][chunk!.body[0][offset + 1]!]).join('');

test('audio rides with the next frame; a key chunk begins with reports and the picture', () => {
  const muxer = new RtpMuxer([VIDEO, AUDIO], 1472);
  const chunks = [sound(0), frame(0, true), sound(0.02), sound(0.03), frame(0.04)].map((packet) =>
    muxer.mux(packet),
  );
  assert.deepEqual(chunks.map(contents), ['', 'rrVA', '', '', 'AAV']);
  assert.deepEqual(
    chunks.map((chunk) => chunk?.key),
    [undefined, true, undefined, undefined, false],
  );
  assert.deepEqual(
    chunks.map((chunk) => chunk?.packets),
    [undefined, 2, undefined, undefined, 3],
  );
});

test('audio waits for video no longer than 60 ms', () => {
  const muxer = new RtpMuxer([VIDEO, AUDIO], 1472);
  muxer.mux(frame(0, true));
  const chunks = [0.1, 0.12, 0.14, 0.16, 0.18].map((seconds) => contents(muxer.mux(sound(seconds))));
  assert.deepEqual(chunks, ['', '', '', 'AAAA', '']);
});

test('audio alone goes at once, and every chunk is a place to start', () => {
  const muxer = new RtpMuxer([AUDIO], 1472);
  const chunks = [0, 0.02, 0.04].map((seconds) => muxer.mux(sound(seconds)));
  assert.deepEqual(
    chunks.map((chunk) => [chunk?.packets, chunk?.key]),
    [
      [1, true],
      [1, true],
      [1, true],
    ],
  );
});

test('reports come with key frames, at most once a second and at least every five', () => {
  const muxer = new RtpMuxer([VIDEO], 1472);
  const reported = Array.from({ length: 120 }, (_, index) => index / 10).filter((seconds) =>
    contents(muxer.mux(frame(seconds, seconds < 3))).startsWith('r'),
  );
  assert.deepEqual(reported, [0, 0.9, 1.8, 2.7, 7.7]);
});

test('a chunk tells the number of each track’s next packet', () => {
  const muxer = new RtpMuxer([VIDEO, AUDIO], 1472);
  const [first, second] = [muxer.mux(frame(0, true)), muxer.mux(frame(0.04))];
  const step = (index: number): number => (second!.sequences[index]! - first!.sequences[index]!) & 0xffff;
  assert.deepEqual([step(0), step(1)], [1, 0]);
});

test('other channels are given in a copy that viewers share; left-out tracks are not in it', () => {
  const muxer = new RtpMuxer([VIDEO, AUDIO], 1472);
  muxer.mux(sound(0));
  const chunk = muxer.mux(frame(0, true))!;
  const before = Buffer.from(chunk.body[0]);
  const map = new ChannelMap([undefined, undefined, 6, 7]);
  const copy = chunk.withChannels(map);
  assert.deepEqual([copy[1], copy[4 + copy.readUInt16BE(2) + 1]], [7, 6]);
  assert.equal(chunk.withChannels(new ChannelMap([undefined, undefined, 6, 7])), copy);
  assert.deepEqual(chunk.body[0], before);
  assert.equal(new ChannelMap([0, 1, 2, 3]).identical, true);
  assert.equal(map.identical, false);
});

test('pictures that RTP can’t carry end the output with the reason, single bad ones don’t', () => {
  const track: Track = { id: 1, codec: videoCodec('mjpeg') };
  const muxer = new RtpMuxer([track], 1472);
  const picture: Packet = { ...frame(0, true), track, data: Buffer.from('no JPEG') };
  assert.equal(contents(muxer.mux(picture)), 'r');
  assert.equal(muxer.mux(picture), undefined);
  assert.throws(
    () => muxer.mux(picture),
    (error) => error instanceof StreamError && /4:2:0 or 4:2:2/.test(error.message),
  );
});

test('any codec means any that RTP can carry', () => {
  const { accepts } = createRtpOutput(
    [
      { kind: 'video', codecs: [] },
      { kind: 'audio', codecs: [{ name: 'opus' }] },
    ],
    { packetSize: 1472 },
  );
  assert.deepEqual(
    accepts[0]?.codecs.map(({ name }) => name),
    ['h264', 'hevc', 'mjpeg'],
  );
  assert.deepEqual(accepts[1]?.codecs, [{ name: 'opus' }]);
});
