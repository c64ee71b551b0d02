/**
 * What a datagram carries: transport packets, as they are or in RTP (RFC 2250 §2, payload type 33).
 *
 *   ┌ 47 … │ 47 … │ … ┐        ┌ RTP header: 12 bytes, CSRCs, extension │ 47 … │ 47 … │ … ┐
 */

const SYNC_BYTE = 0x47;
const RTP_HEADER_BYTES = 12;
const MP2T_PAYLOAD_TYPE = 33;

/** The datagram, or its payload if it is RTP: a view. */
export function payloadOfDatagram(datagram: Buffer): Buffer {
  const isRtp =
    datagram.length > RTP_HEADER_BYTES &&
    datagram[0]! >> 6 === 2 &&
    (datagram[1]! & 0x7f) === MP2T_PAYLOAD_TYPE;
  if (!isRtp || datagram[0] === SYNC_BYTE) return datagram;
  const hasPadding = (datagram[0]! & 0x20) !== 0;
  const hasExtension = (datagram[0]! & 0x10) !== 0;
  let start = RTP_HEADER_BYTES + 4 * (datagram[0]! & 15);
  if (hasExtension && start + 4 <= datagram.length) start += 4 + 4 * datagram.readUInt16BE(start + 2);
  const end = datagram.length - (hasPadding ? datagram[datagram.length - 1]! : 0);
  return datagram.subarray(Math.min(start, datagram.length), Math.max(start, end));
}
