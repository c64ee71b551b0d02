/** H.264 elementary stream: the rules of ITU-T H.264 §7.4.1.2.3 for finding the first unit of an access unit. */
import { H264_NAL, h264Codec, isH264Key, parseSps } from '../../codecs/h264.ts';
import { h264PictureOrder } from '../../codecs/picture-order.ts';
import type { Demuxer } from '../../core/model.ts';
import { createAnnexBDemuxer } from './annex-b.ts';

const typeOf = (nal: Buffer): number => (nal[0] ?? 0) & 0x1f;
/** first_mb_in_slice is ue(v): 0 is the single bit 1. */
const isFirstSlice = (nal: Buffer): boolean => ((nal[1] ?? 0) & 0x80) !== 0;

/** pic_parameter_set_id, the first field of a PPS. */
function firstUe(nal: Buffer): number {
  const bits = (nal.length > 3 ? nal.readUIntBE(1, 3) : 0x800000) | 1;
  const zeros = Math.clz32(bits) - 8;
  return (bits >> (23 - 2 * zeros)) - 1;
}

/** Whether the NAL unit is the first slice of a picture, or can only stand before one. */
export function beginsH264Unit(nal: Buffer): boolean {
  const type = typeOf(nal);
  if (type >= 1 && type <= 5) return isFirstSlice(nal);
  return type >= H264_NAL.sei && type <= H264_NAL.accessUnitDelimiter;
}

/** Demuxer of Annex B bytes. */
export function createDemuxer(): Demuxer {
  return createAnnexBDemuxer({
    classify(nal) {
      const type = typeOf(nal);
      if (type === H264_NAL.sps || type === H264_NAL.pps) return 'parameter';
      if (type >= 1 && type <= 5) return 'picture';
      return type === H264_NAL.accessUnitDelimiter || type === H264_NAL.fillerData ? 'drop' : 'other';
    },
    beginsAccessUnit: beginsH264Unit,
    isKey: isH264Key,
    codec(sets) {
      const sps = sets.filter((set) => typeOf(set) === H264_NAL.sps);
      const pps = sets.filter((set) => typeOf(set) === H264_NAL.pps);
      return sps.length && pps.length ? h264Codec(sps, pps) : undefined;
    },
    order(sets) {
      const sps = sets.find((set) => typeOf(set) === H264_NAL.sps);
      const facts = sps && parseSps(sps);
      const order = facts?.reorderDepth === 0 ? undefined : sps && h264PictureOrder(sps);
      return order && { order, depth: facts?.reorderDepth, step: 2 };
    },
    parameterKind: (nal) => (typeOf(nal) === H264_NAL.sps ? 'sps' : `pps${firstUe(nal)}`),
  });
}
