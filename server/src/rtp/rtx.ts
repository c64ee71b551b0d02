/**
 * Retransmissions in a stream of their own (RFC 4588 §4): the packet as it was, behind its sequence number.
 *
 *   │ RTP header: type and SSRC of the retransmission │ original sequence 16 │ original payload …
 */
import { rtpPayloadEnd, rtpPayloadStart } from './packet.ts';

const SEQUENCE_BYTES = 2;
const MARKER = 0x80;

/** The original packet of a retransmission; undefined for one without payload, which only fills the line. */
export function originalOf(
  packet: Buffer,
  original: { ssrc: number; payloadType: number },
): Buffer | undefined {
  const start = rtpPayloadStart(packet, 0, packet.length);
  const end = rtpPayloadEnd(packet, 0, packet.length);
  if (end - start <= SEQUENCE_BYTES) return undefined;
  const restored = Buffer.allocUnsafe(end - SEQUENCE_BYTES);
  packet.copy(restored, 0, 0, start);
  packet.copy(restored, start, start + SEQUENCE_BYTES, end);
  restored[0]! &= 0xdf;
  restored[1] = (packet[1]! & MARKER) | original.payloadType;
  restored.writeUInt16BE(packet.readUInt16BE(start), 2);
  restored.writeUInt32BE(original.ssrc, 8);
  return restored;
}
