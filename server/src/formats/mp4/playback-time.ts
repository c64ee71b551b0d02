/**
 * Each viewer's own time line: it starts near 0, and has no holes.
 *
 *   stream    …  100.0 100.1 100.2 | skipped or camera away | 107.0 107.1
 *   viewer          0.0   0.1   0.2                             0.3   0.4
 *
 * Chromium needs seconds to show a picture whose time is far from 0, and stops at a hole. One shift in seconds
 * serves all tracks, so audio and video keep their distance.
 */
import { type Mp4Chunk, SEQUENCE_FIELD } from './fragment.ts';

/** A stream that stands still for longer than this has a hole, not a slow frame. */
export const HOLE_SECONDS = 1;

const TWO_POW_32 = 2 ** 32;
const FREE = 0x66726565; // 'free'

/** The time line of one viewer. */
export class PlaybackTime {
  #originSeconds: number | undefined;
  #endSeconds = 0;
  #nextIndex = 0;
  #sequence = 0;

  /** Seconds of this viewer's time sent so far. */
  get seconds(): number {
    return this.#originSeconds === undefined ? 0 : this.#endSeconds - this.#originSeconds;
  }

  /** Chunks of another muxer follow. */
  restart(): void {
    this.#nextIndex = -1;
  }

  /**
   * A copy of the chunk's head with this viewer's sequence number and decode times, after `prefixBytes` unwritten bytes.
   * A run that begins before the viewer's time does is hidden; undefined if no run is left.
   */
  stamp(chunk: Mp4Chunk, prefixBytes = 0): Buffer | undefined {
    const originSeconds = this.#follow(chunk);
    const head = Buffer.allocUnsafe(prefixBytes + chunk.head.length);
    chunk.head.copy(head, prefixBytes);
    head.writeUInt32BE(++this.#sequence, prefixBytes + SEQUENCE_FIELD);
    const { runs } = chunk;
    let shown = 0;
    for (let index = 0; index < runs.length; index++) {
      const { traf, decodeTimeField, decodeTime, timescale } = runs[index]!;
      const time = decodeTime - Math.round(originSeconds * timescale);
      if (time >= 0) {
        head.writeUInt32BE(Math.floor(time / TWO_POW_32), prefixBytes + decodeTimeField);
        head.writeUInt32BE(time % TWO_POW_32, prefixBytes + decodeTimeField + 4);
        shown++;
      } else head.writeUInt32BE(FREE, prefixBytes + traf + 4);
    }
    return shown > 0 ? head : undefined;
  }

  #follow(chunk: Mp4Chunk): number {
    let origin = this.#originSeconds;
    if (origin === undefined) {
      origin = chunk.seconds;
      this.#endSeconds = chunk.endSeconds;
    } else {
      const skipped = chunk.index !== this.#nextIndex;
      const holeSeconds = chunk.startSeconds - this.#endSeconds;
      if (skipped || holeSeconds > HOLE_SECONDS) {
        origin += holeSeconds;
        this.#endSeconds = chunk.endSeconds;
      } else if (chunk.endSeconds > this.#endSeconds) this.#endSeconds = chunk.endSeconds;
    }
    this.#originSeconds = origin;
    this.#nextIndex = chunk.index + 1;
    return origin;
  }
}
