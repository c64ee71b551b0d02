/**
 * The sequence parameter set of HEVC, read as far as the frame rate.
 *
 * Source of truth: ITU-T H.265 §7.3.2.2 (SPS), §7.3.3 (profile, tier, level), §7.3.7 (short-term reference sets), §E.2.
 */
import { BitReader } from './bits.ts';
import { unescapeNal } from './nal.ts';
import { skipVuiSignal } from './vui.ts';

export interface HevcSps {
  /** The 12 bytes of general profile_tier_level, as they stand in the SPS and in hvcC. */
  readonly profileTierLevel: Buffer;
  readonly profileSpace: number;
  readonly highTier: boolean;
  /** general_profile_idc: 1 Main, 2 Main 10 … */
  readonly profile: number;
  /** general_level_idc: thirty times the level. */
  readonly level: number;
  /** Pixels shown: the conformance window is applied. */
  readonly width: number;
  readonly height: number;
  /** From the VUI, where it has timing. */
  readonly fps?: number | undefined;
  /** Pictures that may come before one they are shown after (sps_max_num_reorder_pics). */
  readonly reorderDepth?: number | undefined;
  /** chroma_format_idc: 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number;
  readonly lumaDepth: number;
  readonly chromaDepth: number;
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
  /** min_spatial_segmentation_idc of the VUI; 0 where not said. */
  readonly minSpatialSegmentation: number;
}

const SPS_TYPE = 33;
const MAX_BYTES = 0xffff;
const MAX_PIXELS_A_SIDE = 16384;
const MAX_SHORT_TERM_SETS = 64;
const MAX_SET_PICTURES = 16;
const MAX_LONG_TERM_PICTURES = 32;
const MAX_CPB = 32;

/** Reads a sequence parameter set (with its two NAL header bytes); undefined if it is none or its values are out of range. */
export function parseSps(sps: Buffer): HevcSps | undefined {
  if (sps.length < 15 || sps.length > MAX_BYTES || ((sps[0]! >> 1) & 63) !== SPS_TYPE) return undefined;
  const bits = new BitReader(unescapeNal(sps));
  bits.skip(16 + 4);
  const maxSubLayersMinus1 = bits.bits(3);
  const temporalIdNested = bits.flag();
  const profileTierLevel = Buffer.from(bits.bytes(96));
  if (bits.overrun || maxSubLayersMinus1 > 6) return undefined;
  skipSubLayers(bits, maxSubLayersMinus1);
  bits.ue();
  const chromaFormat = bits.ue();
  const separatePlanes = chromaFormat === 3 && bits.flag();
  const codedWidth = bits.ue();
  const codedHeight = bits.ue();
  const window = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const lumaDepth = bits.ue() + 8;
  const chromaDepth = bits.ue() + 8;
  if (bits.overrun || chromaFormat > 3 || lumaDepth > 15 || chromaDepth > 15) return undefined;
  if (codedWidth > MAX_PIXELS_A_SIDE || codedHeight > MAX_PIXELS_A_SIDE) return undefined;
  const unitX = !separatePlanes && (chromaFormat === 1 || chromaFormat === 2) ? 2 : 1;
  const unitY = !separatePlanes && chromaFormat === 1 ? 2 : 1;
  const width = codedWidth - unitX * (window[0]! + window[1]!);
  const height = codedHeight - unitY * (window[2]! + window[3]!);
  if (width <= 0 || height <= 0) return undefined;
  return {
    profileTierLevel,
    profileSpace: profileTierLevel[0]! >> 6,
    highTier: (profileTierLevel[0]! & 0x20) !== 0,
    profile: profileTierLevel[0]! & 31,
    level: profileTierLevel[11]!,
    width,
    height,
    chromaFormat,
    lumaDepth,
    chromaDepth,
    temporalLayers: maxSubLayersMinus1 + 1,
    temporalIdNested,
    ...readTail(bits, maxSubLayersMinus1),
  };
}

