/**
 * Decode timestamps for video that has only presentation timestamps, as RTP does (RFC 6184 §5.1).
 *
 *   decode order   I0 P3 B1 B2 P6 B4 B5
 *   pts             0  3  1  2  6  4  5
 *   dts            -1  0  1  2  3  4  5     the smallest of the last `depth + 1` pts; before there are as many, steps up to it
 *
 * The depth is how many pictures that are shown later come before one. Where nobody tells it, it is learnt: dts is pts
 * until a pts steps back, and whoever writes the packet then raises that pts to the dts before it.
 */
import type { Codec } from '../codecs/codec.ts';
import { parseAvcC, parseSps as parseH264Sps } from '../codecs/h264.ts';
import { parseHvcC } from '../codecs/hevc.ts';
import { parseSps as parseHevcSps } from '../codecs/hevc-sps.ts';

const MAX_DEPTH = 16;
/** Of the pictures before the depth is reached; any step keeps the order. */
const STEP_SECONDS = 0.04;

export class DecodeTime {
  /** Ticks a second; a step beyond a second is a clock that was set, not reordering. */
  readonly #timeBase: number;
  #depth = 0;
  /** The last pts in decode order, `MAX_DEPTH + 1` at the most. */
  readonly #recent: number[] = [];
  #last = Number.NEGATIVE_INFINITY;

  /** `timeBase`: ticks a second. */
  constructor(timeBase: number) {
    this.#timeBase = timeBase;
  }

  /** What the parameter sets say; undefined: they don't, so it is learnt. */
  setDepth(depth: number | undefined): void {
    this.#depth = Math.min(depth ?? 0, MAX_DEPTH);
  }

  /** The dts of the next picture. Never decreases, unless the clock was set back. */
  next(pts: number): number {
    if (Math.abs(pts - this.#last) > this.#timeBase) {
      this.#recent.length = 0;
      this.#last = Number.NEGATIVE_INFINITY;
    }
    this.#recent.push(pts);
    if (this.#recent.length > MAX_DEPTH + 1) this.#recent.shift();
    this.#learn(pts);
    this.#last = Math.max(this.#last, this.#depth === 0 ? pts : this.#smallest());
    return this.#last;
  }

  #learn(pts: number): void {
    let later = 0;
    for (const other of this.#recent) if (other > pts) later++;
    if (later > this.#depth) this.#depth = later;
  }

  /** Of the last `depth + 1`: those still to be shown, and the one to be shown now. */
  #smallest(): number {
    const missing = this.#depth + 1 - this.#recent.length;
    if (missing > 0) return Math.min(...this.#recent) - Math.round(missing * STEP_SECONDS * this.#timeBase);
    const recent = this.#recent.toSorted((a, b) => b - a);
    return recent[this.#depth]!;
  }
}

/** How many pictures may be decoded before one that is shown earlier; undefined where the parameter sets don't tell. */
export function reorderDepth({ name, extradata }: Codec): number | undefined {
  if (name !== 'h264' && name !== 'hevc') return 0;
  const sps = extradata && (name === 'h264' ? parseAvcC : parseHvcC)(extradata)?.sps[0];
  return sps && (name === 'h264' ? parseH264Sps : parseHevcSps)(sps)?.reorderDepth;
}
