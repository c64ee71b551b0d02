/** When a source is opened again after a failure: one pure function. */
import type { ErrorCode } from './errors.ts';

const SECOND = 1000;

/** Delays in ms by attempt (0 = first failure since packets last flowed); the last one repeats. */
const SCHEDULES = {
  /** The connection broke: likely back at once, and if not, do not hammer. */
  transient: [0.1, 1, 1, 1, 2, 2, 5, 5, 5, 10, 10, 30],
  /** The other side refuses: cameras lock accounts after a few wrong passwords, and one that sleeps shall go on sleeping. */
  refused: [5, 10, 30, 60],
} as const;

/**
 * Delay in ms before the next attempt, or undefined to give up: the source text itself is wrong, so that only
 * a change of the configuration can help.
 */
export function retryDelay(code: ErrorCode, attempt: number): number | undefined {
  switch (code) {
    case 'invalid_source':
    case 'unsafe_source':
    case 'aborted':
      return undefined;
    case 'unauthorized':
    case 'unsupported':
    case 'not_found':
    case 'asleep':
    case 'disabled':
      return at(SCHEDULES.refused, attempt);
    default:
      return at(SCHEDULES.transient, attempt);
  }
}

const at = (seconds: readonly number[], attempt: number): number =>
  (seconds[Math.min(attempt, seconds.length - 1)] ?? 0) * SECOND;
