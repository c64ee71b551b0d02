/**
 * ISO base media file format boxes, written. Source of truth: ISO 14496-12 §4.2.
 *
 *   box       size u32, type 4CC, payload
 *   full box  size u32, type 4CC, version u8, flags u24, payload
 *
 * All numbers are big-endian.
 */

/** Joins the parts into a box of this type. */
export function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.allocUnsafe(8);
  let size = 8;
  for (const part of parts) size += part.length;
  head.writeUInt32BE(size, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...parts], size);
}

/** A box with version and flags. */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly Buffer[]): Buffer {
  return box(type, u32((version << 24) | flags), ...parts);
}

export function u8(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

export function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 2);
  values.forEach((value, index) => {
    bytes.writeUInt16BE(value & 0xffff, index * 2);
  });
  return bytes;
}

/** Negative numbers are written as two's complement. */
export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value >>> 0, index * 4);
  });
  return bytes;
}

/** 16.16 fixed point. */
export function fixed(...values: readonly number[]): Buffer {
  return u32(...values.map((value) => Math.round(value * 0x10000)));
}

/** Text without length or terminator. */
export function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}
