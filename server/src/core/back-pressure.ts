/**
 * What happens to a viewer that reads more slowly than the camera sends: a pure function. The socket is the only queue.
 *
 *   queued ≤ limit            write
 *   queued > limit            skip, until the next key chunk that finds the queue at half of the limit or less
 *   nothing drained for long  close
 */

/** What the Broadcast remembers of a viewer. */
export interface Flow {
  /** Chunks are skipped until a key chunk fits. */
  skipping: boolean;
  /** Queue length at the last look, bytes. */
  queuedBytes: number;
  /** When the queue was last empty or got shorter, ms. */
  progressAtMs: number;
}

export const QUEUE_LIMIT_BYTES = 4 << 20;
export const STUCK_MS = 15_000;

/** Decides on one chunk and updates `flow`. `limitBytes` is at least twice what the viewer was sent as its first burst. */
export function decide(
  flow: Flow,
  queuedBytes: number,
  key: boolean,
  limitBytes: number,
  nowMs: number,
): 'write' | 'skip' | 'close' {
  if (queuedBytes === 0 || queuedBytes < flow.queuedBytes) flow.progressAtMs = nowMs;
  flow.queuedBytes = queuedBytes;
  if (nowMs - flow.progressAtMs > STUCK_MS) return 'close';
  if (flow.skipping) {
    if (!key || queuedBytes > limitBytes / 2) return 'skip';
    flow.skipping = false;
    return 'write';
  }
  if (queuedBytes <= limitBytes) return 'write';
  flow.skipping = true;
  return 'skip';
}
