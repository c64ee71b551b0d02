/**
 * Each viewer's own time line: it starts near 0, and has no holes.
 *
 *   stream    …  100.0 100.1 100.2 | skipped or camera away | 107.0 107.1
 *   viewer          0.0   0.1   0.2                             0.3   0.4
 *
 * Chromium needs seconds to show a picture whose time is far from 0, and stops at a hole. One shift in seconds serves
 * all tracks, so audio and video keep their distance; where that leaves a gap in one track, its next sample starts
 * early and lasts longer.
 */
import { type Mp4Chunk, type RunPosition, SEQUENCE_FIELD, TRACK_FRAGMENT_FIELDS } from './fragment.ts';

/** A stream that stands still for longer than this has a hole, not a slow frame. */
export const HOLE_SECONDS = 1;

const TWO_POW_32 = 2 ** 32;
const FREE = 0x66726565; // 'free'

/** The time line of one viewer. */
export class PlaybackTime {
  /** Stream time of the viewer's 0. */
  #originSeconds: number | undefined;
  /** Stream time up to which the viewer has been served. */
  #endSeconds = 0;
  /** Viewer time, in ticks, up to which each track has been served; by track_ID. */
  readonly #ends: (number | undefined)[] = [];
  #nextIndex = 0;
  #sequence = 0;

  /** Seconds of this viewer's time sent so far. */
  get seconds(): number {
    return this.#originSeconds === undefined ? 0 : this.#endSeconds - this.#originSeconds;
  }

  /** This viewer's time of a moment of the stream, as it was when the last chunk was stamped. */
  at(streamSeconds: number): number {
    return streamSeconds - (this.#originSeconds ?? streamSeconds);
  }

  /** Chunks of another muxer follow. */
  restart(): void {
    this.#nextIndex = -1;
  }

  /**
   * A copy of the chunk's head with this viewer's sequence number and decode times, after `prefixBytes` unwritten bytes.
   * A run of samples that is too early for the viewer is hidden; undefined if no run is left.
   */
  stamp(chunk: Mp4Chunk, prefixBytes = 0): Buffer | undefined {
    this.#follow(chunk);
    const head = Buffer.allocUnsafe(prefixBytes + chunk.head.length);
    chunk.head.copy(head, prefixBytes);
    head.writeUInt32BE(++this.#sequence, prefixBytes + SEQUENCE_FIELD);
    let shown = false;
    for (let index = 0; index < chunk.runs.length; index++) {
      const run = chunk.runs[index]!;
      if (this.#stampRun(head, prefixBytes + run.offset, run)) shown = true;
    }
    return shown ? head : undefined;
  }

  /** Moves the origin where the viewer missed something, so that the chunk follows on what it has. */
  #follow({ index, seconds, startSeconds, endSeconds }: Mp4Chunk): void {
    if (this.#originSeconds === undefined) {
      this.#originSeconds = seconds;
      this.#endSeconds = endSeconds;
    } else {
      const holeSeconds = startSeconds - this.#endSeconds;
      const moved = index !== this.#nextIndex || holeSeconds > HOLE_SECONDS;
      if (moved) this.#originSeconds += holeSeconds;
      if (moved || endSeconds > this.#endSeconds) this.#endSeconds = endSeconds;
    }
    this.#nextIndex = index + 1;
  }

  #stampRun(head: Buffer, traf: number, run: RunPosition): boolean {
    const { trackId, timescale, decodeTime, duration, firstDuration } = run;
    const time = decodeTime - Math.round(this.#originSeconds! * timescale);
    const start = this.#ends[trackId] ?? time;
    const stretched = firstDuration + time - start;
    if (start < 0 || stretched <= 0) {
      head.writeUInt32BE(FREE, traf + TRACK_FRAGMENT_FIELDS.type);
      return false;
    }
    this.#ends[trackId] = time + duration;
    head.writeUInt32BE(Math.floor(start / TWO_POW_32), traf + TRACK_FRAGMENT_FIELDS.decodeTime);
    head.writeUInt32BE(start % TWO_POW_32, traf + TRACK_FRAGMENT_FIELDS.decodeTime + 4);
    if (start !== time) head.writeUInt32BE(stretched, traf + TRACK_FRAGMENT_FIELDS.firstDuration);
    return true;
  }
}
