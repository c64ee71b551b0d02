/** H.264 elementary stream: Annex B bytes, their pictures put in order as ITU-T H.264 §8.2.1 counts them. */
import { H264_NAL, parseSps } from '../../codecs/h264.ts';
import type { ParameterSets } from '../../codecs/parameter-sets.ts';
import { h264PictureOrder } from '../../codecs/picture-order.ts';
import type { Demuxer } from '../../core/model.ts';
import { createAnnexBDemuxer } from './annex-b.ts';
import type { OrderFacts } from './display-order.ts';

/** Demuxer of Annex B bytes. */
export function createDemuxer(): Demuxer {
  return createAnnexBDemuxer('h264', orderFacts);
}

function orderFacts(sets: ParameterSets): OrderFacts | undefined {
  const sps = sets.of(H264_NAL.sps)[0]!;
  const depth = parseSps(sps)?.reorderDepth;
  const order = depth === 0 ? undefined : h264PictureOrder(sps);
  return order && { order, depth, step: 2 };
}
