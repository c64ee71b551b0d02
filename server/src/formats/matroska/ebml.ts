/**
 * EBML, the binary XML of Matroska (RFC 8794): an id as it is registered, a size, the content.
 *
 *   1a 45 df a3 | 9f | …          size: as many leading zero bits as bytes follow the first, then a 1
 *   18 53 80 67 | 01 ff ff ff ff ff ff ff      all ones: size unknown, up to the next element of its level
 */

const UNKNOWN_SIZE = Buffer.from('01ffffffffffffff', 'hex');
/** Sizes are written in four bytes: one form for all. */
const SIZE_BYTES = 4;
const SIZE_MARK = 0x10000000;

/** An element; its content is elements or bytes. */
export function element(id: number, ...content: readonly Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const size = Buffer.allocUnsafe(SIZE_BYTES);
  size.writeUInt32BE((SIZE_MARK | length) >>> 0);
  return Buffer.concat([idBytes(id), size, ...content]);
}

/** The beginning of an element that never says how long it is. */
export function openElement(id: number): Buffer {
  return Buffer.concat([idBytes(id), UNKNOWN_SIZE]);
}

/** An element with a whole number. */
export function unsigned(id: number, value: number): Buffer {
  const content = Buffer.alloc(8);
  content.writeBigUInt64BE(BigInt(value));
  const first = content.findIndex((byte) => byte !== 0);
  return element(id, content.subarray(first < 0 ? 7 : first));
}

/** An element with a number in eight bytes. */
export function float(id: number, value: number): Buffer {
  const content = Buffer.allocUnsafe(8);
  content.writeDoubleBE(value);
  return element(id, content);
}

/** An element with text. */
export function text(id: number, value: string): Buffer {
  return element(id, Buffer.from(value, 'utf8'));
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(id);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}
