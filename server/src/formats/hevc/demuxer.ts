/** HEVC elementary stream: the rules of ITU-T H.265 §7.4.2.4.4 for finding the first unit of an access unit. */
import { HEVC_NAL, hevcCodec, hevcNalType, isHevcKey } from '../../codecs/hevc.ts';
import { parseSps } from '../../codecs/hevc-sps.ts';
import { hevcPictureOrder } from '../../codecs/picture-order.ts';
import type { Demuxer } from '../../core/model.ts';
import { createAnnexBDemuxer } from '../h264/annex-b.ts';

const typeOf = (nal: Buffer): number => hevcNalType(nal[0] ?? 0);
const isPicture = (type: number): boolean => type <= HEVC_NAL.lastVcl;
/** first_slice_segment_in_pic_flag is the first bit behind the two header bytes. */
const isFirstSlice = (nal: Buffer): boolean => ((nal[2] ?? 0) & 0x80) !== 0;
const PARAMETER_NAMES: Readonly<Record<number, string>> = {
  [HEVC_NAL.vps]: 'vps',
  [HEVC_NAL.sps]: 'sps',
  [HEVC_NAL.pps]: 'pps',
};

/** Whether the NAL unit is the first slice of a picture, or can only stand before one. */
export function beginsHevcUnit(nal: Buffer): boolean {
  const type = typeOf(nal);
  if (isPicture(type)) return isFirstSlice(nal);
  return (type >= HEVC_NAL.vps && type <= HEVC_NAL.accessUnitDelimiter) || type === HEVC_NAL.prefixSei;
}

/** Demuxer of Annex B bytes. */
export function createDemuxer(): Demuxer {
  return createAnnexBDemuxer({
    classify(nal) {
      const type = typeOf(nal);
      if (type in PARAMETER_NAMES) return 'parameter';
      if (isPicture(type)) return 'picture';
      return type === HEVC_NAL.accessUnitDelimiter || type === HEVC_NAL.fillerData ? 'drop' : 'other';
    },
    beginsAccessUnit: beginsHevcUnit,
    isKey: isHevcKey,
    codec(sets) {
      const of = (wanted: number): Buffer[] => sets.filter((set) => typeOf(set) === wanted);
      const [vps, sps, pps] = [of(HEVC_NAL.vps), of(HEVC_NAL.sps), of(HEVC_NAL.pps)];
      return vps.length && sps.length && pps.length ? hevcCodec(vps, sps, pps) : undefined;
    },
    order(sets) {
      const [sps, pps] = [HEVC_NAL.sps, HEVC_NAL.pps].map((type) => sets.find((set) => typeOf(set) === type));
      const facts = sps && parseSps(sps);
      const order = facts?.reorderDepth === 0 || !pps ? undefined : sps && hevcPictureOrder(sps, pps);
      return order && { order, depth: facts?.reorderDepth, step: 1 };
    },
    parameterKind: (nal) => PARAMETER_NAMES[typeOf(nal)] ?? '',
  });
}
