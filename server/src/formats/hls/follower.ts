/**
 * Follows one media playlist: which segment comes next, when to ask for the playlist again, what to do about failures.
 *
 *   live   joins three target durations before the end; a playlist that changed is asked for again after a target
 *          duration, one that did not after half of one (RFC 8216 §6.3.4)
 *   VOD    from the first segment to the last
 *
 * A segment that cannot be had is tried again, then skipped and counted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { HlsFetcher } from './fetch.ts';
import type { ParsedMedia, ParsedSegment } from './playlist-parser.ts';

/** A segment with its bytes. */
export interface Delivery {
  readonly segment: ParsedSegment;
  readonly bytes: Buffer;
  /** Its initialization segment, where it needs another one than the segment before. */
  readonly init: Buffer | undefined;
  /** Segments of the same era share a time line: there is no discontinuity between them. */
  readonly era: string;
}

const START_TARGETS = 3;
const STALE_TARGETS = 5;
const LEAST_STALE_MS = 10_000;
const LEAST_RELOAD_MS = 250;
const SEGMENT_ATTEMPTS = 3;
const RETRY_MS = 400;
/** So many segments in a row that cannot be had are the end. */
const MAXIMUM_SKIPS = 8;

/** The segment to begin with. */
export function startSequence({ segments, targetSeconds, ended, nextSequence }: ParsedMedia): number {
  const first = segments[0]?.sequence ?? nextSequence;
  if (ended) return first;
  let seconds = 0;
  for (const segment of segments.toReversed()) {
    seconds += segment.seconds;
    if (seconds >= START_TARGETS * targetSeconds) return segment.sequence;
  }
  return first;
}

/** How long after it was loaded a playlist is asked for again. */
export function reloadDelayMs({ targetSeconds }: ParsedMedia, changed: boolean): number {
  return Math.max(LEAST_RELOAD_MS, 1000 * targetSeconds * (changed ? 1 : 0.5));
}

export class Follower {
  readonly #fetcher: HlsFetcher;
  readonly #onSkip: (count: number) => void;
  #url: string;
  #playlist: ParsedMedia;
  #next: number;
  #run = 0;
  #map = '';
  #skips = 0;
  #loadedAtMs = performance.now();
  #changedAtMs = performance.now();
  #changed = true;
  #failure: StreamError | undefined;

  constructor(fetcher: HlsFetcher, url: string, playlist: ParsedMedia, onSkip: (count: number) => void) {
    this.#fetcher = fetcher;
    this.#url = url;
    this.#playlist = playlist;
    this.#onSkip = onSkip;
    this.#next = startSequence(playlist);
  }

  get live(): boolean {
    return !this.#playlist.ended;
  }
  get targetSeconds(): number {
    return this.#playlist.targetSeconds;
  }

  /** The next segment; undefined at the end of the stream. Rejects with StreamError: `stalled`, `unsupported`, or what went wrong for too long. */
  async next(signal: AbortSignal): Promise<Delivery | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const segment = this.#pick();
      if (segment) {
        const delivery = await this.#deliver(segment, signal);
        if (delivery) return delivery;
      } else if (this.#playlist.ended) return undefined;
      else await this.#reload(signal);
    }
  }

  #pick(): ParsedSegment | undefined {
    const { segments, nextSequence } = this.#playlist;
    if (nextSequence + segments.length < this.#next) {
      // The numbers began anew: the server has restarted.
      this.#run++;
      this.#next = startSequence(this.#playlist);
    }
    const segment = segments.find(({ sequence }) => sequence >= this.#next);
    if (!segment) return undefined;
    if (segment.sequence > this.#next) this.#onSkip(segment.sequence - this.#next);
    this.#next = segment.sequence + 1;
    return segment;
  }

  async #deliver(segment: ParsedSegment, signal: AbortSignal): Promise<Delivery | undefined> {
    const map = segment.map && JSON.stringify(segment.map);
    const base = this.#url;
    try {
      if (segment.gap)
        throw new StreamError('not_found', `hls: the server has no segment ${segment.sequence}`);
      const bytes = await retry(() => this.#fetcher.segment(base, segment, signal), signal);
      const init =
        map === undefined || map === this.#map
          ? undefined
          : await retry(() => this.#fetcher.init(base, segment, signal), signal);
      this.#map = map ?? '';
      this.#skips = 0;
      return { segment, bytes, init, era: `${this.#run} ${segment.discontinuity}` };
    } catch (error) {
      signal.throwIfAborted();
      const failure = toStreamError(error);
      this.#onSkip(1);
      if (failure.code === 'unsupported' || ++this.#skips >= MAXIMUM_SKIPS) throw failure;
      return undefined;
    }
  }

  async #reload(signal: AbortSignal): Promise<void> {
    const waitMs = this.#loadedAtMs + reloadDelayMs(this.#playlist, this.#changed) - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    this.#loadedAtMs = performance.now();
    try {
      const { url, playlist } = await this.#fetcher.playlist(this.#url, signal);
      if (playlist.kind !== 'media')
        throw new StreamError('protocol', 'hls: a variant became a master playlist');
      this.#url = url;
      this.#changed =
        playlist.nextSequence !== this.#playlist.nextSequence || playlist.ended !== this.#playlist.ended;
      this.#playlist = playlist;
      this.#failure = undefined;
    } catch (error) {
      signal.throwIfAborted();
      this.#failure = toStreamError(error);
      this.#changed = false;
    }
    if (this.#changed) this.#changedAtMs = performance.now();
    const staleMs = Math.max(LEAST_STALE_MS, STALE_TARGETS * 1000 * this.#playlist.targetSeconds);
    if (performance.now() - this.#changedAtMs > staleMs) throw this.#failure ?? stale(staleMs);
  }
}

const stale = (ms: number): StreamError =>
  new StreamError('stalled', `hls: the playlist has not changed for ${Math.round(ms / 1000)} s`);

async function retry<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (count >= SEGMENT_ATTEMPTS || toStreamError(error).code === 'unsupported') throw error;
      await sleep(RETRY_MS * count, undefined, { signal });
    }
  }
}
