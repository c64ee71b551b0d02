/** The last minutes of a camera, for its charts: a ring of samples. */

export const INTERVAL_MS = 2000;
const SPAN_MS = 300_000;
const CAPACITY = SPAN_MS / INTERVAL_MS;

export interface Sample {
  /** ms since 1970. */
  readonly time: number;
  readonly bitrate: number;
  readonly fps: number;
  readonly viewers: number;
}

const MEMBERS = 4;

/** Costs a few KB once the camera has been used, nothing before. */
export class History {
  #ring: Float64Array | undefined;
  #next = 0;
  #busyAt = 0;

  /** Adds a sample; those of a camera that was not used for minutes are not kept. */
  add({ time, bitrate, fps, viewers }: Sample): void {
    if (bitrate > 0 || viewers > 0) this.#busyAt = time;
    if (time - this.#busyAt > SPAN_MS) return;
    this.#ring ??= new Float64Array(CAPACITY * MEMBERS);
    this.#ring.set([time, bitrate, fps, viewers], this.#next * MEMBERS);
    this.#next = (this.#next + 1) % CAPACITY;
  }

  /** Those of the last five minutes, oldest first. */
  samples(now: number): Sample[] {
    const ring = this.#ring;
    if (!ring) return [];
    const inOrder = Array.from(
      { length: CAPACITY },
      (_, index) => ((this.#next + index) % CAPACITY) * MEMBERS,
    );
    return inOrder
      .filter((at) => now - ring[at]! <= SPAN_MS)
      .map((at) => ({ time: ring[at]!, bitrate: ring[at + 1]!, fps: ring[at + 2]!, viewers: ring[at + 3]! }));
  }
}
