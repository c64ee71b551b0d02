/**
 * The complete segments of a stream: those that the playlist lists, and older ones that a slow viewer may still ask for.
 *
 *   gone │ kept, not listed │ listed │                a segment stays as long again as the playlist (RFC 8216 §6.2.2)
 *
 * Bounded in bytes; then fewer are kept, and in the end fewer are listed.
 */
import type { PartEntry, SegmentEntry } from './playlist-writer.ts';

/** Bytes to send, in pieces. */
export interface Payload {
  readonly buffers: readonly Buffer[];
  readonly bytes: number;
}

export interface Part extends Payload, PartEntry {}

export interface Segment extends SegmentEntry {
  readonly parts: readonly Part[];
  readonly bytes: number;
}

/** The playlist lists this many target durations: a player begins three from the end (RFC 8216 §6.3.3). */
const LISTED_TARGETS = 5;
const LEAST_LISTED = 3;
const MAXIMUM_BYTES = 48 << 20;

export class SegmentWindow {
  /** Oldest first; the playlist lists those from #listed on. */
  #segments: Segment[] = [];
  #listed = 0;
  #bytes = 0;
  /** Discontinuities that have left the playlist. */
  discontinuitySequence = 0;

  get empty(): boolean {
    return this.#segments.length === 0;
  }
  get listed(): readonly Segment[] {
    return this.#segments.slice(this.#listed);
  }
  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  get(sequence: number): Segment | undefined {
    return this.#segments.find((segment) => segment.sequence === sequence);
  }

  /** Adds the newest segment; lets go of what is too old or too much. */
  push(segment: Segment, targetSeconds: number): void {
    this.#segments.push(segment);
    this.#bytes += segment.bytes;
    const windowSeconds = LISTED_TARGETS * targetSeconds;
    while (this.#segments.length - this.#listed > LEAST_LISTED) {
      if (this.#bytes <= MAXIMUM_BYTES && this.#secondsFrom(this.#listed + 1) < windowSeconds) break;
      if (this.#segments[this.#listed++]!.discontinuity) this.discontinuitySequence++;
    }
    const keptSeconds = this.#secondsFrom(this.#listed) + windowSeconds;
    while (this.#listed > 0 && (this.#bytes > MAXIMUM_BYTES || this.#secondsFrom(1) > keptSeconds)) {
      this.#bytes -= this.#segments.shift()!.bytes;
      this.#listed--;
    }
  }

  #secondsFrom(index: number): number {
    let sum = 0;
    for (let at = index; at < this.#segments.length; at++) sum += this.#segments[at]!.seconds;
    return sum;
  }
}
