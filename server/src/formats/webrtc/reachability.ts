/** Whether peers find a way to our port, as far as their sessions have shown. */

/** One may have left before it found a way. */
const FAILURES = 2;

export class Reachability {
  #reached = false;
  #failures = 0;

  /** Undefined: nobody has tried, or too few. */
  get reachable(): boolean | undefined {
    if (this.#reached) return true;
    return this.#failures >= FAILURES ? false : undefined;
  }

  /** A session found a way, or none. */
  note(found: boolean): void {
    if (found) this.#reached = true;
    else this.#failures++;
  }
}
