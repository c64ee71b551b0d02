/**
 * Whether the server works, for watchdogs that start it anew when it doesn't. So only what a new start may mend is trouble:
 * an event loop that was blocked for long, or a start that found no usable configuration at all.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ConfigProblem } from '../config/error.ts';

export interface LoopWatch {
  /** The longest delay since the last call, ms. */
  worstMs(): number;
  close(): void;
}

const BLOCKED_MS = 5000;

/** Measures how late timers are. */
export function watchLoop(): LoopWatch {
  const delays = monitorEventLoopDelay({ resolution: 100 });
  delays.enable();
  return {
    worstMs() {
      const worstMs = delays.max / 1e6;
      delays.reset();
      return worstMs;
    },
    close: () => void delays.disable(),
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
