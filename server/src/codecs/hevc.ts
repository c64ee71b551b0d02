/**
 * HEVC: key pictures, hvcC, codec string. The sequence parameter set is read in hevc-sps.ts.
 *
 * Source of truth: ITU-T H.265 §7.3, ISO 14496-15 §8.3.3.1 (hvcC) and Annex E (codec string).
 *
 *   hvcC: 1:8 profileTierLevel:96 1111 minSpatialSegmentation:12 111111 parallelism:2 111111 chromaFormat:2
 *         11111 lumaDepth-8:3 11111 chromaDepth-8:3 avgFrameRate:16
 *         constantFrameRate:2 temporalLayers:3 temporalIdNested:1 lengthSize-1:2
 *         arrays:8 { complete:1 0 nalType:6 count:16 {length:16 nal}… }…
 */
import { BitReader } from './bits.ts';
import { type VideoCodec, videoCodec } from './codec.ts';
import { type HevcSps, parseSps } from './hevc-sps.ts';
import { nalEnd, unescapeNal } from './nal.ts';

/** nal_unit_type: bits 1 to 6 of a NAL unit's first byte. */
export const HEVC_NAL = {
  raslR: 9,
  blaWLp: 16,
  idrWRadl: 19,
  idrNLp: 20,
  cra: 21,
  lastIrap: 23,
  lastVcl: 31,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  endOfSequence: 36,
  endOfBitstream: 37,
  fillerData: 38,
  prefixSei: 39,
  suffixSei: 40,
} as const;

const HVCC_HEAD_BYTES = 23;
const MAX_PARAMETER_SET_BYTES = 0xffff;
const MAX_UNITS_A_KIND = 64;
const PARALLELISM = { mixed: 0, slices: 1, tiles: 2, wavefront: 3 } as const;

/** nal_unit_type from the first byte of a NAL unit. */
export function hevcNalType(firstByte: number): number {
  return (firstByte >> 1) & 63;
}

/** hvcC with 4-byte lengths; its arrays are marked complete. */
function writeHvcC(
  parsed: HevcSps,
  vps: readonly Buffer[],
  sps: readonly Buffer[],
  pps: readonly Buffer[],
): Buffer {
  const { minSpatialSegmentation, chromaFormat, lumaDepth, chromaDepth, temporalIdNested } = parsed;
  const vpsLayers = vps[0] && vps[0].length > 3 ? ((vps[0][3]! >> 1) & 7) + 1 : 1;
  const temporalLayers = Math.min(7, Math.max(parsed.temporalLayers, vpsLayers));
  const parallelism = minSpatialSegmentation && pps[0] ? readParallelism(pps[0]) : PARALLELISM.mixed;
  const arrays = [
    { type: HEVC_NAL.vps, units: vps.slice(0, MAX_UNITS_A_KIND) },
    { type: HEVC_NAL.sps, units: sps.slice(0, MAX_UNITS_A_KIND) },
    { type: HEVC_NAL.pps, units: pps.slice(0, MAX_UNITS_A_KIND) },
  ].filter(({ units }) => units.length > 0);

  const head = Buffer.alloc(HVCC_HEAD_BYTES);
  head[0] = 1;
  parsed.profileTierLevel.copy(head, 1);
  head.writeUInt16BE(0xf000 | minSpatialSegmentation, 13);
  head[15] = 0xfc | parallelism;
  head[16] = 0xfc | chromaFormat;
  head[17] = 0xf8 | (lumaDepth - 8);
  head[18] = 0xf8 | (chromaDepth - 8);
  head[21] = (temporalLayers << 3) | (temporalIdNested ? 4 : 0) | 3;
  head[22] = arrays.length;
  const parts: Buffer[] = [head];
  for (const { type, units } of arrays) {
    parts.push(Buffer.from([0x80 | type, units.length >> 8, units.length & 0xff]));
    for (const unit of units) parts.push(Buffer.from([unit.length >> 8, unit.length & 0xff]), unit);
  }
  return Buffer.concat(parts);
}

/** parallelismType, from the tools that the picture parameter set turns on. */
function readParallelism(pps: Buffer): number {
  const bits = new BitReader(unescapeNal(pps));
  bits.skip(16);
  bits.ue();
  bits.ue();
  bits.skip(7);
  bits.ue();
  bits.ue();
  bits.se();
  bits.skip(2);
  if (bits.flag()) bits.ue();
  bits.se();
  bits.se();
  bits.skip(4);
  const tiles = bits.flag();
  const wavefront = bits.flag();
  if (bits.overrun || (tiles && wavefront)) return PARALLELISM.mixed;
  if (wavefront) return PARALLELISM.wavefront;
  return tiles ? PARALLELISM.tiles : PARALLELISM.slices;
}