/** What lies behind the size: a stream plays without it, so what is corrupt there is only left out. */
function readTail(
  bits: BitReader,
  maxSubLayersMinus1: number,
): Pick<HevcSps, 'fps' | 'minSpatialSegmentation' | 'reorderDepth'> {
  const pocBits = bits.ue() + 4;
  const orderingInfos = bits.flag() ? maxSubLayersMinus1 + 1 : 1;
  let reorderDepth = 0;
  for (let i = 0; i < orderingInfos; i++) {
    bits.ue();
    reorderDepth = bits.ue();
    bits.ue();
  }
  if (bits.overrun || reorderDepth > MAX_SET_PICTURES) return { minSpatialSegmentation: 0 };
  const nothing = { fps: undefined, reorderDepth, minSpatialSegmentation: 0 };
  for (let i = 0; i < 6; i++) bits.ue();
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2);
  if (bits.flag()) {
    bits.skip(8);
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  if (!skipShortTermSets(bits)) return nothing;
  if (bits.flag()) {
    const longTerm = bits.ue();
    if (longTerm > MAX_LONG_TERM_PICTURES || pocBits > 16) return nothing;
    bits.skip(longTerm * (pocBits + 1));
  }
  bits.skip(2);
  return bits.flag() ? { ...nothing, ...readVui(bits, maxSubLayersMinus1) } : nothing;
}

function skipSubLayers(bits: BitReader, maxSubLayersMinus1: number): void {
  if (maxSubLayersMinus1 === 0) return;
  let length = 0;
  for (let i = 0; i < 8; i++) {
    const profilePresent = bits.flag();
    const levelPresent = bits.flag();
    if (i < maxSubLayersMinus1) length += (profilePresent ? 88 : 0) + (levelPresent ? 8 : 0);
  }
  bits.skip(length);
}

function skipScalingLists(bits: BitReader): void {
  for (let sizeId = 0; sizeId < 4; sizeId++) {
    for (let matrixId = 0; matrixId < 6; matrixId += sizeId === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue();
        continue;
      }
      const coefficients = Math.min(64, 1 << (4 + (sizeId << 1)));
      if (sizeId > 1) bits.se();
      for (let i = 0; i < coefficients; i++) bits.se();
    }
  }
}

/** False if a set is out of range: nothing after it can be found. */
function skipShortTermSets(bits: BitReader): boolean {
  const sets = bits.ue();
  if (sets > MAX_SHORT_TERM_SETS) return false;
  let previous = 0;
  for (let set = 0; set < sets; set++) {
    const predicted = set > 0 && bits.flag();
    let pictures = 0;
    if (predicted) {
      bits.skip(1);
      bits.ue();
      for (let i = 0; i <= previous; i++) {
        const usedByCurrent = bits.flag();
        if (usedByCurrent || bits.flag()) pictures++;
      }
    } else {
      pictures = bits.ue() + bits.ue();
      if (pictures > MAX_SET_PICTURES) return false;
      for (let i = 0; i < pictures; i++) {
        bits.ue();
        bits.skip(1);
      }
    }
    if (bits.overrun || pictures > MAX_SET_PICTURES) return false;
    previous = pictures;
  }
  return true;
}

function readVui(
  bits: BitReader,
  maxSubLayersMinus1: number,
): Pick<HevcSps, 'fps' | 'minSpatialSegmentation'> {
  skipVuiSignal(bits);
  bits.skip(3);
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue();
  let fps: number | undefined;
  if (bits.flag()) {
    const unitsInTick = bits.bits(32);
    const timeScale = bits.bits(32);
    if (!bits.overrun && unitsInTick > 0 && timeScale > 0) fps = timeScale / unitsInTick;
    if (bits.flag()) bits.ue();
    if (bits.flag()) skipHrd(bits, maxSubLayersMinus1);
  }
  let minSpatialSegmentation = 0;
  if (bits.flag()) {
    bits.skip(3);
    minSpatialSegmentation = bits.ue();
  }
  if (bits.overrun || minSpatialSegmentation > 4095) minSpatialSegmentation = 0;
  return { fps, minSpatialSegmentation };
}

/** hrd_parameters( 1, maxSubLayersMinus1 ) of §E.2.2. */
function skipHrd(bits: BitReader, maxSubLayersMinus1: number): void {
  const nal = bits.flag();
  const vcl = bits.flag();
  let subPicture = false;
  if (nal || vcl) {
    subPicture = bits.flag();
    if (subPicture) bits.skip(19);
    bits.skip(8);
    if (subPicture) bits.skip(4);
    bits.skip(15);
  }
  for (let layer = 0; layer <= maxSubLayersMinus1; layer++) {
    const fixedRateGeneral = bits.flag();
    const fixedRateInCvs = fixedRateGeneral || bits.flag();
    let lowDelay = false;
    if (fixedRateInCvs) bits.ue();
    else lowDelay = bits.flag();
    const cpbCount = lowDelay ? 1 : Math.min(bits.ue() + 1, MAX_CPB);
    for (let i = 0; i < cpbCount * ((nal ? 1 : 0) + (vcl ? 1 : 0)); i++) {
      for (let field = 0; field < (subPicture ? 4 : 2); field++) bits.ue();
      bits.skip(1);
    }
  }
}
