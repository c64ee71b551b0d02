/**
 * FLAC: an encoder for 16-bit samples, so that browsers play a camera's PCM without a loss and without a transcode.
 *
 * Source of truth: RFC 9639 §8.2 (STREAMINFO), §9 (frames).
 *
 *   frame:    11111111111110 0 1  blockSize:4 sampleRate:4 channels:4 100 0  number:8…56 blockSize-1:16 [Hz:16] crc8
 *             subframe…  padding to a byte  crc16
 *   subframe: 0 type:6 0, then
 *             constant (0): sample:16 | verbatim (1): sample:16… | fixed (8 + order): sample:16 × order, 00 0000 k:4 residual…
 */
import { BitWriter } from './bits.ts';
import { type AudioCodec, audioCodec } from './codec.ts';

/**
 * Both block sizes of STREAMINFO, and the longest frame we write. Frames have any size up to it, each says its own; but
 * QuickTime refuses a stream whose two sizes differ.
 */
const BLOCK_SIZE = 32768;
const STREAM_INFO_BYTES = 34;
const BITS = 16;

/** Sample rates with a code of their own in the frame header; others stand in 16 bits behind it. */
const RATE_CODES: ReadonlyMap<number, number> = new Map([
  [88200, 1],
  [176400, 2],
  [192000, 3],
  [8000, 4],
  [16000, 5],
  [22050, 6],
  [24000, 7],
  [32000, 8],
  [44100, 9],
  [48000, 10],
  [96000, 11],
]);
const RATE_IN_HZ = 13;

const SUBFRAME = { constant: 0, verbatim: 1, fixed: 8 } as const;
const MAX_ORDER = 4;
const MAX_RICE_PARAMETER = 14;
const SAMPLE_NUMBERS = 2 ** 36;

const CRC8 = crcTable(0x07, 8);
const CRC16 = crcTable(0x8005, 16);

/** The 34 bytes of a STREAMINFO block (without the block's header) for 16-bit samples of a stream without an end. */
function buildStreamInfo(codec: { readonly sampleRate: number; readonly channels: number }): Buffer {
  const info = Buffer.alloc(STREAM_INFO_BYTES);
  info.writeUInt16BE(BLOCK_SIZE, 0);
  info.writeUInt16BE(BLOCK_SIZE, 2);
  info.writeUInt32BE(((codec.sampleRate << 12) | ((codec.channels - 1) << 9) | ((BITS - 1) << 4)) >>> 0, 10);
  return info;
}

export function flacCodec(sampleRate: number, channels: number): AudioCodec {
  return audioCodec('flac', sampleRate, channels, buildStreamInfo({ sampleRate, channels }));
}

/**
 * Makes an encoder: interleaved pcm_s16le in, one frame out per call (more than 32768 samples: several, one behind the
 * other). Stateful only in its count of samples.
 */
export function createFlacEncoder(format: {
  readonly sampleRate: number;
  readonly channels: number;
}): (samples: Buffer) => Buffer {
  const { sampleRate, channels } = format;
  const stride = channels * 2;
  let sampleNumber = 0;

  const encodeFrame = (pcm: Buffer, blockSize: number): Buffer => {
    const frame = new BitWriter(pcm.length + 32);
    const rateCode = RATE_CODES.get(sampleRate) ?? RATE_IN_HZ;
    frame.bits(0xfff9, 16);
    frame.bits(0x70 | rateCode, 8);
    frame.bits(((channels - 1) << 4) | 0x08, 8);
    writeCodedNumber(frame, sampleNumber);
    frame.bits(blockSize - 1, 16);
    if (rateCode === RATE_IN_HZ) frame.bits(sampleRate, 16);
    frame.bits(crc(CRC8, 8, frame.finish()), 8);
    for (let channel = 0; channel < channels; channel++) {
      const samples = new Int32Array(blockSize);
      for (let i = 0; i < blockSize; i++) samples[i] = pcm.readInt16LE(i * stride + channel * 2);
      writeSubframe(frame, samples);
    }
    frame.bits(crc(CRC16, 16, frame.finish()), 16);
    sampleNumber = (sampleNumber + blockSize) % SAMPLE_NUMBERS;
    return frame.finish();
  };

  return (samples) => {
    const frames: Buffer[] = [];
    const count = Math.floor(samples.length / stride);
    for (let from = 0; from < count; from += BLOCK_SIZE) {
      const blockSize = Math.min(BLOCK_SIZE, count - from);
      frames.push(encodeFrame(samples.subarray(from * stride, (from + blockSize) * stride), blockSize));
    }
    return frames.length === 1 ? frames[0]! : Buffer.concat(frames);
  };
}

