import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacCodec } from '../../codecs/aac.ts';
import { audioCodec, type Codec, videoCodec } from '../../codecs/codec.ts';
import { opusCodec } from '../../codecs/opus.ts';
import { limitLevel, mp4CodecString, mp4ContentType } from './mime.ts';

const h264 = (hex: string): Codec => videoCodec('h264', { extradata: Buffer.from(`01${hex}ffe000`, 'hex') });

const TABLE: readonly (readonly [name: string, codec: Codec, expected: string])[] = [
  ['h264 High 4.1', h264('640029'), 'avc1.640029'],
  ['h264 Constrained Baseline 2.2', h264('42c016'), 'avc1.42C016'],
  ['h264 with reserved constraint bits', h264('42e31e'), 'avc1.42E01E'],
  ['h264 of a profile that does not exist', h264('ff0028'), 'avc1.640028'],
  ['h264 of a level that does not exist', h264('4d0063'), 'avc1.4D0029'],
  ['h264 level 1b', h264('420009'), 'avc1.420009'],
  ['h264 without parameter sets', videoCodec('h264'), 'avc1.640029'],
  ['av1', videoCodec('av1', { extradata: Buffer.from('81050c00', 'hex') }), 'av01.0.05M.08'],
  [
    'av1, 10 bit, high tier',
    videoCodec('av1', { extradata: Buffer.from('812dc000', 'hex') }),
    'av01.1.13H.10',
  ],
  ['vp9', videoCodec('vp9', { extradata: Buffer.from('01000000021fa2', 'hex') }), 'vp09.02.31.10'],
  ['aac LC', aacCodec(Buffer.from([0x14, 0x08]))!, 'mp4a.40.2'],
  ['HE-AAC', audioCodec('aac', 24000, 2, Buffer.from([0x2b, 0x11, 0x88, 0x00])), 'mp4a.40.5'],
  ['AAC-ELD', audioCodec('aac', 16000, 1, Buffer.from([0xf8, 0xf0, 0x30, 0x00])), 'mp4a.40.39'],
  ['mp3', audioCodec('mp3', 44100), 'mp4a.6B'],
  ['mp3 of low rate', audioCodec('mp3', 16000), 'mp4a.69'],
  ['opus', opusCodec(), 'opus'],
  ['flac', audioCodec('flac', 48000), 'flac'],
];

for (const [name, codec, expected] of TABLE) {
  test(name, () => assert.equal(mp4CodecString(codec), expected));
}

test('the type of a file follows its tracks', () => {
  const video = { id: 1, codec: h264('640029') };
  const audio = { id: 2, codec: opusCodec() };
  assert.equal(mp4ContentType([video, audio]), 'video/mp4; codecs="avc1.640029,opus"');
  assert.equal(mp4ContentType([audio]), 'audio/mp4; codecs="opus"');
});

test('a level above all that the player named is lowered to the highest of them', () => {
  const type = 'video/mp4; codecs="avc1.640033,mp4a.40.2"';
  assert.equal(limitLevel(type, ['avc1.640029', 'avc1.64002A']), 'video/mp4; codecs="avc1.64002A,mp4a.40.2"');
  assert.equal(limitLevel(type, ['avc1.640033']), type);
  assert.equal(limitLevel(type, ['hvc1.1.6.L153.B0']), type);
  assert.equal(limitLevel(type, []), type);
  assert.equal(
    limitLevel('video/mp4; codecs="avc1.42C01E"', ['avc1.640029']),
    'video/mp4; codecs="avc1.42C01E"',
  );
});
