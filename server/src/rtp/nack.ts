/**
 * Which packets a receiver asks for again (RFC 4585 §6.2.1), and when. No clock and no timers of its own.
 *
 *   10 11 14   12 and 13 are missing: asked for after a moment, in which they may come out of order,
 *              and again while they do not come, until it would be too late
 */
import { sequenceDistance } from './reorder.ts';

interface Missing {
  readonly sinceMs: number;
  dueMs: number;
  attempts: number;
}

/** How long a packet may be late without being lost. */
const REORDER_MS = 10;
/** Between two requests: more than most round trips. */
const RETRY_MS = 60;
const MAX_ATTEMPTS = 6;
/** Beyond this the receiver goes on without it. */
export const NACK_WINDOW_MS = 400;
/** A longer gap is an interruption, which a key frame mends for less. */
const MAX_GAP = 250;
const MAX_MISSING = 500;

export class LossDetector {
  readonly #missing = new Map<number, Missing>();
  #highest = -1;
  /** Packets that were lost and came when they were asked for. */
  recovered = 0;

  /** A packet came. True: it shows that packets before it are missing. */
  received(sequence: number, nowMs: number): boolean {
    const distance = this.#highest < 0 ? 1 : sequenceDistance(this.#highest, sequence);
    if (distance <= 0) {
      const missing = this.#missing.get(sequence);
      if (missing && missing.attempts > 0) this.recovered++;
      this.#missing.delete(sequence);
      return false;
    }
    const firstMissing = (this.#highest + 1) & 0xffff;
    this.#highest = sequence;
    if (distance > MAX_GAP || this.#missing.size + distance > MAX_MISSING) {
      this.#missing.clear();
      return false;
    }
    for (let offset = 0; offset < distance - 1; offset++)
      this.#missing.set((firstMissing + offset) & 0xffff, {
        sinceMs: nowMs,
        dueMs: nowMs + REORDER_MS,
        attempts: 0,
      });
    return distance > 1;
  }

  /** Sequence numbers to ask for now, in order. Those that came too late to matter are forgotten. */
  due(nowMs: number): number[] {
    const due: number[] = [];
    for (const [sequence, missing] of this.#missing) {
      if (nowMs - missing.sinceMs > NACK_WINDOW_MS || missing.attempts >= MAX_ATTEMPTS)
        this.#missing.delete(sequence);
      else if (missing.dueMs <= nowMs) {
        due.push(sequence);
        missing.attempts++;
        missing.dueMs = nowMs + RETRY_MS;
      }
    }
    return due;
  }

  /** When `due` will have something to say or to forget; undefined: when nothing is missing. */
  get nextMs(): number | undefined {
    let next: number | undefined;
    for (const { dueMs } of this.#missing.values()) next = Math.min(next ?? dueMs, dueMs);
    return next;
  }

  /** Another sender begins. */
  reset(): void {
    this.#missing.clear();
    this.#highest = -1;
  }
}
