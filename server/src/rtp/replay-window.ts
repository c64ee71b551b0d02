const BITS = 128;

/** Which indexes of a sender were seen (RFC 3711 §3.3.2): the highest, and one mark for each of the last 128. */
export class ReplayWindow {
  readonly #seen = new Uint8Array(BITS);
  #highest = -1;

  /** -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether the index is new; those too old to tell are not. */
  accepts(index: number): boolean {
    if (index > this.#highest) return true;
    return index >= 0 && this.#highest - index < BITS && this.#seen[index % BITS] === 0;
  }

  /** Marks an index as seen; to be called once its packet is known to be authentic. */
  add(index: number): void {
    if (index > this.#highest) {
      const first = Math.max(this.#highest + 1, index - BITS + 1);
      for (let skipped = first; skipped < index; skipped++) this.#seen[skipped % BITS] = 0;
      this.#highest = index;
    }
    this.#seen[index % BITS] = 1;
  }
}
