import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../../test/helpers/ffmpeg-sync.ts';
import { decode } from '../../../../test/helpers/mp4-clip.ts';
import { aacCodec } from '../../codecs/aac.ts';
import { type AudioCodec, audioCodec, videoCodec } from '../../codecs/codec.ts';
import { flacCodec } from '../../codecs/flac.ts';
import { opusCodec } from '../../codecs/opus.ts';
import type { Packet } from '../../core/model.ts';
import { mp4FileOf } from './keyframe.ts';
import { Mp4Muxer } from './muxer.ts';
import { PlaybackTime } from './playback-time.ts';
import { silenceOf } from './silence.ts';

const TABLE: readonly (readonly [name: string, codec: AudioCodec])[] = [
  ['aac mono', aacCodec(Buffer.from([0x14, 0x08]))!],
  ['aac stereo', aacCodec(Buffer.from([0x11, 0x90]))!],
  ['opus mono', opusCodec(1)],
  ['opus stereo', opusCodec(2)],
  ['flac mono', flacCodec(8000, 1)],
  ['flac stereo', flacCodec(48000, 2)],
];

for (const [name, codec] of TABLE) {
  test(`${name}: ffmpeg decodes it to zeros`, async () => {
    const { data, duration } = silenceOf(codec)!;
    const track = { id: 1, codec };
    const packets = Array.from({ length: 20 }, (_, index): Packet => {
      const pts = index * duration;
      return { track, data, pts, dts: pts, duration, key: true, time: 0 };
    });
    const file = Buffer.concat(mp4FileOf(packets));
    const frames = await decode(file, 'a:0');
    assert.ok(frames.length >= 18);
    assert.ok(frames.slice(1).every((samples) => Number(samples) === duration));
    const samples = ffmpeg('-f mp4 -i pipe:0 -f s16le -', file);
    assert.ok(samples.length >= 18 * duration * 2 * codec.channels);
    assert.ok(samples.every((byte) => byte === 0));
  });
}

test('codecs without a known silence', () => {
  assert.equal(silenceOf(audioCodec('mp3', 48000)), undefined);
  assert.equal(silenceOf(aacCodec(Buffer.from([0xf8, 0xf0, 0x30, 0x00]))!), undefined);
  assert.equal(silenceOf(videoCodec('h264')), undefined);
});

test('an audio track on which nothing comes is silent after a second, and gives way when something does', () => {
  const video = {
    id: 1,
    codec: videoCodec('h264', { extradata: Buffer.from([1, 100, 0, 31, 255, 224, 0]) }),
  };
  const audio = { id: 2, codec: aacCodec(Buffer.from([0x14, 0x08]))! };
  const muxer = new Mp4Muxer([video, audio]);
  const time = new PlaybackTime();
  const sizes: number[] = [];
  for (let frame = 0; frame < 100; frame++) {
    const pts = frame * 3600;
    if (frame >= 50) {
      const at = Math.round((pts / 90000) * 16000);
      muxer.mux({
        track: audio,
        data: Buffer.alloc(99),
        pts: at,
        dts: at,
        duration: 640,
        key: true,
        time: 0,
      });
    }
    const chunk = muxer.mux({
      track: video,
      data: Buffer.alloc(1000),
      pts,
      dts: pts,
      duration: 0,
      key: !frame,
      time: 0,
    })!;
    assert.ok(time.stamp(chunk));
    sizes.push(chunk.packets - 1);
  }
  assert.deepEqual([...new Set(sizes.slice(0, 25))], [0]);
  assert.equal(sizes[25], 16);
  assert.ok(sizes.slice(26, 50).every((count) => count <= 1));
  assert.deepEqual([...new Set(sizes.slice(55))], [1]);
});
