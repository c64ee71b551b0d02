/**
 * H.264: parameter sets, key pictures, avcC.
 *
 * Source of truth: ITU-T H.264 §7.3 and Annex E (bitstream), ISO 14496-15 §5.3.3.1 (avcC), RFC 6381 §3.3 (codec string).
 *
 *   avcC: 1:8 profile:8 constraints:8 level:8 111111 lengthSize-1:2
 *         111 count:5 {length:16 sps}… count:8 {length:16 pps}…
 *         and, unless Baseline, Main or Extended: 111111 chromaFormat:2 11111 lumaDepth-8:3 11111 chromaDepth-8:3 spsExtCount:8
 */
import { BitReader } from './bits.ts';
import { type VideoCodec, videoCodec } from './codec.ts';
import { nalEnd, unescapeNal } from './nal.ts';
import { skipVuiSignal } from './vui.ts';

/** nal_unit_type: the low five bits of a NAL unit's first byte. */
export const H264_NAL = {
  slice: 1,
  sliceDataPartitionA: 2,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  fillerData: 12,
  spsExtension: 13,
} as const;

export interface H264Sps {
  /** profile_idc: 66 Baseline, 77 Main, 100 High … */
  readonly profile: number;
  /** The byte of constraint_set flags, set0 in the top bit. */
  readonly constraints: number;
  /** level_idc: ten times the level. */
  readonly level: number;
  /** Pixels shown: the cropping is applied. */
  readonly width: number;
  readonly height: number;
  /** From the VUI, where it has timing. */
  readonly fps?: number | undefined;
  /** Pictures that may come before one they are shown after (max_num_reorder_frames); undefined where not said. */
  readonly reorderDepth?: number | undefined;
  /** chroma_format_idc: 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number;
  readonly lumaDepth: number;
  readonly chromaDepth: number;
}

/** Profiles whose SPS has chroma format, bit depths and scaling lists (§7.3.2.1.1). */
const HIGH_PROFILES: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);
/** Baseline, Main, Extended: their avcC ends after the PPS. */
const PLAIN_PROFILES: ReadonlySet<number> = new Set([66, 77, 88]);

const BASELINE = 66;

const MAX_MACROBLOCKS = 1024;
const MAX_DPB_FRAMES = 16;
const MAX_PARAMETER_SET_BYTES = 0xffff;
const MAX_SPS = 31;
const MAX_PPS = 255;
const SEI_RECOVERY_POINT = 6;

/** Reads a sequence parameter set (with its NAL header byte); undefined if it is none or its values are out of range. */
export function parseSps(sps: Buffer): H264Sps | undefined {
  if (sps.length < 4 || sps.length > MAX_PARAMETER_SET_BYTES || (sps[0]! & 31) !== H264_NAL.sps)
    return undefined;
  const bits = new BitReader(unescapeNal(sps));
  bits.skip(8);
  const profile = bits.bits(8);
  const constraints = bits.bits(8);
  const level = bits.bits(8);
  bits.ue();
  const format = HIGH_PROFILES.has(profile)
    ? readChromaFormat(bits)
    : { chromaFormat: 1, separatePlanes: false, lumaDepth: 8, chromaDepth: 8 };
  bits.ue();
  const shownAsDecoded = skipPictureOrder(bits);
  bits.ue();
  bits.skip(1);
  const widthInMbs = bits.ue() + 1;
  const heightInMapUnits = bits.ue() + 1;
  const frameMbsOnly = bits.flag();
  if (!frameMbsOnly) bits.skip(1);
  bits.skip(1);
  const heightInMbs = heightInMapUnits * (frameMbsOnly ? 1 : 2);
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  if (bits.overrun || widthInMbs > MAX_MACROBLOCKS || heightInMbs > MAX_MACROBLOCKS) return undefined;

  const { chromaFormat, separatePlanes, lumaDepth, chromaDepth } = format;
  if (chromaFormat > 3 || lumaDepth > 14 || chromaDepth > 14) return undefined;
  const halvedWidth = !separatePlanes && (chromaFormat === 1 || chromaFormat === 2);
  const halvedHeight = !separatePlanes && chromaFormat === 1;
  const cropUnitX = halvedWidth ? 2 : 1;
  const cropUnitY = (halvedHeight ? 2 : 1) * (frameMbsOnly ? 1 : 2);
  const width = widthInMbs * 16 - cropUnitX * (crop[0]! + crop[1]!);
  const height = heightInMbs * 16 - cropUnitY * (crop[2]! + crop[3]!);
  if (width <= 0 || height <= 0) return undefined;
  const { fps, reorderDepth } = bits.flag() ? readVui(bits) : {};
  return {
    ...{ profile, constraints, level, width, height, fps, chromaFormat, lumaDepth, chromaDepth },
    reorderDepth: shownAsDecoded || profile === BASELINE ? 0 : reorderDepth,
  };
}

