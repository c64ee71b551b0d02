/**
 * Bit strings, most significant bit first, as every bitstream syntax of ITU-T and ISO is written down.
 */

/** Reads bit fields. Past the end it gives zeros and says `overrun`, so a parser checks once, at its end. */
export class BitReader {
  readonly #data: Buffer;
  readonly #end: number;
  #position = 0;
  #overrun = false;

  constructor(data: Buffer) {
    this.#data = data;
    this.#end = data.length * 8;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#position;
  }

  get bitsLeft(): number {
    return this.#end - this.#position;
  }

  /** Something was read past the end, or was no valid Exp-Golomb code: no value since then means anything. */
  get overrun(): boolean {
    return this.#overrun;
  }

  /** u(count), 0 to 32 bits. */
  bits(count: number): number {
    if (count > this.#end - this.#position) {
      this.#fail();
      return 0;
    }
    let value = 0;
    let left = count;
    while (left > 0) {
      const inByte = 8 - (this.#position & 7);
      const take = Math.min(left, inByte);
      const byte = this.#data[this.#position >> 3]!;
      value = value * 2 ** take + ((byte >> (inByte - take)) & ((1 << take) - 1));
      this.#position += take;
      left -= take;
    }
    return value;
  }

  /** The next u(count), not read yet; 0 where they are not all there. */
  peek(count: number): number {
    if (count > this.bitsLeft) return 0;
    const position = this.#position;
    const value = this.bits(count);
    this.#position = position;
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    if (count > this.#end - this.#position) this.#fail();
    else this.#position += count;
  }

  /** ue(v): Exp-Golomb, up to 2^32 - 2. */
  ue(): number {
    let zeros = 0;
    while (zeros < 32 && this.bits(1) === 0) {
      if (this.#overrun) return 0;
      zeros++;
    }
    if (zeros === 32) {
      this.#fail();
      return 0;
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v): signed Exp-Golomb. */
  se(): number {
    const code = this.ue();
    return code & 1 ? (code + 1) / 2 : -code / 2;
  }

  /** The next `count` bits as bytes, the last one filled up with zeros: a view where they are aligned, else a copy. */
  bytes(count: number): Buffer {
    const start = this.#position;
    this.skip(count);
    if (this.#overrun) return Buffer.alloc(0);
    return sliceBits(this.#data, start, count);
  }

  #fail(): void {
    this.#overrun = true;
    this.#position = this.#end;
  }
}

/** Bits `start` to `start + count` of data, as bytes: a view if that is whole aligned bytes, else a copy. */
export function sliceBits(data: Buffer, start: number, count: number): Buffer {
  const first = start >> 3;
  const shift = start & 7;
  const length = (count + 7) >> 3;
  if (shift === 0 && (count & 7) === 0) return data.subarray(first, first + length);
  const result = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) {
    const pair = (data[first + i]! << 8) | (data[first + i + 1] ?? 0);
    result[i] = (pair >> (8 - shift)) & 0xff;
  }
  if (count & 7) result[length - 1]! &= 0xff00 >> (count & 7);
  return result;
}

/** Writes bit fields into a buffer that grows. */
export class BitWriter {
  #data: Buffer;
  #length = 0;
  #held = 0;
  #heldBits = 0;

  constructor(capacity = 64) {
    this.#data = Buffer.allocUnsafe(Math.max(capacity, 8));
  }

  /** u(count), 0 to 32 bits; higher bits of value are ignored. */
  bits(value: number, count: number): void {
    if (count > 16) {
      this.bits(value >>> 16, count - 16);
      this.bits(value, 16);
      return;
    }
    this.#held = (this.#held << count) | (value & ((1 << count) - 1));
    this.#heldBits += count;
    while (this.#heldBits >= 8) {
      this.#heldBits -= 8;
      if (this.#length === this.#data.length) this.#grow();
      this.#data[this.#length++] = this.#held >> this.#heldBits;
      this.#held &= (1 << this.#heldBits) - 1;
    }
  }

  /** `count` zero bits and a one. */
  unary(count: number): void {
    let left = count;
    for (; left >= 16; left -= 16) this.bits(0, 16);
    this.bits(1, left + 1);
  }

  align(): void {
    if (this.#heldBits > 0) this.bits(0, 8 - this.#heldBits);
  }

  /** What was written, filled up with zero bits to a whole byte: a view of the writer's memory. */
  finish(): Buffer {
    this.align();
    return this.#data.subarray(0, this.#length);
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#data.length * 2);
    this.#data.copy(larger);
    this.#data = larger;
  }
}
