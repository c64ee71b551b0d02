/**
 * One growing byte string at a time, in memory shared by many.
 *
 *   slab  ┌ taken ┬ taken ┬ unit in progress ┬ free ┐
 *         0       ·       start              end    buffer.length
 *
 * What was taken is never touched again, so views of it can be handed out without a copy; the memory goes when the last
 * view of its slab goes. A fresh slab costs one allocation for dozens of access units.
 */

const DEFAULT_BYTES = 256 * 1024;

export class Slab {
  /** Where the unit in progress is written; another object after `ensure` had to move it. */
  buffer: Buffer;
  /** Offset of the unit in progress. */
  start = 0;
  /** Offset behind its last byte: writers advance it. */
  end = 0;
  readonly #slabBytes: number;
  readonly #align: number;

  /** `align`: each unit begins at a multiple of it in its memory. */
  constructor({ slabBytes = DEFAULT_BYTES, align = 1 }: { slabBytes?: number; align?: number } = {}) {
    this.#slabBytes = slabBytes;
    this.#align = align;
    this.buffer = Buffer.allocUnsafeSlow(0);
  }

  /** Length of the unit in progress. */
  get length(): number {
    return this.end - this.start;
  }

  /** Makes room for `bytes` more behind `end`; moves the unit in progress to a fresh slab if this one is full. */
  ensure(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return;
    const used = this.end - this.start;
    const fresh = Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, (used + bytes) * 2));
    this.buffer.copy(fresh, 0, this.start, this.end);
    this.buffer = fresh;
    this.start = 0;
    this.end = used;
  }

  /** Appends a copy of `source[from, to)`. */
  append(source: Buffer, from: number, to: number): void {
    if (this.end + to - from > this.buffer.length) this.ensure(to - from);
    source.copy(this.buffer, this.end, from, to);
    this.end += to - from;
  }

  /** The unit (or its first bytes) as a view, frozen from now on; the next one begins behind it. */
  take(bytes = this.end - this.start): Buffer {
    const unit = this.buffer.subarray(this.start, this.start + bytes);
    this.start += bytes;
    const over = this.start % this.#align;
    if (over && this.start === this.end) {
      this.start = Math.min(this.end + this.#align - over, this.buffer.length);
      this.end = this.start;
    }
    return unit;
  }

  /** Forgets the unit in progress. */
  drop(): void {
    this.end = this.start;
  }
}
