/**
 * HEVC in RTP: RFC 7798, single stream, without decoding order numbers.
 *
 *   one NAL unit   ┌ F type layer tid ┬ … ┐                                   §4.4.1
 *   AP (48)        ┌ header, type 48 ┬ size 16 │ NAL ┬ size 16 │ NAL ┬ … ┐     §4.4.2
 *   FU (49)        ┌ header, type 49 ┬ S E type ┬ a part of a NAL … ┐          §4.4.3
 */
import { hevcNalType, parseHvcC } from '../codecs/hevc.ts';
import { createNalPayload } from './nal-payload.ts';

const AP = 48;
const FU = 49;
/** Of the first header byte: forbidden bit and the high bit of the layer id, the rest is the type. */
const NOT_TYPE_BITS = 0x81;
const FIRST_TEMPORAL_ID = 1;
const SPROP_NAMES = ['sprop-vps', 'sprop-sps', 'sprop-pps'] as const;

export const hevcPayload = createNalPayload({
  codec: 'hevc',
  encodings: ['H265', 'HEVC'],
  spropNames: SPROP_NAMES,
  parametersOf,
  headerBytes: 2,
  minimumBytes: 3,
  aggregateType: AP,
  aggregateHeader: Buffer.from([AP << 1, FIRST_TEMPORAL_ID]),
  fragmentType: FU,
  typeOf: hevcNalType,
  withType: (header, type) => (header & NOT_TYPE_BITS) | (type << 1),
});

function parametersOf(extradata: Buffer): Record<string, string> {
  const sets = parseHvcC(extradata);
  const lists = sets ? [sets.vps, sets.sps, sets.pps] : [];
  return Object.fromEntries(
    lists.map((list, index) => [SPROP_NAMES[index]!, list.map((set) => set.toString('base64')).join(',')]),
  );
}
