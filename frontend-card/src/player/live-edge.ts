/**
 * Keeps MSE playback close behind the live edge. Pure: numbers in, a decision out.
 *
 *   buffered  ├──────────────────────────────┤ end
 *   playhead                       ▲
 *                                  └─ slack ─┘    what would still play if nothing more came
 *
 * Slack is sampled right before new data is appended: there it is smallest, and its minimum over the last seconds
 * is what the network's jitter leaves over. Steering by it adapts to slow frame rates and bursts by itself.
 */

/** Seconds behind the edge right after a jump. */
export const TARGET = 0.3;
/** Seconds of minimal slack above which playback runs faster. */
const FAR = 0.45;
/** Seconds of minimal slack below which playback runs a little slower, to grow a reserve. */
const NEAR = 0.1;
/** Seconds of minimal slack where either stops. */
const SETTLED = 0.2;
/** Seconds of slack that are worth a jump at any time, and while starting: a burst of everything since the last key frame. */
const JUMP = 2;
const JUMP_AT_START = 0.8;
/** No slow motion and a low threshold for jumps until this long after the first sample. */
const START_MS = 3000;
const WINDOW_MS = 1500;

export interface LiveEdge {
  /** `slack` right before an append, in seconds. */
  sample(nowMs: number, slack: number): void;
  /** After the append: whether to jump to TARGET behind the edge, which now is `ahead` seconds from the playhead. */
  shouldJump(nowMs: number, ahead: number): boolean;
  /** Playback rate, 0.95 … 1.1. */
  readonly rate: number;
}

export function createLiveEdge(): LiveEdge {
  let startedMs: number | undefined;
  let windowMs = 0;
  let lowest = Number.POSITIVE_INFINITY;
  let lowestBefore = Number.POSITIVE_INFINITY;
  let rate = 1;

  return {
    sample(nowMs, slack) {
      startedMs ??= nowMs;
      if (nowMs - windowMs >= WINDOW_MS) {
        lowestBefore = lowest;
        lowest = Number.POSITIVE_INFINITY;
        windowMs = nowMs;
      }
      lowest = Math.min(lowest, slack);
      const margin = Math.min(lowest, lowestBefore);
      if (rate > 1 ? margin > SETTLED : margin > FAR)
        rate = Math.min(1.1, 1.02 + Math.max(0, margin - SETTLED) * 0.16);
      else if ((rate < 1 ? margin < SETTLED : margin < NEAR) && nowMs - startedMs > START_MS) rate = 0.97;
      else rate = 1;
    },

    shouldJump(nowMs, ahead) {
      startedMs ??= nowMs;
      const limit = nowMs - startedMs < START_MS ? JUMP_AT_START : JUMP;
      const far = ahead > limit;
      if (far) {
        lowest = lowestBefore = Number.POSITIVE_INFINITY;
        rate = 1;
      }
      return far;
    },

    get rate() {
      return rate;
    },
  };
}
