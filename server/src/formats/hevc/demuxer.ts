/** HEVC elementary stream: Annex B bytes, their pictures put in order as ITU-T H.265 §8.3.1 counts them. */
import { HEVC_NAL } from '../../codecs/hevc.ts';
import { parseSps } from '../../codecs/hevc-sps.ts';
import type { ParameterSets } from '../../codecs/parameter-sets.ts';
import { hevcPictureOrder } from '../../codecs/picture-order.ts';
import type { Demuxer } from '../../core/model.ts';
import { createAnnexBDemuxer } from '../h264/annex-b.ts';
import type { OrderFacts } from '../h264/display-order.ts';

/** Demuxer of Annex B bytes. */
export function createDemuxer(): Demuxer {
  return createAnnexBDemuxer('hevc', orderFacts);
}

function orderFacts(sets: ParameterSets): OrderFacts | undefined {
  const [sps, pps] = [sets.of(HEVC_NAL.sps)[0]!, sets.of(HEVC_NAL.pps)[0]!];
  const depth = parseSps(sps)?.reorderDepth;
  const order = depth === 0 ? undefined : hevcPictureOrder(sps, pps);
  return order && { order, depth, step: 1 };
}
