import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../../test/helpers/ffmpeg-sync.ts';
import type { Packet } from '../../core/model.ts';
import { createDemuxer } from './demuxer.ts';

const TONE = '-f lavfi -i sine=frequency=440:sample_rate=16000:duration=1';
const wav = (args: string): Buffer => ffmpeg(`${TONE} ${args} -f wav -`);

function demux(bytes: Buffer) {
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; at += 777) {
    demuxer.push(bytes.subarray(at, at + 777), (packet) => packets.push(packet));
  }
  return { codec: demuxer.tracks[0]?.codec, packets };
}

const plain = wav('-c:a pcm_s16le');
const dataAt = plain.indexOf('data');

function withDataSize(size: number): Buffer {
  const bytes = Buffer.from(plain);
  bytes.writeUInt32LE(size, dataAt + 4);
  return bytes;
}

/** The same with WAVE_FORMAT_EXTENSIBLE: 40 bytes of format, the last 16 a GUID that begins with the real one. */
function extensible(format: number): Buffer {
  const fmt = Buffer.alloc(48);
  plain.copy(fmt, 0, 12, 36);
  fmt.writeUInt32LE(40, 4);
  fmt.writeUInt16LE(0xfffe, 8);
  fmt.writeUInt16LE(22, 24);
  fmt.writeUInt16LE(format, 32);
  return Buffer.concat([plain.subarray(0, 12), fmt, plain.subarray(36)]);
}

const FILES: readonly (readonly [name: string, bytes: Buffer, codec: string])[] = [
  ['PCM', plain, 'pcm_s16le'],
  ['A-law', wav('-c:a pcm_alaw'), 'pcm_alaw'],
  ['mu-law', wav('-c:a pcm_mulaw'), 'pcm_mulaw'],
  ['no size', withDataSize(0), 'pcm_s16le'],
  ['the largest size', withDataSize(0xffffffff), 'pcm_s16le'],
  ['extensible', extensible(1), 'pcm_s16le'],
  ['RF64', wav('-c:a pcm_s16le -rf64 always'), 'pcm_s16le'],
  [
    'chunks before the data',
    Buffer.concat([plain.subarray(0, 12), Buffer.from('junk\x05\0\0\0abcde\0'), plain.subarray(12)]),
    'pcm_s16le',
  ],
];

for (const [name, bytes, codec] of FILES) {
  test(`${name}: every sample`, () => {
    const { codec: found, packets } = demux(bytes);
    assert.deepEqual(found, { ...found, name: codec, sampleRate: 16000, channels: 1 });
    const raw = { pcm_s16le: 's16le', pcm_alaw: 'alaw', pcm_mulaw: 'mulaw' }[codec];
    const samples = ffmpeg(`${TONE} -c:a ${codec} -f ${raw} -`);
    assert.ok(Buffer.concat(packets.map(({ data }) => data)).equals(samples));
    assert.deepEqual(
      packets.map(({ pts }) => pts),
      packets.map((_, index) => index * 320),
    );
  });
}

const REFUSED: readonly (readonly [name: string, bytes: Buffer, message: RegExp])[] = [
  ['24 bits', wav('-c:a pcm_s24le'), /24 bits/],
  ['floating point', wav('-c:a pcm_f32le'), /format 3, 32 bits/],
  ['8 bits', wav('-c:a pcm_u8'), /format 1, 8 bits/],
  ['ADPCM', wav('-c:a adpcm_ima_wav'), /format 17/],
  ['six channels', wav('-c:a pcm_s16le -ac 6'), /6 channels/],
  ['extensible with floats', extensible(3), /format 3/],
  ['an AVI file', Buffer.from('RIFF\0\0\0\0AVI LIST'), /not a WAVE file/],
  ['data before the format', Buffer.from('RIFF\0\0\0\0WAVEdata\0\0\0\0'), /data before format/],
];

for (const [name, bytes, message] of REFUSED) {
  test(`refused: ${name}`, () => {
    assert.throws(() => demux(bytes), { name: 'StreamError', message });
  });
}
