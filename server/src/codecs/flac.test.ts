import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../test/helpers/ffmpeg-sync.ts';
import { createFlacEncoder, flacCodec } from './flac.ts';

/** A native FLAC file: marker, STREAMINFO as the last metadata block, frames. */
function flacFile(sampleRate: number, channels: number, frames: readonly Buffer[]): Buffer {
  const info = flacCodec(sampleRate, channels).extradata!;
  return Buffer.concat([Buffer.from('fLaC'), Buffer.from([0x80, 0, 0, info.length]), info, ...frames]);
}

function noise(bytes: number): Buffer {
  let state = 1;
  return Buffer.from(
    Uint8Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 24;
    }),
  );
}

function extremes(count: number): Buffer {
  const pcm = Buffer.alloc(count * 2);
  for (let i = 0; i < count; i++) pcm.writeInt16LE(i % 3 ? 32767 : -32768, i * 2);
  return pcm;
}

const speech = ffmpeg('-f lavfi -i sine=f=440:r=16000:d=1 -af tremolo=f=7,volume=3 -f s16le -');

const SAMPLES: readonly { name: string; pcm: Buffer; frame: number; ratio: number }[] = [
  { name: 'a voice', pcm: speech, frame: 1024, ratio: 0.6 },
  { name: 'silence', pcm: Buffer.alloc(16000), frame: 320, ratio: 0.06 },
  { name: 'noise', pcm: noise(20000), frame: 2048, ratio: 1.02 },
  { name: 'extremes', pcm: extremes(4096), frame: 512, ratio: 1.05 },
  { name: 'tiny frames', pcm: speech.subarray(0, 3200), frame: 32, ratio: 1.5 },
];

for (const { name, pcm, frame, ratio } of SAMPLES) {
  for (const { sampleRate, channels } of [
    { sampleRate: 8000, channels: 1 },
    { sampleRate: 48000, channels: 2 },
    { sampleRate: 11025, channels: 1 },
  ]) {
    test(`FFmpeg decodes it bit by bit: ${name}, ${sampleRate} Hz, ${channels} channels`, () => {
      const encode = createFlacEncoder({ sampleRate, channels });
      const frames: Buffer[] = [];
      for (let at = 0; at < pcm.length; at += frame * channels) {
        frames.push(encode(pcm.subarray(at, at + frame * channels)));
      }
      const file = flacFile(sampleRate, channels, frames);
      const decoded = ffmpeg('-xerror -err_detect crccheck+explode -f flac -i - -f s16le -', file);
      assert.ok(decoded.equals(pcm));
      assert.ok(file.length < pcm.length * ratio, `${file.length} of ${pcm.length} bytes`);
    });
  }
}

test('FFmpeg reads rate, channels and depth from STREAMINFO', () => {
  const encode = createFlacEncoder({ sampleRate: 22050, channels: 2 });
  const stream = ffprobe('-show_streams', flacFile(22050, 2, [encode(speech)])).streams![0]!;
  assert.deepEqual(
    [stream.codec_name, stream.sample_rate, stream.channels, stream.bits_per_raw_sample],
    ['flac', '22050', 2, '16'],
  );
});

test('sample numbers grow through every length of their code', () => {
  const encode = createFlacEncoder({ sampleRate: 8000, channels: 1 });
  const block = Buffer.alloc(32768 * 2);
  const frames: Buffer[] = [];
  for (let i = 0; i < 100; i++) frames.push(encode(block));
  const decoded = ffmpeg(
    '-xerror -err_detect crccheck+explode -f flac -i - -f s16le -',
    flacFile(8000, 1, frames),
  );
  assert.equal(decoded.length, 100 * block.length);
});

test('more than a frame holds becomes several', () => {
  const pcm = noise(2 * 70000);
  const encode = createFlacEncoder({ sampleRate: 48000, channels: 1 });
  const decoded = ffmpeg(
    '-xerror -err_detect crccheck+explode -f flac -i - -f s16le -',
    flacFile(48000, 1, [encode(pcm)]),
  );
  assert.ok(decoded.equals(pcm));
});

test('nothing in, nothing out', () => {
  assert.equal(createFlacEncoder({ sampleRate: 8000, channels: 2 })(Buffer.alloc(3)).length, 0);
});
