/**
 * Whether the server works, for watchdogs that start it anew when it doesn't. So only what a new start may mend is trouble:
 * an event loop that was blocked for long, or a start that found no usable configuration at all.
 */
import type { ConfigProblem } from '../config/error.ts';

export interface LoopWatch {
  /** The longest delay since the last call, ms. */
  worstMs(): number;
  close(): void;
}

const BLOCKED_MS = 5000;
const BEAT_MS = 1000;

/** Measures how late a timer is: Node's `monitorEventLoopDelay` of 26 does not notice a loop that is busy. */
export function watchLoop(beatMs = BEAT_MS): LoopWatch {
  let worstMs = 0;
  let beatAt = performance.now();
  const measure = (): void => {
    worstMs = Math.max(worstMs, performance.now() - beatAt - beatMs);
  };
  const timer = setInterval(() => {
    measure();
    beatAt = performance.now();
  }, beatMs).unref();
  return {
    worstMs() {
      measure();
      const worst = worstMs;
      worstMs = 0;
      return worst;
    },
    close: () => clearInterval(timer),
  };
}

/** What is wrong, in a sentence without details, since anybody may ask; undefined if nothing is. */
export function findTrouble(
  loop: Pick<LoopWatch, 'worstMs'>,
  problems: readonly ConfigProblem[],
  streams: number,
): string | undefined {
  if (loop.worstMs() > BLOCKED_MS) return 'the server was blocked for some seconds';
  // A problem without a path: the text as a whole is not YAML, or cannot be read.
  const isUnreadable = problems.some(({ path }) => path === '');
  return isUnreadable && streams === 0 ? 'the config file cannot be read' : undefined;
}
