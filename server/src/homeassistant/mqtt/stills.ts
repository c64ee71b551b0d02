/** Pictures for MQTT cameras: each camera's at a set interval and when something happens, one at a time. */
import type { Logger } from '../../util/log.ts';

export interface StillsSettings {
  /** False: nobody would get the pictures, so none are taken. */
  readonly isReady: () => boolean;
  /** 0: only when something happens. */
  readonly intervalMs: number;
  /** A JPEG of the camera; rejects with StreamError. */
  readonly take: (id: string, signal: AbortSignal) => Promise<Buffer>;
  readonly show: (id: string, jpeg: Buffer) => void;
  readonly log: Logger;
}

export interface Stills {
  /** Cameras whose pictures are taken from now on; those that are new get one soon. */
  follow(ids: readonly string[]): void;
  /** A picture of this camera now, or right after the one that is being taken. */
  takeNow(id: string): void;
  /** A picture of every camera. */
  takeAll(): void;
  close(): void;
}

const TIMEOUT_MS = 15_000;

/** One picture is taken at a time: they may cost a camera's start and a decoder each. */
export function createStills({ isReady, intervalMs, take, show, log }: StillsSettings): Stills {
  const queue = new Set<string>();
  const closed = new AbortController();
  let followed: readonly string[] = [];
  let working = false;

  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    for (const id of queue) {
      queue.delete(id);
      if (closed.signal.aborted) break;
      try {
        show(id, await take(id, AbortSignal.any([closed.signal, AbortSignal.timeout(TIMEOUT_MS)])));
      } catch (error) {
        if (!closed.signal.aborted) log.debug('no still', { stream: id, error });
      }
    }
    working = false;
  };
  const want = (ids: readonly string[]): void => {
    if (!isReady()) return;
    for (const id of ids) queue.add(id);
    void work();
  };
  const timer = intervalMs > 0 ? setInterval(() => want(followed), intervalMs) : undefined;
  timer?.unref();

  return {
    follow(ids) {
      const fresh = ids.filter((id) => !followed.includes(id));
      followed = ids;
      for (const id of queue) if (!ids.includes(id)) queue.delete(id);
      want(fresh);
    },
    takeNow: (id) => {
      if (followed.includes(id)) want([id]);
    },
    takeAll: () => want(followed),
    close() {
      clearInterval(timer);
      queue.clear();
      closed.abort();
    },
  };
}
