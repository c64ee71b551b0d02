/**
 * ISO base media file format boxes, read: the twin of boxes.ts. Source of truth: ISO 14496-12 §4.2.
 *
 *   size u32 │ type 4CC │ [size u64, where size is 1] │ payload
 */

/** A box inside a buffer; offsets of its payload. */
export interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;

/** The boxes in `data[start, end)`; ends where one is corrupt. */
export function* readBoxes(data: Buffer, start = 0, end = data.length): Generator<Box> {
  let at = start;
  while (at + HEADER_BYTES <= end) {
    let size = data.readUInt32BE(at);
    let headerBytes = HEADER_BYTES;
    if (size === 1) {
      if (at + LARGE_HEADER_BYTES > end) return;
      size = Number(data.readBigUInt64BE(at + HEADER_BYTES));
      headerBytes = LARGE_HEADER_BYTES;
    } else if (size === 0) size = end - at;
    if (size < headerBytes || size > end - at) return;
    yield { type: data.toString('latin1', at + 4, at + 8), start: at + headerBytes, end: at + size };
    at += size;
  }
}

/** The payload of the first box at this path, as a view. */
export function findBox(data: Buffer, ...path: readonly string[]): Buffer | undefined {
  let payload: Buffer | undefined = data;
  for (const wanted of path) {
    payload = payload && childOf(payload, wanted);
  }
  return payload;
}

function childOf(data: Buffer, wanted: string): Buffer | undefined {
  for (const { type, start, end } of readBoxes(data)) {
    if (type === wanted) return data.subarray(start, end);
  }
  return undefined;
}

/** The payloads of all boxes of a type, as views. */
export function allBoxes(data: Buffer, wanted: string): Buffer[] {
  const found: Buffer[] = [];
  for (const { type, start, end } of readBoxes(data)) {
    if (type === wanted) found.push(data.subarray(start, end));
  }
  return found;
}

/** Reads the fields of a payload one behind the other. Past its end it gives zeros and says `overrun`. */
export class FieldReader {
  readonly #data: Buffer;
  #at: number;
  overrun = false;

  constructor(data: Buffer, at = 0) {
    this.#data = data;
    this.#at = at;
  }

  get bytesLeft(): number {
    return this.#data.length - this.#at;
  }

  u8(): number {
    return this.#take(1) ? this.#data[this.#at - 1]! : 0;
  }

  u16(): number {
    return this.#take(2) ? this.#data.readUInt16BE(this.#at - 2) : 0;
  }

  u32(): number {
    return this.#take(4) ? this.#data.readUInt32BE(this.#at - 4) : 0;
  }

  i32(): number {
    return this.u32() | 0;
  }

  /** Exact up to 2^53; beyond that the nearest number. */
  u64(): number {
    return this.#take(8) ? Number(this.#data.readBigUInt64BE(this.#at - 8)) : 0;
  }

  i64(): number {
    return this.#take(8) ? Number(this.#data.readBigInt64BE(this.#at - 8)) : 0;
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  #take(bytes: number): boolean {
    if (bytes > this.#data.length - this.#at) {
      this.overrun = true;
      return false;
    }
    this.#at += bytes;
    return true;
  }
}
