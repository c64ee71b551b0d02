/**
 * Remembers the parameter sets of a video stream (SPS, PPS, VPS) by type and id, and says when they really changed.
 */

const MAX_SETS = 64;
const MAX_SET_BYTES = 4096;

export class ParameterSets {
  readonly #sets = new Map<number, Buffer>();
  /** Set by `update`; cleared by whoever makes a codec of the sets. */
  changed = false;

  /** Keeps a copy of `bytes[start, end)` unless it is known; one of the same type and id is replaced. */
  update(type: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start > MAX_SET_BYTES) return;
    const key = (type << 16) | id;
    const known = this.#sets.get(key);
    if (known && known.length === end - start && known.compare(bytes, start, end) === 0) return;
    if (!known && this.#sets.size >= MAX_SETS) return;
    this.#sets.set(key, Buffer.from(bytes.subarray(start, end)));
    this.changed = true;
  }

  /** All of one type, in the order they first came. */
  of(type: number): Buffer[] {
    return [...this.#sets].filter(([key]) => key >> 16 === type).map(([, set]) => set);
  }
}
