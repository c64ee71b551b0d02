/**
 * AV1, as far as passing it through needs: key frames, the sequence header, av1C.
 *
 * Source of truth: AV1 Bitstream Specification §5.3 (OBU), §5.5 (sequence header), AV1 in ISOBMFF §2.3 (av1C), §5 (codec string).
 *
 *   OBU:  0 type:4 extension:1 hasSize:1 0 [temporalId:3 spatialId:2 000] [size leb128] …
 *   av1C: 1 0000001 profile:3 level:5 tier:1 highBitDepth:1 twelveBit:1 mono:1 subX:1 subY:1 position:2 0:8 sequenceHeaderObu
 */
import { BitReader } from './bits.ts';
import { type VideoCodec, videoCodec } from './codec.ts';

const AV1_OBU = { sequenceHeader: 1, temporalDelimiter: 2, frameHeader: 3, frame: 6 } as const;

const MAX_LEB128_BYTES = 8;
const BT709 = 1;
const SRGB_TRANSFER = 13;
const IDENTITY_MATRIX = 0;

export interface Obu {
  readonly type: number;
  /** Offsets into the data: the OBU with its header, and its payload. */
  readonly start: number;
  readonly payload: number;
  readonly end: number;
}

/** The OBUs of a temporal unit in the low-overhead format; stops where one is corrupt. */
function* readObus(data: Buffer): Generator<Obu> {
  let start = 0;
  while (start < data.length) {
    const header = data[start]!;
    let payload = start + (header & 4 ? 2 : 1);
    let end = data.length;
    if (header & 2) {
      let size = 0;
      let count = 0;
      let byte: number;
      do {
        if (payload >= data.length || count === MAX_LEB128_BYTES) return;
        byte = data[payload++]!;
        size += (byte & 0x7f) * 2 ** (7 * count++);
      } while (byte & 0x80);
      end = payload + size;
    }
    if (header & 0x80 || payload > data.length || end > data.length) return;
    yield { type: (header >> 3) & 15, start, payload, end };
    start = end;
  }
}

/** Whether the first frame of a temporal unit is a shown key frame. */
export function isAv1Key(data: Buffer): boolean {
  for (const { type, payload, end } of readObus(data)) {
    if (type !== AV1_OBU.frame && type !== AV1_OBU.frameHeader) continue;
    return payload < end && data[payload]! >> 5 === 0;
  }
  return false;
}

/** The codec of an AV1 stream, from a temporal unit with a sequence header; its extradata is the content of av1C. */
export function av1Codec(data: Buffer): VideoCodec | undefined {
  for (const { type, start, payload, end } of readObus(data)) {
    if (type !== AV1_OBU.sequenceHeader) continue;
    const header = parseSequenceHeader(data.subarray(payload, end));
    if (!header) return undefined;
    const { profile, level, tier, color, width, height } = header;
    const head = Buffer.from([0x81, (profile << 5) | level, (tier << 7) | color, 0]);
    return videoCodec('av1', { extradata: Buffer.concat([head, data.subarray(start, end)]), width, height });
  }
  return undefined;
}

interface SequenceHeader {
  readonly profile: number;
  readonly level: number;
  readonly tier: number;
  /** The low seven bits of av1C's third byte. */
  readonly color: number;
  readonly width: number;
  readonly height: number;
}

function parseSequenceHeader(payload: Buffer): SequenceHeader | undefined {
  const bits = new BitReader(payload);
  const profile = bits.bits(3);
  bits.skip(1);
  const reduced = bits.flag();
  const { level, tier } = reduced ? { level: bits.bits(5), tier: 0 } : readOperatingPoints(bits);
  const widthBits = bits.bits(4) + 1;
  const heightBits = bits.bits(4) + 1;
  const width = bits.bits(widthBits) + 1;
  const height = bits.bits(heightBits) + 1;
  if (!reduced && bits.flag()) bits.skip(7);
  bits.skip(3);
  if (!reduced) skipTools(bits);
  bits.skip(3);
  const color = readColor(bits, profile);
  return bits.overrun ? undefined : { profile, level, tier, color, width, height };
}

function readOperatingPoints(bits: BitReader): { level: number; tier: number } {
  let delayBits = 0;
  if (bits.flag()) {
    bits.skip(64);
    if (bits.flag()) bits.ue();
    if (bits.flag()) {
      delayBits = bits.bits(5) + 1;
      bits.skip(32 + 5 + 5);
    }
  }
  const displayDelay = bits.flag();
  const points = bits.bits(5) + 1;
  let first: { level: number; tier: number } | undefined;
  for (let i = 0; i < points; i++) {
    bits.skip(12);
    const level = bits.bits(5);
    const tier = level > 7 ? bits.bits(1) : 0;
    if (delayBits > 0 && bits.flag()) bits.skip(2 * delayBits + 1);
    if (displayDelay && bits.flag()) bits.skip(4);
    first ??= { level, tier };
  }
  return first ?? { level: 0, tier: 0 };
}

function skipTools(bits: BitReader): void {
  bits.skip(4);
  const orderHint = bits.flag();
  if (orderHint) bits.skip(2);
  const screenContent = bits.flag() || bits.flag();
  if (screenContent && !bits.flag()) bits.skip(1);
  if (orderHint) bits.skip(3);
}

function readColor(bits: BitReader, profile: number): number {
  const high = bits.bits(1);
  const twelve = profile === 2 && high ? bits.bits(1) : 0;
  const mono = profile === 1 ? 0 : bits.bits(1);
  const [primaries, transfer, matrix] = bits.flag() ? [bits.bits(8), bits.bits(8), bits.bits(8)] : [2, 2, 2];
  let subsamplingX = profile === 1 ? 0 : 1;
  let subsamplingY = profile === 0 ? 1 : 0;
  let position = 0;
  if (mono) {
    bits.skip(1);
    subsamplingX = 1;
    subsamplingY = 1;
  } else if (primaries === BT709 && transfer === SRGB_TRANSFER && matrix === IDENTITY_MATRIX) {
    subsamplingX = 0;
    subsamplingY = 0;
  } else {
    bits.skip(1);
    if (profile === 2 && twelve) {
      subsamplingX = bits.bits(1);
      subsamplingY = subsamplingX ? bits.bits(1) : 0;
    }
    if (subsamplingX && subsamplingY) position = bits.bits(2);
  }
  return (high << 6) | (twelve << 5) | (mono << 4) | (subsamplingX << 3) | (subsamplingY << 2) | position;
}

/** `av01.0.08M.08`: profile, level and tier, bit depth as the extradata has them; Main 4.0 while there is none. */
export function av1CodecString(codec: VideoCodec): string {
  const { extradata } = codec;
  if (!extradata || extradata.length < 4) return 'av01.0.08M.08';
  const profile = extradata[1]! >> 5;
  const level = String(extradata[1]! & 31).padStart(2, '0');
  const tier = extradata[2]! & 0x80 ? 'H' : 'M';
  const depth = extradata[2]! & 0x40 ? (extradata[2]! & 0x20 ? '12' : '10') : '08';
  return `av01.${profile}.${level}${tier}.${depth}`;
}
