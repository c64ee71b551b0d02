import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacCodec, buildAudioSpecificConfig } from '../../codecs/aac.ts';
import { audioCodec, type Codec, describeCodec, videoCodec } from '../../codecs/codec.ts';
import { acceptsFromQuery } from '../../core/accepts.ts';
import { transcodeTarget } from './target.ts';

const HEVC = videoCodec('hevc', { width: 2560, height: 1440 });
const AAC = aacCodec(buildAudioSpecificConfig({ objectType: 2, sampleRate: 16000, channels: 1 }))!;

const ROWS: readonly (readonly [from: Codec, query: string, to: string | undefined])[] = [
  [HEVC, 'video=h264', 'h264 1920x1080'],
  [HEVC, 'video=mjpeg,h264', 'h264 1920x1080'],
  [HEVC, 'video=av1,mjpeg,raw', 'mjpeg 1920x1080'],
  [HEVC, 'video=raw', 'rawvideo 1920x1080'],
  [HEVC, 'video=av1,vp9', undefined],
  [HEVC, 'video', undefined],
  [HEVC, 'audio=opus', undefined],
  [videoCodec('mjpeg', { width: 640, height: 481 }), 'video=h264', 'h264 640x481'],
  [videoCodec('hevc', { width: 1440, height: 2561 }), 'video=h264', 'h264 1080x1920'],
  [videoCodec('vp8'), 'video=h264', 'h264'],
  [AAC, 'audio=opus,aac', 'opus 48000 Hz'],
  [AAC, 'audio=pcma,opus', 'pcm_alaw 8000 Hz'],
  [AAC, 'audio=pcmu/16000', 'pcm_mulaw 16000 Hz'],
  [AAC, 'audio=l16', 'pcm_s16be 16000 Hz'],
  [AAC, 'audio=l16/44100/2', 'pcm_s16be 44100 Hz stereo'],
  [AAC, 'audio=flac', 'flac 16000 Hz'],
  [AAC, 'audio=mp3', 'mp3 16000 Hz'],
  [AAC, 'audio=g722', 'adpcm_g722 16000 Hz'],
  [AAC, 'audio=opus/44100', undefined],
  [AAC, 'audio=opus/44100,flac', 'flac 16000 Hz'],
  [AAC, 'audio', undefined],
  [audioCodec('pcm_alaw', 8000), 'audio=aac', 'aac 8000 Hz'],
  [audioCodec('flac', 96000, 6), 'audio=aac', 'aac 48000 Hz stereo'],
  [audioCodec('opus', 48000, 2), 'audio=aac/16000/1', 'aac 16000 Hz'],
  [audioCodec('opus', 48000, 2), 'audio=aac/12345', undefined],
];

for (const [from, query, to] of ROWS) {
  test(`${describeCodec(from)} for ?${query} → ${to ?? 'nothing'}`, () => {
    const [request] = acceptsFromQuery(new URLSearchParams(query), []);
    const target = transcodeTarget(from, request!);
    assert.equal(target && describeCodec(target), to);
  });
}