/** Reads hvcC; the units are views, of every array order. Undefined if it is cut short or has another version. */
export function parseHvcC(
  extradata: Buffer,
): { vps: Buffer[]; sps: Buffer[]; pps: Buffer[]; lengthSize: number } | undefined {
  if (extradata.length < HVCC_HEAD_BYTES || extradata[0] !== 1) return undefined;
  const found = new Map<number, Buffer[]>();
  let offset = HVCC_HEAD_BYTES;
  for (let array = extradata[22]!; array > 0; array--) {
    if (offset + 3 > extradata.length) return undefined;
    const type = extradata[offset]! & 63;
    const units = found.get(type) ?? [];
    found.set(type, units);
    const count = extradata.readUInt16BE(offset + 1);
    offset += 3;
    for (let i = 0; i < count; i++) {
      if (offset + 2 > extradata.length) return undefined;
      const end = offset + 2 + extradata.readUInt16BE(offset);
      if (end > extradata.length) return undefined;
      units.push(extradata.subarray(offset + 2, end));
      offset = end;
    }
  }
  const [vps = [], sps = [], pps = []] = [HEVC_NAL.vps, HEVC_NAL.sps, HEVC_NAL.pps].map((t) => found.get(t));
  return { vps, sps, pps, lengthSize: (extradata[21]! & 3) + 1 };
}

/**
 * The codec of these parameter sets. Units over 65535 bytes are left out; without all three kinds, or a readable SPS,
 * there is no extradata yet.
 */
export function hevcCodec(
  vps: readonly Buffer[],
  sps: readonly Buffer[],
  pps: readonly Buffer[],
): VideoCodec {
  const usable = (nal: Buffer) => nal.length > 2 && nal.length <= MAX_PARAMETER_SET_BYTES;
  const goodSps = sps.filter(usable);
  const goodVps = vps.filter(usable);
  const goodPps = pps.filter(usable);
  const parsed = goodSps[0] && parseSps(goodSps[0]);
  if (!parsed) return videoCodec('hevc');
  const { width, height } = parsed;
  if (goodVps.length === 0 || goodPps.length === 0) return videoCodec('hevc', { width, height });
  const extradata = writeHvcC(parsed, goodVps, goodSps, goodPps);
  return videoCodec('hevc', { extradata, width, height });
}

/** Whether a decoder can start at this access unit (4-byte lengths): its first slice is of an IRAP picture (BLA, IDR or CRA). */
export function isHevcKey(data: Buffer): boolean {
  for (let start = 4, end = nalEnd(data, start); end >= 0; start = end + 4, end = nalEnd(data, start)) {
    if (end === start) continue;
    const type = hevcNalType(data[start]!);
    if (type <= HEVC_NAL.lastVcl) return type >= HEVC_NAL.blaWLp && type <= HEVC_NAL.lastIrap;
  }
  return false;
}

/** `hvc1.1.6.L153.B0`: profile, compatibility, tier and level, constraints as the extradata has them; Main 5.1 while there is none. */
export function hevcCodecString(codec: VideoCodec): string {
  const { extradata } = codec;
  if (!extradata || extradata.length < 13) return 'hvc1.1.6.L153.B0';
  const space = ['', 'A', 'B', 'C'][extradata[1]! >> 6]!;
  const profile = extradata[1]! & 31;
  const tier = extradata[1]! & 0x20 ? 'H' : 'L';
  const compatibility = reverseBits(extradata.readUInt32BE(2)).toString(16).toUpperCase();
  let constraintsEnd = 12;
  while (constraintsEnd > 6 && extradata[constraintsEnd - 1] === 0) constraintsEnd--;
  const constraints = [...extradata.subarray(6, constraintsEnd)].map(
    (byte) => `.${byte.toString(16).toUpperCase()}`,
  );
  return `hvc1.${space}${profile}.${compatibility}.${tier}${extradata[12]}${constraints.join('')}`;
}

function reverseBits(value: number): number {
  let result = 0;
  for (let i = 0; i < 32; i++) if (value & (1 << i)) result |= 1 << (31 - i);
  return result >>> 0;
}
