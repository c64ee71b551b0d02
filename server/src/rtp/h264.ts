/**
 * H.264 in RTP: RFC 6184, packetization modes 0 and 1.
 *
 *   one NAL unit     ┌ F NRI type │ … ┐                                     §5.6
 *   STAP-A (24)      ┌ F NRI 24 ┬ size 16 │ NAL ┬ size 16 │ NAL ┬ … ┐       §5.7.1
 *   FU-A (28)        ┌ F NRI 28 ┬ S E R type ┬ a part of a NAL … ┐          §5.8
 *
 * STAP-B, MTAP and FU-B (interleaved mode, which no camera offers) count as corrupt.
 */
import { parseAvcC } from '../codecs/h264.ts';
import { createNalPayload } from './nal-payload.ts';

const STAP_A = 24;
const FU_A = 28;
const TYPE_BITS = 0x1f;
const REFERENCE_BITS = 0xe0;
const HIGHEST_REFERENCE = 0x60;

export const h264Payload = createNalPayload({
  codec: 'h264',
  encodings: ['H264'],
  spropNames: ['sprop-parameter-sets'],
  parametersOf,
  headerBytes: 1,
  minimumBytes: 1,
  aggregateType: STAP_A,
  aggregateHeader: Buffer.from([HIGHEST_REFERENCE | STAP_A]),
  fragmentType: FU_A,
  typeOf: (header) => header & TYPE_BITS,
  withType: (header, type) => (header & REFERENCE_BITS) | (type & TYPE_BITS),
});

function parametersOf(extradata: Buffer): Record<string, string> {
  const { sps = [], pps = [] } = parseAvcC(extradata) ?? {};
  if (!sps[0]) return { 'packetization-mode': '1' };
  return {
    'packetization-mode': '1',
    'profile-level-id': sps[0].toString('hex', 1, 4).toUpperCase(),
    'sprop-parameter-sets': [...sps, ...pps].map((set) => set.toString('base64')).join(','),
  };
}
