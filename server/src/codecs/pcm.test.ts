import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/helpers/ffmpeg-sync.ts';
import { type AudioCodec, type AudioCodecName, audioCodec } from './codec.ts';
import { bytesPerSample, createPcmConverter } from './pcm.ts';

const NAMES: readonly AudioCodecName[] = ['pcm_alaw', 'pcm_mulaw', 'pcm_s16be', 'pcm_s16le'];
const FFMPEG_FORMATS: Partial<Record<AudioCodecName, string>> = {
  pcm_alaw: 'alaw',
  pcm_mulaw: 'mulaw',
  pcm_s16be: 's16be',
  pcm_s16le: 's16le',
};

const inputOptions = ({ name, sampleRate, channels }: AudioCodec) =>
  `-f ${FFMPEG_FORMATS[name]} -ar ${sampleRate} -ac ${channels}`;

test('bytes of a sample', () => {
  assert.deepEqual(
    NAMES.map((name) => bytesPerSample({ name })),
    [1, 1, 2, 2],
  );
  assert.equal(bytesPerSample({ name: 'aac' }), 0);
});

for (const from of NAMES) {
  for (const to of NAMES) {
    if (from === to) continue;
    test(`${from} to ${to} is bit by bit what FFmpeg makes of it`, () => {
      const source = audioCodec(from, 8000, 2);
      const target = audioCodec(to, 8000, 2);
      const noise = Buffer.from(Uint8Array.from({ length: 4096 }, (_, i) => (i * 2654435761) >>> 11));
      const theirs = ffmpeg(
        `${inputOptions(source)} -i - -f ${FFMPEG_FORMATS[to]} -c:a ${to} -sample_fmt s16 -`,
        noise,
      );
      assert.ok(createPcmConverter(source, target)(noise).equals(theirs));
    });
  }
}

const samples = (values: readonly number[]) => {
  const data = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => {
    data.writeInt16LE(value, i * 2);
  });
  return data;
};

const CHANNELS: readonly { from: number; to: number; input: number[]; output: number[] }[] = [
  { from: 2, to: 1, input: [100, 200, -32768, -32768], output: [150, -32768] },
  { from: 1, to: 2, input: [7, -7], output: [7, 7, -7, -7] },
  { from: 4, to: 2, input: [1, 2, 3, 4], output: [1, 2] },
];

for (const { from, to, input, output } of CHANNELS) {
  test(`${from} channels to ${to}`, () => {
    const convert = createPcmConverter(
      audioCodec('pcm_s16le', 8000, from),
      audioCodec('pcm_s16le', 8000, to),
    );
    assert.deepEqual(convert(samples(input)), samples(output));
  });
}

test('the same codec gives the same buffer', () => {
  const codec = audioCodec('pcm_alaw', 8000);
  const data = Buffer.from([1, 2, 3]);
  assert.equal(createPcmConverter(codec, audioCodec('pcm_alaw', 8000))(data), data);
});

test('what is not PCM has no converter', () => {
  const pcm = audioCodec('pcm_alaw', 8000);
  for (const other of [
    audioCodec('aac', 8000),
    audioCodec('pcm_alaw', 0),
    audioCodec('pcm_alaw', Number.NaN),
  ]) {
    assert.throws(() => createPcmConverter(pcm, other), RangeError);
    assert.throws(() => createPcmConverter(other, pcm), RangeError);
  }
});

const AMPLITUDE = 16000;

function tone(sampleRate: number, hertz: number): number[] {
  return Array.from({ length: sampleRate }, (_, i) =>
    Math.round(AMPLITUDE * Math.sin((2 * Math.PI * hertz * i) / sampleRate)),
  );
}

/** Converts a second of a tone: its level, and that of everything else, in dB of the input. */
function measure(fromRate: number, toRate: number, hertz: number): { level: number; rest: number } {
  const convert = createPcmConverter(audioCodec('pcm_s16le', fromRate), audioCodec('pcm_s16le', toRate));
  const output = convert(samples(tone(fromRate, hertz)));
  const first = toRate >> 2;
  const count = toRate >> 1;
  let sine = 0;
  let cosine = 0;
  const angle = (i: number) => (2 * Math.PI * hertz * i) / toRate;
  for (let i = first; i < first + count; i++) {
    sine += (2 / count) * output.readInt16LE(i * 2) * Math.sin(angle(i));
    cosine += (2 / count) * output.readInt16LE(i * 2) * Math.cos(angle(i));
  }
  let rest = 0;
  for (let i = first; i < first + count; i++) {
    const fitted = sine * Math.sin(angle(i)) + cosine * Math.cos(angle(i));
    rest += (output.readInt16LE(i * 2) - fitted) ** 2 / count;
  }
  const decibels = (power: number) => 10 * Math.log10(power / (AMPLITUDE ** 2 / 2) + 1e-12);
  return { level: decibels((sine ** 2 + cosine ** 2) / 2), rest: decibels(rest) };
}

const PASSED = [
  { from: 8000, to: 48000, hertz: 1000 },
  { from: 8000, to: 48000, hertz: 3000 },
  { from: 8000, to: 16000, hertz: 3000 },
  { from: 48000, to: 8000, hertz: 3000 },
  { from: 44100, to: 48000, hertz: 10000 },
  { from: 11025, to: 48000, hertz: 1000 },
  { from: 47999, to: 8001, hertz: 1000 },
];

for (const { from, to, hertz } of PASSED) {
  test(`${from} to ${to} Hz keeps a tone of ${hertz} Hz, and adds nothing`, () => {
    const { level, rest } = measure(from, to, hertz);
    assert.ok(Math.abs(level) < 0.2, `${level} dB`);
    assert.ok(rest < -55, `${rest} dB of noise`);
  });
}

const STOPPED = [
  { from: 48000, to: 8000, hertz: 5000 },
  { from: 48000, to: 8000, hertz: 14000 },
  { from: 16000, to: 8000, hertz: 7000 },
  { from: 44100, to: 11025, hertz: 9000 },
];

for (const { from, to, hertz } of STOPPED) {
  test(`${from} to ${to} Hz lets no alias of ${hertz} Hz through`, () => {
    const { level, rest } = measure(from, to, hertz);
    assert.ok(Math.max(level, rest) < -55, `${level}, ${rest} dB`);
  });
}

test('packets of any size give the same samples as one, and none is lost in the long run', () => {
  const from = audioCodec('pcm_mulaw', 11025, 2);
  const to = audioCodec('pcm_s16be', 48000, 1);
  const input = Buffer.from(Uint8Array.from({ length: 22050 }, (_, i) => (i * 7919) & 0xff));
  const whole = createPcmConverter(from, to)(input);
  assert.equal(whole.length, 48000 * 2);
  const convert = createPcmConverter(from, to);
  const parts: Buffer[] = [];
  for (let offset = 0, frames = 1; offset < input.length; frames = (frames * 3 + 1) % 353) {
    parts.push(convert(input.subarray(offset, offset + frames * 2)));
    offset += frames * 2;
  }
  const joined = Buffer.concat(parts);
  assert.ok(joined.equals(whole));
});
