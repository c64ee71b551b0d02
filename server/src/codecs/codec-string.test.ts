import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacCodec } from './aac.ts';
import { audioCodec, type Codec, videoCodec } from './codec.ts';
import { codecString } from './codec-string.ts';
import { flacCodec } from './flac.ts';
import { h264Codec } from './h264.ts';
import { opusCodec } from './opus.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const aac = (config: string) => aacCodec(hex(config))!;

const STRINGS: readonly [Codec, string][] = [
  [h264Codec([hex('67640029ac')], [hex('68ce3880')]), 'avc1.640029'],
  [h264Codec([hex('6742c016ac')], [hex('68ce3880')]), 'avc1.42C016'],
  [videoCodec('h264'), 'avc1.640029'],
  [videoCodec('hevc'), 'hvc1.1.6.L153.B0'],
  [videoCodec('vp8'), 'vp8'],
  [videoCodec('vp9'), 'vp09.00.41.08'],
  [videoCodec('av1'), 'av01.0.08M.08'],
  [videoCodec('mjpeg'), 'mp4v.6C'],
  [aac('1190'), 'mp4a.40.2'],
  [aac('2b118800'), 'mp4a.40.5'],
  [aac('eb098800'), 'mp4a.40.29'],
  [aac('f8ec3000'), 'mp4a.40.39'],
  [audioCodec('aac', 16000), 'mp4a.40.2'],
  [opusCodec(2), 'opus'],
  [flacCodec(8000, 1), 'flac'],
  [audioCodec('mp3', 44100), 'mp4a.6B'],
  [audioCodec('pcm_alaw', 8000), 'alaw'],
  [audioCodec('pcm_mulaw', 8000), 'ulaw'],
  [audioCodec('pcm_s16be', 16000), 'twos'],
  [audioCodec('pcm_s16le', 16000), 'sowt'],
];

for (const [codec, expected] of STRINGS) {
  test(`${codec.name}: ${expected}`, () => assert.equal(codecString(codec), expected));
}
