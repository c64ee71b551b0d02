/**
 * The RTP header (RFC 3550 §5.1), read in place: no object is made per packet.
 *
 *   0                   1                   2                   3
 *   V=2 P X  CC    M      PT               sequence
 *   timestamp
 *   SSRC
 *   CSRC × CC, then if X: profile 16, length 16 in words, extension; if P: the last byte counts the padding
 */

const FIXED_BYTES = 12;

/** Whether `bytes[start, end)` can be RTP: version 2 and a whole header. Then the getters below may be used. */
export function isRtp(bytes: Buffer, start: number, end: number): boolean {
  return end - start >= FIXED_BYTES && bytes[start]! >> 6 === 2;
}

/** Whether it is RTCP where both come to one port (RFC 5761 §4): packet types 192–223. */
export function isRtcp(bytes: Buffer, start: number, end: number): boolean {
  return end - start >= 8 && bytes[start]! >> 6 === 2 && bytes[start + 1]! >= 192 && bytes[start + 1]! <= 223;
}

export function rtpMarker(bytes: Buffer, start: number): boolean {
  return (bytes[start + 1]! & 0x80) !== 0;
}

export function rtpPayloadType(bytes: Buffer, start: number): number {
  return bytes[start + 1]! & 0x7f;
}

export function rtpSequence(bytes: Buffer, start: number): number {
  return bytes.readUInt16BE(start + 2);
}

export function rtpTimestamp(bytes: Buffer, start: number): number {
  return bytes.readUInt32BE(start + 4);
}

export function rtpSsrc(bytes: Buffer, start: number): number {
  return bytes.readUInt32BE(start + 8);
}

/** Offset of the payload, behind CSRC and extension; beyond `end` when the header is cut off. */
export function rtpPayloadStart(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start]!;
  let at = start + FIXED_BYTES + (first & 0x0f) * 4;
  if (first & 0x10) at += at + 4 <= end ? 4 + bytes.readUInt16BE(at + 2) * 4 : 4;
  return at;
}

/** Offset behind the payload, before the padding. */
export function rtpPayloadEnd(bytes: Buffer, start: number, end: number): number {
  return bytes[start]! & 0x20 ? end - bytes[end - 1]! : end;
}
