/** One track of an MP4 that is being read: its place in time, and its samples as packets have them. */
import type { MovieTrack } from './read-movie.ts';
import { createSampleReader, type SampleReader } from './sample-reader.ts';

/** Where the bytes of a sample are in the stream, and when it is due; times in ticks of the codec. */
export interface Spot {
  readonly lane: Lane;
  /** Position in the stream. */
  offset: number;
  readonly size: number;
  readonly dts: number;
  readonly pts: number;
  readonly duration: number;
}

const MAXIMUM_SAMPLE_BYTES = 16 << 20;

export class Lane {
  readonly movie: MovieTrack;
  readonly reader: SampleReader;
  readonly #timeBase: number;
  #compositionShift: number;
  /** Ticks of the file: where the next fragment goes on if it doesn't say. */
  nextDecodeTime = 0;

  /** `id`: of the Track that its packets get. */
  constructor(id: number, movie: MovieTrack) {
    this.movie = movie;
    this.reader = createSampleReader(id, movie.codec);
    this.#timeBase = movie.codec.timeBase;
    this.#compositionShift = movie.compositionShift;
  }

  /** Takes a negative composition offset into account: all decode times go down by it, so that dts <= pts. */
  lowerBy(compositionOffset: number): void {
    if (-compositionOffset > this.#compositionShift) this.#compositionShift = -compositionOffset;
  }

  /** Undefined for a sample that cannot be: empty, too long, or of a time beyond reason. */
  place(
    offset: number,
    size: number,
    decodeTime: number,
    compositionOffset: number,
    duration: number,
  ): Spot | undefined {
    if (size === 0 || size > MAXIMUM_SAMPLE_BYTES) return undefined;
    const time = decodeTime + this.movie.startTicks;
    const pts = this.#ticks(time + compositionOffset);
    const dts = Math.min(pts, this.#ticks(time - this.#compositionShift));
    if (!Number.isSafeInteger(pts) || !Number.isSafeInteger(dts)) return undefined;
    return { lane: this, offset, size, dts, pts, duration: this.#ticks(time + duration) - this.#ticks(time) };
  }

  #ticks(time: number): number {
    return Math.round((time * this.#timeBase) / this.movie.timescale);
  }
}

/** Seconds, to order the samples of all tracks by. */
export function secondsOf({ dts, lane }: Spot): number {
  return dts / lane.movie.codec.timeBase;
}
