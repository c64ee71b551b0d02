/**
 * Bit and frame rates from counters that are read now and then: nothing is measured while packets pass.
 *
 *   read   read   read   read   read   read
 *   └──────────── over(10 s) ───────────┘     steady enough to be shown
 *                               └ over(0) ┘   as it is right now
 */
import type { KnownTrack } from '../core/inspect.ts';

export interface Rate {
  /** Bits a second. */
  readonly bitrate: number;
  /** Packets a second: of a video track its frames. */
  readonly fps: number;
}

type Counters = ReadonlyMap<number, { readonly bytes: number; readonly packets: number }>;

const WINDOW_MS = 10_000;

/** The rates of the tracks of one camera. */
export class RateMeter {
  #readings: { readonly timeMs: number; readonly counters: Counters }[] = [];

  /** Reads the counters of the tracks that run; without any, the measurement begins anew. */
  read(timeMs: number, tracks: readonly KnownTrack[]): void {
    if (tracks.length === 0) {
      this.#readings = [];
      return;
    }
    const counters = new Map(tracks.map(({ id, bytes, packets }) => [id, { bytes, packets }]));
    const kept = this.#readings.filter((reading) => timeMs - reading.timeMs <= WINDOW_MS);
    this.#readings = [...kept, { timeMs, counters }];
  }

  /** The rates over this time, or since the reading before the last; tracks that were read once only have none. */
  over(windowMs: number): Map<number, Rate> {
    const rates = new Map<number, Rate>();
    const last = this.#readings.at(-1);
    const earlier = this.#readings.slice(0, -1);
    for (const [id, { bytes, packets }] of last?.counters ?? []) {
      const known = earlier.filter(({ counters }) => counters.has(id));
      const first = known.find(({ timeMs }) => last!.timeMs - timeMs <= windowMs) ?? known.at(-1);
      if (!first) continue;
      const seconds = (last!.timeMs - first.timeMs) / 1000;
      const before = first.counters.get(id)!;
      rates.set(id, {
        bitrate: Math.round((8 * (bytes - before.bytes)) / seconds),
        fps: Math.round((10 * (packets - before.packets)) / seconds) / 10,
      });
    }
    return rates;
  }
}
