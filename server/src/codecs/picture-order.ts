/**
 * Picture order count: in which order pictures are shown that are decoded in another.
 *
 *   decoded   I0 P8 B4 P16 B12 …      shown   I0 B4 P8 B12 P16 …      the number is the picture order count
 *
 * A slice has its low bits; the high ones follow from the picture before. Source of truth: ITU-T H.264 §7.3.3, §8.2.1.1
 * (type 0, the one that pictures in disorder come with), H.265 §7.3.6.1, §8.3.1.
 */
import { BitReader } from './bits.ts';
import { HEVC_NAL, hevcNalType } from './hevc.ts';
import { unescapeNal } from './nal.ts';

/** Reads one first slice after the other, in the order of decoding. */
export interface PictureOrder {
  /** The count of the picture that this NAL unit begins; 0 begins anew. Undefined if it cannot be read. */
  next(slice: Buffer): { readonly count: number; readonly first: boolean } | undefined;
}

/** As many bytes as a slice header may take up to the count. */
const HEADER_BYTES = 32;
const IDR = 5;
const HEVC_LAST_NON_REFERENCE = 14;

/** What a slice header of H.264 needs from the SPS. */
interface H264Syntax {
  readonly frameNumBits: number;
  readonly countBits: number;
  readonly colourPlanes: boolean;
  readonly fields: boolean;
}

const HIGH_PROFILES: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);
const MAXIMUM_BITS = 16;

/** For slices of this SPS; undefined where pictures are shown as they are decoded, or where it cannot be read. */
export function h264PictureOrder(sps: Buffer): PictureOrder | undefined {
  const syntax = readH264Syntax(sps);
  if (!syntax) return undefined;
  const extend = extender(syntax.countBits);
  return {
    next(slice) {
      const header = slice[0] ?? 0;
      const first = (header & 31) === IDR;
      const low = readH264Count(slice, first, syntax);
      if (low === undefined) return undefined;
      const count = extend(low, first, (header & 0x60) !== 0);
      // The lower field of an interlaced frame is one later.
      return { count: syntax.fields ? count & ~1 : count, first };
    },
  };
}

function readH264Syntax(sps: Buffer): H264Syntax | undefined {
  const bits = new BitReader(unescapeNal(sps));
  bits.skip(8);
  const profile = bits.bits(8);
  bits.skip(16);
  bits.ue();
  const colourPlanes = HIGH_PROFILES.has(profile) && skipH264Chroma(bits);
  const frameNumBits = bits.ue() + 4;
  const type = bits.ue();
  const countBits = bits.ue() + 4;
  if (type !== 0 || frameNumBits > MAXIMUM_BITS || countBits > MAXIMUM_BITS) return undefined;
  bits.ue();
  bits.skip(1);
  bits.ue();
  bits.ue();
  const fields = !bits.flag();
  return bits.overrun ? undefined : { frameNumBits, countBits, colourPlanes, fields };
}

/** Whether there are separate colour planes. */
function skipH264Chroma(bits: BitReader): boolean {
  const chroma = bits.ue();
  const planes = chroma === 3 && bits.flag();
  bits.ue();
  bits.ue();
  bits.skip(1);
  if (!bits.flag()) return planes;
  const lists = chroma === 3 ? 12 : 8;
  for (let list = 0; list < lists; list++) {
    if (!bits.flag()) continue;
    const size = list < 6 ? 16 : 64;
    for (let i = 0, scale = 8; i < size && scale !== 0; i++) scale = (scale + bits.se() + 256) & 0xff;
  }
  return planes;
}

function readH264Count(slice: Buffer, isIdr: boolean, syntax: H264Syntax): number | undefined {
  const bits = new BitReader(unescapeNal(slice.subarray(0, HEADER_BYTES)));
  bits.skip(8);
  bits.ue();
  bits.ue();
  bits.ue();
  if (syntax.colourPlanes) bits.skip(2);
  bits.skip(syntax.frameNumBits);
  if (syntax.fields && bits.flag()) bits.skip(1);
  if (isIdr) bits.ue();
  const count = bits.bits(syntax.countBits);
  return bits.overrun ? undefined : count;
}

/** What a slice header of HEVC needs from the parameter sets. */
interface HevcSyntax {
  readonly countBits: number;
  readonly colourPlanes: boolean;
  readonly outputFlag: boolean;
  readonly extraBits: number;
}

/** For slices of these parameter sets; undefined where they cannot be read. */
export function hevcPictureOrder(sps: Buffer, pps: Buffer): PictureOrder | undefined {
  const syntax = readHevcSyntax(sps, pps);
  if (!syntax) return undefined;
  const extend = extender(syntax.countBits);
  return {
    next(slice) {
      const type = hevcNalType(slice[0] ?? 0);
      const first = type === HEVC_NAL.idrWRadl || type === HEVC_NAL.idrNLp;
      const low = first ? 0 : readHevcCount(slice, type, syntax);
      if (low === undefined) return undefined;
      const isBaseLayer = ((slice[1] ?? 0) & 7) === 1;
      // Even types below 14 are not referred to; 6 to 9 are pictures before a random access point.
      const isLeading = type >= 6 && type <= HEVC_NAL.raslR;
      const isReference = type > HEVC_LAST_NON_REFERENCE || (type & 1) === 1;
      return { count: extend(low, first, isBaseLayer && isReference && !isLeading), first };
    },
  };
}

function readHevcSyntax(sps: Buffer, pps: Buffer): HevcSyntax | undefined {
  const bits = new BitReader(unescapeNal(sps));
  bits.skip(16 + 4);
  const subLayers = bits.bits(3);
  bits.skip(1 + 96);
  let skipped = 0;
  for (let i = 0; i < 8 && subLayers > 0; i++) {
    const [profile, level] = [bits.flag(), bits.flag()];
    if (i < subLayers) skipped += (profile ? 88 : 0) + (level ? 8 : 0);
  }
  bits.skip(skipped);
  bits.ue();
  const colourPlanes = bits.ue() === 3 && bits.flag();
  bits.ue();
  bits.ue();
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue();
  bits.ue();
  bits.ue();
  const countBits = bits.ue() + 4;
  const picture = new BitReader(unescapeNal(pps));
  picture.skip(16);
  picture.ue();
  picture.ue();
  picture.skip(1);
  const outputFlag = picture.flag();
  const extraBits = picture.bits(3);
  if (bits.overrun || picture.overrun || countBits > MAXIMUM_BITS) return undefined;
  return { countBits, colourPlanes, outputFlag, extraBits };
}

function readHevcCount(slice: Buffer, type: number, syntax: HevcSyntax): number | undefined {
  const bits = new BitReader(unescapeNal(slice.subarray(0, HEADER_BYTES)));
  bits.skip(16 + 1);
  if (type >= HEVC_NAL.blaWLp && type <= HEVC_NAL.lastIrap) bits.skip(1);
  bits.ue();
  bits.skip(syntax.extraBits);
  bits.ue();
  if (syntax.outputFlag) bits.skip(1);
  if (syntax.colourPlanes) bits.skip(2);
  const count = bits.bits(syntax.countBits);
  return bits.overrun ? undefined : count;
}

/** Puts the high bits before the low ones: the count nearest to that of the last picture that others refer to. */
function extender(countBits: number): (low: number, first: boolean, isReference: boolean) => number {
  const range = 2 ** countBits;
  let last = 0;
  return (low, first, isReference) => {
    if (first) last = 0;
    const count = last + ((((low - last) % range) + range + range / 2) % range) - range / 2;
    if (isReference || first) last = count;
    return count;
  };
}
