/**
 * PCM of every kind a camera speaks, and from each to each: G.711 A-law and mu-law, 16 bits big and little endian,
 * any rate, one channel or two.
 */
import type { AudioCodec, AudioCodecName } from './codec.ts';
import { ALAW_TO_LINEAR, LINEAR_TO_ALAW, LINEAR_TO_MULAW, MULAW_TO_LINEAR } from './g711.ts';
import { createResampler } from './resample.ts';

interface SampleFormat {
  readonly bytes: number;
  /** The sample at this byte, -32768 to 32767. */
  read(data: Buffer, offset: number): number;
  write(data: Buffer, offset: number, sample: number): void;
}

const FORMATS: Partial<Record<AudioCodecName, SampleFormat>> = {
  pcm_alaw: companded(ALAW_TO_LINEAR, LINEAR_TO_ALAW),
  pcm_mulaw: companded(MULAW_TO_LINEAR, LINEAR_TO_MULAW),
  pcm_s16be: {
    bytes: 2,
    read: (data, offset) => data.readInt16BE(offset),
    write: (data, offset, sample) => data.writeInt16BE(sample, offset),
  },
  pcm_s16le: {
    bytes: 2,
    read: (data, offset) => data.readInt16LE(offset),
    write: (data, offset, sample) => data.writeInt16LE(sample, offset),
  },
};

const MIN_RATE = 4000;
const MAX_RATE = 192000;
const MAX_CHANNELS = 8;
const EMPTY = Buffer.alloc(0);

function companded(toLinear: Int16Array, fromLinear: Uint8Array): SampleFormat {
  return {
    bytes: 1,
    read: (data, offset) => toLinear[data[offset]!]!,
    write: (data, offset, sample) => {
      data[offset] = fromLinear[sample & 0xffff]!;
    },
  };
}

/** Bytes of one sample of one channel; 0 for a codec that is not PCM. */
export function bytesPerSample(codec: { readonly name: AudioCodec['name'] }): number {
  return FORMATS[codec.name]?.bytes ?? 0;
}

/**
 * Makes a converter between two PCM codecs: whole samples in, whole samples out, n * to.sampleRate / from.sampleRate of
 * them in the long run. Stateful where the rate changes: one converter per stream, packets in order. Gives its input
 * back where nothing changes. Channels become one by their mean, one becomes two by copying; of more than two, the
 * first are kept. Throws RangeError for a codec that is not PCM, a rate outside 4 to 192 kHz, more than 8 channels.
 */
export function createPcmConverter(from: AudioCodec, to: AudioCodec): (data: Buffer) => Buffer {
  const input = formatOf(from);
  const output = formatOf(to);
  if (from.name === to.name && from.sampleRate === to.sampleRate && from.channels === to.channels) {
    return (data) => data;
  }
  const lanes = Math.min(from.channels, to.channels);
  const mixed = to.channels === 1 ? from.channels : 1;
  const resamplers =
    from.sampleRate === to.sampleRate
      ? []
      : Array.from({ length: lanes }, () => createResampler(from.sampleRate, to.sampleRate));

  const readLane = (data: Buffer, lane: number): Float32Array => {
    const stride = input.bytes * from.channels;
    const samples = new Float32Array(Math.floor(data.length / stride));
    for (let i = 0, at = lane * input.bytes; i < samples.length; i++, at += stride) {
      let sum = 0;
      for (let channel = 0; channel < mixed; channel++) sum += input.read(data, at + channel * input.bytes);
      samples[i] = sum / mixed;
    }
    return samples;
  };

  const writeChannel = (data: Buffer, channel: number, samples: Float32Array): void => {
    const stride = output.bytes * to.channels;
    for (let i = 0, at = channel * output.bytes; i < samples.length; i++, at += stride) {
      output.write(data, at, clamp(samples[i]!));
    }
  };

  return (data) => {
    let result: Buffer = EMPTY;
    for (let lane = 0; lane < lanes; lane++) {
      const samples = readLane(data, lane);
      const resampled = resamplers[lane]?.(samples) ?? samples;
      if (lane === 0) result = Buffer.allocUnsafe(resampled.length * output.bytes * to.channels);
      const last = lane === lanes - 1 ? to.channels - 1 : lane;
      for (let channel = lane; channel <= last; channel++) writeChannel(result, channel, resampled);
    }
    return result;
  };
}

function formatOf(codec: AudioCodec): SampleFormat {
  const format = FORMATS[codec.name];
  const { sampleRate, channels } = codec;
  const inRange = Number.isInteger(sampleRate) && sampleRate >= MIN_RATE && sampleRate <= MAX_RATE;
  if (!format || !inRange || !Number.isInteger(channels) || channels < 1 || channels > MAX_CHANNELS) {
    throw new RangeError(`no PCM conversion for ${codec.name} ${sampleRate} Hz, ${channels} channels`);
  }
  return format;
}

function clamp(sample: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(sample)));
}