function readChromaFormat(bits: BitReader) {
  const chromaFormat = bits.ue();
  const separatePlanes = chromaFormat === 3 && bits.flag();
  const lumaDepth = bits.ue() + 8;
  const chromaDepth = bits.ue() + 8;
  bits.skip(1);
  if (bits.flag()) {
    const lists = chromaFormat === 3 ? 12 : 8;
    for (let i = 0; i < lists; i++) if (bits.flag()) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  return { chromaFormat, separatePlanes, lumaDepth, chromaDepth };
}

function skipScalingList(bits: BitReader, size: number): void {
  let scale = 8;
  for (let i = 0; i < size && scale !== 0; i++) scale = (scale + bits.se() + 256) & 0xff;
}

/** Whether pictures are shown in the order of decoding for certain: pic_order_cnt_type 2. */
function skipPictureOrder(bits: BitReader): boolean {
  const type = bits.ue();
  if (type === 0) bits.ue();
  if (type !== 1) return type === 2;
  bits.skip(1);
  bits.se();
  bits.se();
  const cycle = Math.min(bits.ue(), 255);
  for (let i = 0; i < cycle; i++) bits.se();
  return false;
}

function readVui(bits: BitReader): Pick<H264Sps, 'fps' | 'reorderDepth'> {
  skipVuiSignal(bits);
  let fps: number | undefined;
  if (bits.flag()) {
    const unitsInTick = bits.bits(32);
    const timeScale = bits.bits(32);
    if (!bits.overrun && unitsInTick > 0 && timeScale > 0) fps = timeScale / (2 * unitsInTick);
    bits.skip(1);
  }
  const nalHrd = bits.flag();
  if (nalHrd) skipHrd(bits);
  const vclHrd = bits.flag();
  if (vclHrd) skipHrd(bits);
  if (nalHrd || vclHrd) bits.skip(1);
  bits.skip(1);
  if (!bits.flag()) return { fps };
  bits.skip(1);
  for (let i = 0; i < 4; i++) bits.ue();
  const reorderDepth = bits.ue();
  return { fps, reorderDepth: bits.overrun || reorderDepth > MAX_DPB_FRAMES ? undefined : reorderDepth };
}

/** hrd_parameters() of §E.1.2. */
function skipHrd(bits: BitReader): void {
  const count = Math.min(bits.ue() + 1, 32);
  bits.skip(8);
  for (let i = 0; i < count; i++) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20);
}

/** Builds avcC with 4-byte lengths. `sps` has at least one unit of 4 bytes; more than 31 SPS or 255 PPS are left out. */
export function buildAvcC(sps: readonly Buffer[], pps: readonly Buffer[]): Buffer {
  const first = sps[0]!;
  const parts = [Buffer.from([1, first[1]!, first[2]!, first[3]!, 0xff])];
  pushUnits(parts, sps.slice(0, MAX_SPS), 0xe0);
  pushUnits(parts, pps.slice(0, MAX_PPS), 0);
  const parsed = PLAIN_PROFILES.has(first[1]!) ? undefined : parseSps(first);
  if (parsed) {
    const { chromaFormat, lumaDepth, chromaDepth } = parsed;
    parts.push(Buffer.from([0xfc | chromaFormat, 0xf8 | (lumaDepth - 8), 0xf8 | (chromaDepth - 8), 0]));
  }
  return Buffer.concat(parts);
}

