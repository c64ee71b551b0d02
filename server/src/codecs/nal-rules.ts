/**
 * What becomes of a NAL unit, for H.264 and HEVC in one shape: whatever carries them (RTP, MPEG-TS, FLV, MP4, bare
 * Annex B) finds access units and codecs by these rules.
 *
 *   AUD   SPS PPS         SEI   slice  slice   filler │ AUD …
 *   drop  parameter sets  keep  slice  slice   drop   └ begins a unit
 *
 * Source of truth: ITU-T H.264 Table 7-1 and §7.4.1.2.3, H.265 Table 7-1 and §7.4.2.4.4.
 */
import { BitReader } from './bits.ts';
import type { VideoCodec } from './codec.ts';
import { H264_NAL, h264Codec, isH264Key, parseAvcC } from './h264.ts';
import { HEVC_NAL, hevcCodec, hevcNalType, isHevcKey, parseHvcC } from './hevc.ts';
import { ParameterSets } from './parameter-sets.ts';

/** `slice` and `keep` belong to the access unit, a `parameter set` to the codec, the others nowhere. */
export type NalKind = 'drop' | 'keep' | 'slice' | 'parameter set' | 'invalid';

/** What H.264 and HEVC differ in. */
export interface NalRules {
  /** By the first byte of the NAL unit. */
  kindOf(header: number): NalKind;
  /** Whether the NAL unit is the first slice of a picture, or can only stand before one. */
  beginsUnit(nal: Buffer): boolean;
  /** Takes the parameter set in `bytes[start, end)`. */
  updateSets(sets: ParameterSets, bytes: Buffer, start: number, end: number): void;
  /** Without extradata while parameter sets are missing. */
  codecOf(sets: ParameterSets): VideoCodec;
  /** Reads an avcC or hvcC; undefined if it is corrupt. */
  parseRecord(record: Buffer): { readonly sets: readonly Buffer[]; readonly lengthSize: number } | undefined;
  /** Whether a decoder can start at this unit. */
  isKey(data: Buffer): boolean;
}

/** Types from here on are not of H.264: RTP has its own meanings for them. */
const H264_UNSPECIFIED = 24;
/** The same of HEVC. */
const HEVC_UNSPECIFIED = 48;
const HEVC_HEADER_BYTES = 2;
const ID_BYTES = 24;
/** first_mb_in_slice is ue(v), where 0 is the single bit 1; HEVC's first_slice_segment_in_pic_flag is a bit. */
const FIRST_SLICE = 0x80;

const h264Type = (header: number): number => header & 31;

const H264_RULES: NalRules = {
  kindOf(header) {
    const type = h264Type(header);
    if (type >= H264_NAL.slice && type <= H264_NAL.idr) return 'slice';
    if (type === H264_NAL.sps || type === H264_NAL.pps) return 'parameter set';
    if (type === 0 || type >= H264_UNSPECIFIED) return 'invalid';
    return type > H264_NAL.pps && type <= H264_NAL.spsExtension ? 'drop' : 'keep';
  },
  beginsUnit(nal) {
    const type = h264Type(nal[0] ?? 0);
    if (type >= H264_NAL.slice && type <= H264_NAL.idr) return ((nal[1] ?? 0) & FIRST_SLICE) !== 0;
    return type >= H264_NAL.sei && type <= H264_NAL.accessUnitDelimiter;
  },
  updateSets(sets, bytes, start, end) {
    const type = h264Type(bytes[start]!);
    const idAt = start + (type === H264_NAL.sps ? 4 : 1);
    if (idAt >= end || (type !== H264_NAL.sps && type !== H264_NAL.pps)) return;
    sets.update(type, idOf(bytes, idAt, end), bytes, start, end);
  },
  codecOf: (sets) => h264Codec(sets.of(H264_NAL.sps), sets.of(H264_NAL.pps)),
  parseRecord(record) {
    const parsed = parseAvcC(record);
    return parsed && { sets: [...parsed.sps, ...parsed.pps], lengthSize: parsed.lengthSize };
  },
  isKey: isH264Key,
};

const HEVC_RULES: NalRules = {
  kindOf(header) {
    const type = hevcNalType(header);
    if (type <= HEVC_NAL.lastVcl) return 'slice';
    if (type <= HEVC_NAL.pps) return 'parameter set';
    if (type <= HEVC_NAL.fillerData) return 'drop';
    return type < HEVC_UNSPECIFIED ? 'keep' : 'invalid';
  },
  beginsUnit(nal) {
    const type = hevcNalType(nal[0] ?? 0);
    if (type <= HEVC_NAL.lastVcl) return ((nal[HEVC_HEADER_BYTES] ?? 0) & FIRST_SLICE) !== 0;
    return type <= HEVC_NAL.accessUnitDelimiter || type === HEVC_NAL.prefixSei;
  },
  /** An SPS has its id behind fields of variable length; cameras have one SPS, so it is always the same slot. */
  updateSets(sets, bytes, start, end) {
    const at = start + HEVC_HEADER_BYTES;
    if (at >= end) return;
    const type = hevcNalType(bytes[start]!);
    if (type === HEVC_NAL.vps) sets.update(type, bytes[at]! >> 4, bytes, start, end);
    else if (type === HEVC_NAL.sps) sets.update(type, 0, bytes, start, end);
    else if (type === HEVC_NAL.pps) sets.update(type, idOf(bytes, at, end), bytes, start, end);
  },
  codecOf: (sets) => hevcCodec(sets.of(HEVC_NAL.vps), sets.of(HEVC_NAL.sps), sets.of(HEVC_NAL.pps)),
  parseRecord(record) {
    const parsed = parseHvcC(record);
    return parsed && { sets: [...parsed.vps, ...parsed.sps, ...parsed.pps], lengthSize: parsed.lengthSize };
  },
  isKey: isHevcKey,
};

function idOf(bytes: Buffer, at: number, end: number): number {
  return new BitReader(bytes.subarray(at, Math.min(at + ID_BYTES, end))).ue();
}

/** The rules by FFmpeg's name of the codec. */
export const NAL_RULES: Readonly<Record<'h264' | 'hevc', NalRules>> = { h264: H264_RULES, hevc: HEVC_RULES };

/** The parameter sets among these NAL units. */
export function parameterSetsOf(rules: NalRules, nals: readonly Buffer[]): ParameterSets {
  const sets = new ParameterSets();
  for (const nal of nals) if (nal.length > 0) rules.updateSets(sets, nal, 0, nal.length);
  return sets;
}