function writeSubframe(frame: BitWriter, samples: Int32Array): void {
  if (samples.every((sample) => sample === samples[0])) {
    writeSubframeHeader(frame, SUBFRAME.constant);
    frame.bits(samples[0]!, BITS);
    return;
  }
  const { order, residual } = choosePredictor(samples);
  const { parameter, bits } = chooseRiceParameter(residual, order);
  if (bits >= (samples.length - order) * BITS) {
    writeSubframeHeader(frame, SUBFRAME.verbatim);
    for (const sample of samples) frame.bits(sample, BITS);
    return;
  }
  writeSubframeHeader(frame, SUBFRAME.fixed + order);
  for (let i = 0; i < order; i++) frame.bits(samples[i]!, BITS);
  frame.bits(0, 6);
  frame.bits(parameter, 4);
  for (let i = order; i < residual.length; i++) {
    const folded = fold(residual[i]!);
    frame.unary(folded >> parameter);
    frame.bits(folded, parameter);
  }
}

function writeSubframeHeader(frame: BitWriter, type: number): void {
  frame.bits(type << 1, 8);
}

/** The fixed predictor of order n leaves the n-th difference as residual: the order with the smallest sum wins. */
function choosePredictor(samples: Int32Array): { order: number; residual: Int32Array } {
  const difference = samples.slice();
  let best = { order: 0, residual: samples };
  let smallest = sumOfMagnitudes(samples, 0);
  for (let order = 1; order <= Math.min(MAX_ORDER, samples.length - 1); order++) {
    for (let i = difference.length - 1; i >= order; i--) difference[i]! -= difference[i - 1]!;
    const sum = sumOfMagnitudes(difference, order);
    if (sum >= smallest) break;
    smallest = sum;
    best = { order, residual: difference.slice() };
  }
  return best;
}

function sumOfMagnitudes(values: Int32Array, from: number): number {
  let sum = 0;
  for (let i = from; i < values.length; i++) sum += Math.abs(values[i]!);
  return sum;
}

/** The Rice parameter near the mean of the residual, and the bits that it makes of it. */
function chooseRiceParameter(residual: Int32Array, order: number): { parameter: number; bits: number } {
  const count = residual.length - order;
  const mean = (2 * sumOfMagnitudes(residual, order)) / count;
  const parameter = Math.min(MAX_RICE_PARAMETER, Math.max(0, Math.floor(Math.log2(mean * Math.LN2))));
  let bits = count * (1 + parameter);
  for (let i = order; i < residual.length; i++) bits += fold(residual[i]!) >> parameter;
  return { parameter, bits };
}

/** 0, -1, 1, -2, 2 … → 0, 1, 2, 3, 4 … */
function fold(value: number): number {
  return (value << 1) ^ (value >> 31);
}

/** The sample number in UTF-8's scheme, extended to 36 bits in 7 bytes. */
function writeCodedNumber(frame: BitWriter, value: number): void {
  if (value < 0x80) {
    frame.bits(value, 8);
    return;
  }
  let following = 1;
  while (value >= 2 ** (6 * following + 6 - following)) following++;
  const lead = Math.floor(value / 2 ** (6 * following));
  frame.bits(((0xff00 >> (following + 1)) & 0xff) | lead, 8);
  for (let i = following - 1; i >= 0; i--) frame.bits(0x80 | (Math.floor(value / 2 ** (6 * i)) & 63), 8);
}

function crcTable(polynomial: number, width: number): Uint16Array {
  const top = 1 << (width - 1);
  const mask = (1 << width) - 1;
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let value = byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) value = value & top ? ((value << 1) ^ polynomial) & mask : value << 1;
    return value & mask;
  });
}

function crc(table: Uint16Array, width: number, data: Buffer): number {
  const mask = (1 << width) - 1;
  let value = 0;
  for (const byte of data) value = ((value << 8) & mask) ^ table[((value >> (width - 8)) ^ byte) & 0xff]!;
  return value;
}
