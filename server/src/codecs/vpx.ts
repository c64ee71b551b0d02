/**
 * VP8 and VP9, as far as passing them through needs: key frames, sizes, vpcC.
 *
 * Source of truth: RFC 6386 §9.1 (VP8 frame header), VP9 Bitstream Specification §6.2, VP Codec ISO Media File Format Binding.
 *
 *   vpcC: version 1:8 flags:24 profile:8 level:8 bitDepth:4 chroma:3 fullRange:1 primaries:8 transfer:8 matrix:8 initSize:16
 */
import { BitReader } from './bits.ts';
import { type VideoCodec, videoCodec } from './codec.ts';

const VP8_START_CODE = 0x9d012a;
const VP9_SYNC_CODE = 0x498342;
const VP9_SRGB = 7;
const UNSPECIFIED = 2;
/** Largest picture of each level, in samples (VP9 levels at 30 frames a second). */
const VP9_LEVELS = [
  [36864, 10],
  [73728, 11],
  [122880, 20],
  [245760, 21],
  [552960, 30],
  [983040, 31],
  [2228224, 40],
  [8912896, 50],
  [35651584, 60],
] as const;
const VP9_TOP_LEVEL = 62;

export function isVp8Key(data: Buffer): boolean {
  return data.length > 0 && (data[0]! & 1) === 0;
}

/** The codec of a VP8 stream, from a key frame; undefined if it is none. */
export function vp8Codec(keyFrame: Buffer): VideoCodec | undefined {
  if (keyFrame.length < 10 || !isVp8Key(keyFrame) || keyFrame.readUIntBE(3, 3) !== VP8_START_CODE)
    return undefined;
  const width = keyFrame.readUInt16LE(6) & 0x3fff;
  const height = keyFrame.readUInt16LE(8) & 0x3fff;
  return videoCodec('vp8', { width, height });
}

export function isVp9Key(data: Buffer): boolean {
  return readVp9Start(new BitReader(data)) !== undefined;
}

/** The codec of a VP9 stream, from a key frame; its extradata is the content of vpcC. Undefined if it is none. */
export function vp9Codec(keyFrame: Buffer): VideoCodec | undefined {
  const bits = new BitReader(keyFrame);
  const profile = readVp9Start(bits);
  if (profile === undefined) return undefined;
  bits.skip(2);
  if (bits.bits(24) !== VP9_SYNC_CODE) return undefined;
  const bitDepth = profile < 2 ? 8 : bits.flag() ? 12 : 10;
  const srgb = bits.bits(3) === VP9_SRGB;
  const fullRange = srgb || bits.flag();
  const halvable = profile === 1 || profile === 3;
  let subsamplingX = !srgb;
  let subsamplingY = !srgb;
  if (halvable && !srgb) {
    subsamplingX = bits.flag();
    subsamplingY = bits.flag();
  }
  if (halvable) bits.skip(1);
  const width = bits.bits(16) + 1;
  const height = bits.bits(16) + 1;
  if (bits.overrun) return undefined;
  const chroma = subsamplingX ? (subsamplingY ? 1 : 2) : 3;
  const level = VP9_LEVELS.find(([samples]) => width * height <= samples)?.[1] ?? VP9_TOP_LEVEL;
  const description = (bitDepth << 4) | (chroma << 1) | (fullRange ? 1 : 0);
  const vpcC = [1, 0, 0, 0, profile, level, description, UNSPECIFIED, UNSPECIFIED, UNSPECIFIED, 0, 0];
  return videoCodec('vp9', { extradata: Buffer.from(vpcC), width, height });
}

/** Reads up to frame_type: the profile of a key frame, undefined for anything else. */
function readVp9Start(bits: BitReader): number | undefined {
  if (bits.bits(2) !== 2) return undefined;
  const profile = bits.bits(1) | (bits.bits(1) << 1);
  if (profile === 3) bits.skip(1);
  const showExisting = bits.flag();
  const interFrame = bits.flag();
  return showExisting || interFrame || bits.overrun ? undefined : profile;
}

/** `vp09.00.31.08`: profile, level and bit depth as the extradata has them; profile 0, level 4.1 while there is none. */
export function vp9CodecString(codec: VideoCodec): string {
  const { extradata } = codec;
  if (!extradata || extradata.length < 7) return 'vp09.00.41.08';
  const fields = [extradata[4]!, extradata[5]!, extradata[6]! >> 4];
  return `vp09.${fields.map((field) => String(field).padStart(2, '0')).join('.')}`;
}
