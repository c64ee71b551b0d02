/**
 * REMB (draft-alvestrand-rmcat-remb-03): what a receiver can take. A browser that hears none sends at its lowest quality.
 *
 *   │ 8f 206 │ length │ ssrc │ 0 │ "REMB" │ n 8, exponent 6, mantissa 18 │ ssrc × n
 */
const PAYLOAD_FEEDBACK = 206;
const APPLICATION_LAYER = 15;
const MANTISSA_BITS = 18;
const HEADER_BYTES = 20;

/** The packet that allows the sources together so many bits a second. */
export function maximumBitrate(ssrc: number, sources: readonly number[], bitsPerSecond: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + 4 * sources.length);
  const exponent = Math.max(0, Math.floor(Math.log2(bitsPerSecond)) + 1 - MANTISSA_BITS);
  const mantissa = Math.floor(bitsPerSecond / 2 ** exponent);
  bytes[0] = 0x80 | APPLICATION_LAYER;
  bytes[1] = PAYLOAD_FEEDBACK;
  bytes.writeUInt16BE(bytes.length / 4 - 1, 2);
  bytes.writeUInt32BE(ssrc, 4);
  bytes.write('REMB', 12);
  bytes.writeUInt32BE(((sources.length << 24) | (exponent << MANTISSA_BITS) | mantissa) >>> 0, 16);
  sources.forEach((source, index) => {
    bytes.writeUInt32BE(source, HEADER_BYTES + 4 * index);
  });
  return bytes;
}
