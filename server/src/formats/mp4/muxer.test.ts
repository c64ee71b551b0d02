import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Clip,
  decode,
  makeClip,
  type ProbedPacket,
  probe,
  TEST_AUDIO,
  TEST_VIDEO,
} from '../../../../test/helpers/mp4-clip.ts';
import type { Track } from '../../core/model.ts';
import type { Mp4Chunk } from './fragment.ts';
import { Mp4Muxer, type Mp4Options } from './muxer.ts';
import { PlaybackTime } from './playback-time.ts';

const SECONDS = ['-t', '2'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25'];

function muxClip({ tracks, packets }: Clip, options?: Mp4Options): { muxer: Mp4Muxer; chunks: Mp4Chunk[] } {
  const muxer = new Mp4Muxer(tracks, options);
  const chunks = packets.map((packet) => muxer.mux(packet)).filter((chunk) => chunk !== undefined);
  return { muxer, chunks };
}

function fileOf(muxer: Mp4Muxer, chunks: readonly Mp4Chunk[]): Buffer {
  const time = new PlaybackTime();
  const pieces = chunks.flatMap((chunk) => {
    const head = time.stamp(chunk);
    return head ? [head, ...chunk.body] : [];
  });
  return Buffer.concat([...muxer.header, ...pieces]);
}

function assertMonotonic(packets: readonly ProbedPacket[]): void {
  const last = new Map<number, number>();
  for (const { stream_index, dts } of packets) {
    assert.ok(dts > (last.get(stream_index) ?? -1), `dts ${dts} of stream ${stream_index}`);
    last.set(stream_index, dts);
  }
}

const TABLE: readonly (readonly [
  name: string,
  words: readonly string[],
  tag: string,
  contentType: RegExp,
])[] = [
  ['h264', [...TEST_VIDEO, ...SECONDS, ...H264], 'avc1', /^video\/mp4; codecs="avc1\.42C0[0-9A-F]{2}"$/],
  ['h264 with B-frames', [...TEST_VIDEO, ...SECONDS, ...H264, '-bf', '2'], 'avc1', /"avc1\.4D40/],
  [
    'hevc',
    [
      ...TEST_VIDEO,
      ...SECONDS,
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=none',
      '-tag:v',
      'hvc1',
    ],
    'hvc1',
    /"hvc1\.1\.6\.L\d+\.[0-9A-F.]+"$/,
  ],
  [
    'h264 and aac',
    [...TEST_VIDEO, ...TEST_AUDIO, ...SECONDS, ...H264, '-c:a', 'aac', '-ar', '16000'],
    'avc1',
    /"avc1\.[0-9A-F]{6},mp4a\.40\.2"$/,
  ],
  [
    'h264 and opus',
    [...TEST_VIDEO, ...TEST_AUDIO, ...SECONDS, ...H264, '-c:a', 'libopus', '-ac', '2'],
    'avc1',
    /,opus"$/,
  ],
  ['h264 and flac', [...TEST_VIDEO, ...TEST_AUDIO, ...SECONDS, ...H264, '-c:a', 'flac'], 'avc1', /,flac"$/],
  [
    'h264 and mp3',
    [...TEST_VIDEO, ...TEST_AUDIO, ...SECONDS, ...H264, '-c:a', 'libmp3lame'],
    'avc1',
    /,mp4a\.6B"$/,
  ],
  ['aac alone', [...TEST_AUDIO, ...SECONDS, '-c:a', 'aac'], 'mp4a', /^audio\/mp4; codecs="mp4a\.40\.2"$/],
  ['flac alone', [...TEST_AUDIO, ...SECONDS, '-c:a', 'flac'], 'fLaC', /^audio\/mp4; codecs="flac"$/],
  [
    'vp9',
    [...TEST_VIDEO, '-t', '0.5', '-c:v', 'libvpx-vp9', '-cpu-used', '8', '-deadline', 'realtime'],
    'vp09',
    /"vp09\.00\.\d\d\.08"/,
  ],
];

for (const [name, words, tag, contentType] of TABLE) {
  test(`${name}: ffmpeg finds every packet at its time and decodes all`, async () => {
    const clip = await makeClip(...words);
    const { muxer, chunks } = muxClip(clip);
    assert.match(muxer.contentType, contentType);
    const file = fileOf(muxer, chunks);
    const { streams, packets } = await probe(file);
    assert.equal(streams[0]?.codec_tag_string, tag);
    assert.equal(streams.length, clip.tracks.length);
    assertMonotonic(packets);
    for (const [index, track] of clip.tracks.entries()) {
      const expected = expectedTimes(clip, track);
      const read = packets.filter(({ stream_index }) => stream_index === index);
      const isVideo = track.codec.kind === 'video';
      assert.ok(
        expected.length - read.length <= (isVideo ? 0 : HELD_AT_END),
        `${read.length} of ${expected.length}`,
      );
      for (const [at, { pts_time }] of read.entries()) {
        assert.ok(
          Math.abs(Number(pts_time) - expected[at]!) < 0.001,
          `packet ${at}: ${pts_time} for ${expected[at]}`,
        );
      }
      const frames = await decode(file, isVideo ? 'v:0' : 'a:0');
      if (isVideo) assert.equal(frames.length, read.length);
      else assert.ok(frames.length >= read.length - 2);
    }
  });
}

/** Audio that waits for another video packet when the clip ends: 100 ms of packets, the shortest of 20 ms. */
const HELD_AT_END = 6;

/** Seconds of a track's packets as a viewer should see them: the first video packet is decoded at 0, and no packet before that is shown. */
function expectedTimes({ tracks, packets }: Clip, track: Track): number[] {
  const video = tracks.find(({ codec }) => codec.kind === 'video');
  const first = packets.find((packet) => packet.track === (video ?? track))!;
  const origin = first.dts / first.track.codec.timeBase;
  return packets
    .filter((packet) => packet.track === track)
    .map(({ pts }) => pts / track.codec.timeBase - origin)
    .filter((seconds) => seconds >= 0);
}
