/**
 * Viewers of HLS: they have no connection, only an id that they ask with. One that has not asked for a while is gone.
 *
 *   open → id ─→ playlist, init, segments …        every request keeps it alive
 *              └ a member of the stream's Broadcast, as every viewer: the segmenter is there as long as one of them
 *
 * Ids are secrets: who knows one may watch.
 */
import { randomBytes } from 'node:crypto';
import { type Watch, watch } from '../../core/broadcast.ts';
import { StreamError } from '../../core/errors.ts';
import type { Track } from '../../core/model.ts';
import { createPeer, type Peer, type Viewer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import type { HttpClient } from '../http-viewer.ts';
import type { Container, HlsMuxer, HlsOutput } from './output.ts';
import type { Segmenter } from './segmenter.ts';

export interface HlsSession {
  readonly id: string;
  readonly container: Container;
  readonly peer: Peer;
  readonly segmenter: Segmenter;
  readonly tracks: readonly Track[];
}

interface Entry extends HlsSession {
  readonly watch: Watch;
  lastRequestMs: number;
  requests: number;
  /** What is to be done when it is over. */
  forget?: () => void;
}

const ID_BYTES = 16;
const MAXIMUM_SESSIONS = 1000;
const SWEEP_MS = 1000;
const LEAST_IDLE_MS = 10_000;

export class HlsSessions {
  readonly #entries = new Map<string, Entry>();
  #opening = 0;
  #timer: NodeJS.Timeout | undefined;

  /** A new viewer. Rejects with StreamError as `watch` does, and with `limit` when there are too many. */
  async open(
    stream: Stream,
    output: HlsOutput,
    client: HttpClient,
    signal?: AbortSignal,
  ): Promise<HlsSession> {
    if (this.#entries.size + this.#opening >= MAXIMUM_SESSIONS)
      throw new StreamError('limit', 'too many viewers of HLS');
    this.#opening++;
    try {
      const viewer = new HlsViewer(output.container, client);
      const joined = await watch(stream, output, viewer, signal);
      const id = randomBytes(ID_BYTES).toString('base64url');
      const entry: Entry = {
        id,
        container: output.container,
        peer: viewer.peer,
        segmenter: viewer.segmenter!,
        tracks: joined.tracks,
        watch: joined,
        lastRequestMs: performance.now(),
        requests: 0,
      };
      this.#entries.set(id, entry);
      this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
      return entry;
    } finally {
      this.#opening--;
    }
  }

  /** Ends a viewer when the signal aborts. */
  endWith(id: string, until: AbortSignal): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const end = (): void => this.#remove(entry);
    if (until.aborted) end();
    until.addEventListener('abort', end);
    entry.forget = () => until.removeEventListener('abort', end);
  }

  /** Does something for a viewer; it stays at least as long as that takes. Rejects with StreamError `not_found`. */
  async use<T>(id: string, work: (session: HlsSession) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(id);
    if (!entry) throw new StreamError('not_found', 'no such viewer, or it has not asked for too long');
    entry.requests++;
    try {
      return await work(entry);
    } finally {
      entry.requests--;
      entry.lastRequestMs = performance.now();
    }
  }

  close(): void {
    for (const entry of this.#entries.values()) this.#remove(entry);
  }

  #sweep(): void {
    const now = performance.now();
    for (const entry of this.#entries.values()) {
      const idleMs = Math.max(LEAST_IDLE_MS, 2000 * entry.segmenter.plan.targetSeconds);
      if (entry.requests === 0 && now - entry.lastRequestMs > idleMs) this.#remove(entry);
    }
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.id);
    entry.forget?.();
    entry.watch.close();
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Takes nothing: the muxer gives no chunks, and segments are sent when they are asked for. */
class HlsViewer implements Viewer {
  readonly peer: Peer;
  readonly queuedBytes = 0;
  segmenter: Segmenter | undefined;

  constructor(container: Container, client: HttpClient) {
    this.peer = createPeer({ format: `hls/${container}`, protocol: 'http', ...client });
  }

  start(muxer: HlsMuxer): void {
    this.segmenter = muxer.segmenter;
  }

  write(): void {}

  close(): void {
    this.segmenter?.end();
  }
}
