/**
 * How long to wait before more is read from an input that is no live one: a file on a web server, a program that runs
 * as fast as it can. What is not read stays with the sender.
 *
 *   media time    0 ─────── 2 s ─ 2.5 s ─ 3 s        the first seconds at once, then as fast as they pass
 *   wall clock    0 ─ 0.1 ──────── 0.5 ── 1 s
 *
 * A live input is never as far ahead, and its clock may be a little fast: more so than any quartz is. Media time is
 * what passes between the packets of a track, so a file that begins again passes as well.
 */

/** Read at once. */
const AHEAD_SECONDS = 2;
/** Media seconds a second. */
const FASTEST_CLOCK = 1.005;
/** A step of the timestamps beyond this is no time that passes. */
const JUMP_SECONDS = 10;

interface Progress {
  seconds: number;
  /** Since the first packet of all tracks. */
  passed: number;
}

export class ReadAhead {
  #startMs: number | undefined;
  #passed = 0;
  readonly #tracks = new Map<number, Progress>();

  /** A packet of this track and decode time was read. */
  saw(trackId: number, seconds: number, nowMs: number): void {
    this.#startMs ??= nowMs;
    const track = this.#tracks.get(trackId);
    if (!track) {
      this.#tracks.set(trackId, { seconds, passed: this.#passed });
      return;
    }
    const step = seconds - track.seconds;
    track.seconds = seconds;
    if (step > JUMP_SECONDS) {
      // Whether that time has passed nobody knows.
      this.#startMs = nowMs;
      this.#passed = 0;
      for (const other of this.#tracks.values()) other.passed = 0;
    } else if (step > 0) track.passed += step;
    this.#passed = Math.max(this.#passed, track.passed);
  }

  /** Milliseconds until more should be read; 0 or less: now. */
  waitMs(nowMs: number): number {
    if (this.#startMs === undefined) return 0;
    return (this.#passed - AHEAD_SECONDS) * 1000 - (nowMs - this.#startMs) * FASTEST_CLOCK;
  }
}
