/**
 * How long to wait before more is read from an input that is no live one: a file on a web server, a program that runs
 * as fast as it can. What is not read stays with the sender.
 *
 *   media time    0 ─────── 2 s ─ 2.5 s ─ 3 s        the first seconds at once, then as fast as they pass
 *   wall clock    0 ─ 0.1 ──────── 0.5 ── 1 s
 *
 * A live input is never as far ahead, and its clock may be a little fast: more so than any quartz is.
 */

/** Read at once. */
const AHEAD_SECONDS = 2;
/** Media seconds a second. */
const FASTEST_CLOCK = 1.005;
/** A step of the timestamps beyond this is no time that passes. */
const JUMP_SECONDS = 10;

export class ReadAhead {
  #startMs = 0;
  #startSeconds: number | undefined;
  #latestSeconds = 0;

  /** A packet of this decode time was read. */
  saw(seconds: number, nowMs: number): void {
    if (this.#startSeconds === undefined || Math.abs(seconds - this.#latestSeconds) > JUMP_SECONDS) {
      this.#startMs = nowMs;
      this.#startSeconds = seconds;
      this.#latestSeconds = seconds;
    } else if (seconds > this.#latestSeconds) this.#latestSeconds = seconds;
  }

  /** Milliseconds until more should be read; 0 or less: now. */
  waitMs(nowMs: number): number {
    if (this.#startSeconds === undefined) return 0;
    const aheadMs = (this.#latestSeconds - this.#startSeconds - AHEAD_SECONDS) * 1000;
    return aheadMs - (nowMs - this.#startMs) * FASTEST_CLOCK;
  }
}
