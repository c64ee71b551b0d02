/**
 * The wall clock of a stream's time line, steady enough for sender reports.
 *
 * Packet.time is the camera's clock where it tells it, else the arrival, which jitters. Reports of all tracks follow
 * this one line, so audio and video keep exactly the distance that their pts have.
 */

/** How far one observation moves the line: clocks drift slowly, and players take what is faster for a jump at each report. */
const MOST_STEP_MS = 0.05;
/** The camera's clock was set. Less than that is its first sender report, or a track that was put in its place: it is followed slowly. */
const JUMP_MS = 60_000;

export class WallClock {
  #originMs: number | undefined;

  /** What was captured at `seconds` of the time line was captured at `wallMs` (ms since 1970). */
  observe(seconds: number, wallMs: number): void {
    const originMs = wallMs - seconds * 1000;
    const error = originMs - (this.#originMs ?? Number.NEGATIVE_INFINITY);
    if (Math.abs(error) > JUMP_MS) this.#originMs = originMs;
    else this.#originMs! += Math.max(-MOST_STEP_MS, Math.min(MOST_STEP_MS, error));
  }

  /** The wall clock at `seconds`; only after an observation. */
  wallMs(seconds: number): number {
    return (this.#originMs ?? 0) + seconds * 1000;
  }
}