function pushUnits(parts: Buffer[], units: readonly Buffer[], countBits: number): void {
  parts.push(Buffer.from([countBits | units.length]));
  for (const unit of units) parts.push(Buffer.from([unit.length >> 8, unit.length & 0xff]), unit);
}

/** Reads avcC; the units are views. Undefined if it is cut short or has another version. */
export function parseAvcC(
  extradata: Buffer,
): { sps: Buffer[]; pps: Buffer[]; lengthSize: number } | undefined {
  if (extradata.length < 7 || extradata[0] !== 1) return undefined;
  const lengthSize = (extradata[4]! & 3) + 1;
  const sps: Buffer[] = [];
  const pps: Buffer[] = [];
  const afterSps = readUnits(extradata, 6, extradata[5]! & 31, sps);
  if (afterSps < 0 || afterSps >= extradata.length) return undefined;
  if (readUnits(extradata, afterSps + 1, extradata[afterSps]!, pps) < 0) return undefined;
  return { sps, pps, lengthSize };
}

function readUnits(data: Buffer, from: number, count: number, units: Buffer[]): number {
  let offset = from;
  for (let i = 0; i < count; i++) {
    if (offset + 2 > data.length) return -1;
    const end = offset + 2 + data.readUInt16BE(offset);
    if (end > data.length) return -1;
    units.push(data.subarray(offset + 2, end));
    offset = end;
  }
  return offset;
}

/**
 * The codec of these parameter sets. Units that cannot be stored (no SPS header, over 65535 bytes) are left out; without
 * an SPS and a PPS there is no extradata yet, without a readable SPS no size.
 */
export function h264Codec(sps: readonly Buffer[], pps: readonly Buffer[]): VideoCodec {
  const usable = (nal: Buffer) => nal.length >= 4 && nal.length <= MAX_PARAMETER_SET_BYTES;
  const goodSps = sps.filter(usable);
  const goodPps = pps.filter((nal) => nal.length >= 2 && nal.length <= MAX_PARAMETER_SET_BYTES);
  const first = goodSps[0];
  if (!first) return videoCodec('h264');
  const { width = 0, height = 0 } = parseSps(first) ?? {};
  if (goodPps.length === 0) return videoCodec('h264', { width, height });
  return videoCodec('h264', { extradata: buildAvcC(goodSps, goodPps), width, height });
}

/**
 * Whether a decoder can start at this access unit (4-byte lengths): it has an IDR slice, or a recovery point SEI before
 * its first slice. The latter is all that open-GOP and intra-refresh cameras ever send; with intra refresh the picture
 * builds up over the first frames, which beats no picture.
 */
export function isH264Key(data: Buffer): boolean {
  let recovery = false;
  for (let start = 4, end = nalEnd(data, start); end >= 0; start = end + 4, end = nalEnd(data, start)) {
    if (end === start) continue;
    const type = data[start]! & 31;
    if (type === H264_NAL.idr) return true;
    if (type === H264_NAL.slice || type === H264_NAL.sliceDataPartitionA) return recovery;
    if (type === H264_NAL.sei && !recovery) recovery = hasRecoveryPoint(data.subarray(start, end));
  }
  return false;
}

function hasRecoveryPoint(nal: Buffer): boolean {
  const sei = unescapeNal(nal);
  let offset = 1;
  while (offset + 2 < sei.length) {
    let type = 0;
    let size = 0;
    while (sei[offset] === 0xff) type += sei[offset++]!;
    type += sei[offset++] ?? 0;
    while (sei[offset] === 0xff) size += sei[offset++]!;
    size += sei[offset++] ?? 0;
    if (type === SEI_RECOVERY_POINT) return offset < sei.length;
    offset += size;
  }
  return false;
}

/** `avc1.640029`: profile, constraints and level as the extradata has them; High 4.1 while there is none. */
export function h264CodecString(codec: VideoCodec): string {
  const { extradata } = codec;
  const bytes = extradata && extradata.length >= 4 ? extradata.toString('hex', 1, 4) : '640029';
  return `avc1.${bytes.toUpperCase()}`;
}
