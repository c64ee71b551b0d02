/** Streams that are kept running although nobody watches: `preload` in the config, `/api/preload`. */
import { ACCEPT_ANY, acceptsFromQuery } from '../core/accepts.ts';
import { type Consumer, createPeer, type Peer } from '../core/model.ts';
import type { Streams } from '../core/streams.ts';
import type { Logger } from '../util/log.ts';

export interface Preload {
  readonly query: string;
  readonly peer: Peer;
}

const RETRY_MS = 5000;

interface Running extends Preload {
  readonly consumer: Consumer;
  timer: NodeJS.Timeout | undefined;
  stopped: boolean;
}

export class Preloads {
  readonly #streams: Streams;
  readonly #log: Logger;
  readonly #running = new Map<string, Running>();

  constructor(streams: Streams, log: Logger) {
    this.#streams = streams;
    this.#log = log;
  }

  entries(): [string, Preload][] {
    return [...this.#running];
  }

  /** Makes the preloads those of a configuration, as far as they differ from an earlier one. */
  apply(
    wanted: Readonly<Record<string, string | null>>,
    earlier: Readonly<Record<string, unknown>> = {},
  ): void {
    for (const name of Object.keys(earlier)) if (!Object.hasOwn(wanted, name)) this.stop(name);
    for (const [name, query] of Object.entries(wanted)) {
      if (this.#running.get(name)?.query === (query ?? '')) continue;
      this.start(name, query ?? '').catch((error: Error) =>
        this.#log.warn('preload', { stream: name, error: error.message }),
      );
    }
  }

  /** Starts (or starts anew); goes on trying while the source fails. Rejects with StreamError if the first try fails. */
  async start(name: string, query: string): Promise<void> {
    const accepts = acceptsFromQuery(new URLSearchParams(query), ACCEPT_ANY);
    this.stop(name);
    const peer = createPeer({ format: 'preload', protocol: 'internal' });
    const again = (): void => {
      if (running.stopped) return;
      clearTimeout(running.timer);
      running.timer = setTimeout(() => this.#attach(name, running).catch(() => {}), RETRY_MS).unref();
    };
    const consumer: Consumer = {
      peer,
      accepts,
      replay: false,
      start: () => {},
      write: ({ data }) => {
        peer.bytesSent += data.length;
      },
      close: again,
    };
    const running: Running = { query, peer, consumer, timer: undefined, stopped: false };
    this.#running.set(name, running);
    await this.#attach(name, running);
  }

  /** False if there is none of this name. */
  stop(name: string): boolean {
    const running = this.#running.get(name);
    if (!running) return false;
    running.stopped = true;
    clearTimeout(running.timer);
    this.#streams.get(name)?.detach(running.consumer);
    return this.#running.delete(name);
  }

  close(): void {
    for (const name of [...this.#running.keys()]) this.stop(name);
  }

  async #attach(name: string, running: Running): Promise<void> {
    try {
      await this.#streams.require(name).attach(running.consumer);
    } catch (error) {
      running.consumer.close();
      throw error;
    }
    if (running.stopped) this.#streams.get(name)?.detach(running.consumer);
  }
}
