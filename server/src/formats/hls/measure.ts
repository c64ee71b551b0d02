/** What a segmenter learns of its stream: rates, and how far apart key frames are. */
import type { Piece } from './piece.ts';

/** Facts of a stream that outlive a segmenter. */
export interface KnownTiming {
  /** Longest distance of key frames that the last segmenter saw, seconds; 0 = not known. */
  gopSeconds: number;
}

const USUAL_FRAME_SECONDS = 0.04;
const LEAST_PICTURES = 10;
const LEAST_SECONDS = 0.2;
const MAXIMUM_STEPS = 100;

export class Measure {
  readonly #known: KnownTiming;
  readonly #earlierGopSeconds: number;
  #gopSeconds = 0;
  #firstSeconds: number | undefined;
  #lastKeySeconds: number | undefined;
  #endSeconds = 0;
  #bytes = 0;
  /** Durations of pictures, or of chunks of sound until there is one. */
  #steps: number[] = [];
  #pictures = 0;

  constructor(known: KnownTiming) {
    this.#known = known;
    this.#earlierGopSeconds = known.gopSeconds;
  }

  add({ key, bytes, seconds, picture }: Piece, startSeconds: number): void {
    this.#firstSeconds ??= startSeconds;
    if (key) {
      if (this.#lastKeySeconds !== undefined) {
        this.#gopSeconds = Math.max(this.#gopSeconds, startSeconds - this.#lastKeySeconds);
        this.#known.gopSeconds = this.#gopSeconds;
      }
      this.#lastKeySeconds = startSeconds;
    }
    this.#endSeconds = Math.max(this.#endSeconds, startSeconds + seconds);
    this.#bytes += bytes;
    if (picture && this.#pictures++ === 0) this.#steps = [];
    if (this.#steps.length < MAXIMUM_STEPS && (picture || this.#pictures === 0)) this.#steps.push(seconds);
  }

  /** Other tracks: the next key frame belongs to another picture. */
  restart(): void {
    this.#lastKeySeconds = undefined;
  }

  get #seconds(): number {
    return this.#endSeconds - (this.#firstSeconds ?? this.#endSeconds);
  }

  /** Bits a second; 0 = not known yet. */
  get bitrate(): number {
    return this.#seconds > LEAST_SECONDS ? (8 * this.#bytes) / this.#seconds : 0;
  }

  /** Pictures a second; undefined where there are few or none. */
  get frameRate(): number | undefined {
    if (this.#pictures < LEAST_PICTURES || this.#seconds <= 0) return undefined;
    return this.#pictures / this.#seconds;
  }

  /** Usual distance of pictures, or of chunks of sound: the median of some. */
  get frameSeconds(): number {
    const steps = this.#steps.toSorted((a, b) => a - b);
    return steps[steps.length >> 1] || USUAL_FRAME_SECONDS;
  }

  /** Longest distance of key frames; 0 = not known. */
  get gopSeconds(): number {
    return Math.max(this.#earlierGopSeconds, this.#gopSeconds);
  }

  /** How long the present group of pictures is already. */
  get pendingSeconds(): number {
    return this.#endSeconds - (this.#lastKeySeconds ?? this.#endSeconds);
  }
}
