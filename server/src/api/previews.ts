/**
 * Previews: a source in a stream for a moment, so that one can look before it is a camera. Such a stream is opened like
 * any other, but is no camera, stands in no config, and goes by itself when nobody has been watching it for a while.
 */
import { randomBytes } from 'node:crypto';
import { StreamError } from '../core/errors.ts';
import type { Streams } from '../core/streams.ts';

export interface Preview {
  /** Not to be guessed: who knows it may watch. */
  readonly name: string;
  /** ms since 1970: it is gone then, if nobody watches. */
  readonly expires: number;
}

const UNWATCHED_MS = 60_000;
const MAX_PREVIEWS = 16;
const NAME_BYTES = 12;

export class Previews {
  readonly #streams: Streams;
  readonly #unsubscribe: () => void;
  /** By name; undefined while somebody watches. */
  readonly #endings = new Map<string, NodeJS.Timeout | undefined>();

  constructor(streams: Streams) {
    this.#streams = streams;
    this.#unsubscribe = streams.onChange((name) => this.#streamChanged(name));
  }

  /** Throws StreamError `limit` where there are too many. */
  open(source: string): Preview {
    if (this.#endings.size >= MAX_PREVIEWS)
      throw new StreamError('limit', `there are ${MAX_PREVIEWS} previews already`);
    const name = `preview-${randomBytes(NAME_BYTES).toString('hex')}`;
    this.#streams.set(name, [source], { temporary: true });
    this.#endings.set(name, this.#endLater(name));
    return { name, expires: Date.now() + UNWATCHED_MS };
  }

  /** Ends it and who watches it; false if there is none of this name. */
  end(name: string): boolean {
    return this.#endings.has(name) && this.#streams.delete(name);
  }

  close(): void {
    this.#unsubscribe();
    for (const timer of this.#endings.values()) clearTimeout(timer);
    this.#endings.clear();
  }

  #streamChanged(name: string): void {
    if (!this.#endings.has(name)) return;
    const timer = this.#endings.get(name);
    const stream = this.#streams.get(name);
    if (stream && stream.subscriptions.length === 0) {
      if (!timer) this.#endings.set(name, this.#endLater(name));
      return;
    }
    clearTimeout(timer);
    if (stream) this.#endings.set(name, undefined);
    else this.#endings.delete(name);
  }

  #endLater(name: string): NodeJS.Timeout {
    return setTimeout(() => this.end(name), UNWATCHED_MS).unref();
  }
}
