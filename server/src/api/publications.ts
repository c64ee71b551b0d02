/**
 * Streams that are pushed to other servers: `publish` in the config, POST /api/streams?src=NAME&dst=URL.
 *
 *   publish:
 *     front: rtmp://a.example/live2/key
 *     garden: [rtmp://one.example/app/key, rtsp://two.example:8554/garden]
 *
 * A push that fails or ends is tried again, as sources are (core/retry.ts), until it is stopped. The stream need not
 * run, or even exist, when a push begins.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError, toStreamError } from '../core/errors.ts';
import { retryDelay } from '../core/retry.ts';
import type { Services } from '../formats/format.ts';
import { formatOfScheme } from '../formats/open.ts';
import { parseSourceText, type SourceText } from '../formats/source-text.ts';
import type { Logger } from '../util/log.ts';

type Targets = Readonly<Record<string, string | readonly string[]>>;

/** A first attempt that has not failed after this is taken for one that pushes, where the publisher does not tell. */
const FIRST_ATTEMPT_MS = 10_000;
/** One that lasts this long makes the retries begin anew. */
const STEADY_MS = 10_000;

interface Running {
  readonly stream: string;
  readonly target: SourceText;
  readonly controller: AbortController;
}

export class Publications {
  readonly #services: Services;
  readonly #log: Logger;
  readonly #running = new Map<string, Running>();

  constructor(services: Services, log: Logger) {
    this.#services = services;
    this.#log = log;
  }

  /** Makes the publications those of a configuration, as far as they differ from an earlier one. */
  apply(wanted: Targets, earlier: Targets = {}): void {
    const now = pairsOf(wanted);
    const before = pairsOf(earlier);
    for (const [key, [stream, target]] of before) if (!now.has(key)) this.stop(stream, target);
    for (const [key, [stream, target]] of now) {
      if (this.#running.has(key)) continue;
      this.start(stream, target, true).catch((error) => this.#log.debug('publish', { stream, error }));
    }
  }

  /**
   * Starts (or starts anew) to push a stream to an address. Resolves when the first attempt pushes; rejects with
   * StreamError when it fails, and with `unsupported` for addresses that nothing can be pushed to. `persists`: goes on
   * trying even if the first attempt fails.
   */
  async start(stream: string, text: string, persists = false): Promise<void> {
    const target = parseSourceText(text);
    publisherOf(target);
    const key = keyOf(stream, target.text);
    this.#running.get(key)?.controller.abort();
    const running: Running = { stream, target, controller: new AbortController() };
    this.#running.set(key, running);
    const first = Promise.withResolvers<void>();
    void this.#keep(running, first, persists).finally(() => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    });
    await first.promise;
  }

  /** Ends the pushes of a stream (any stream, if undefined) to an address; false if there are none. */
  stop(stream: string | undefined, text: string): boolean {
    let found = false;
    for (const [key, running] of this.#running) {
      if (running.target.text !== text.trim() || (stream !== undefined && running.stream !== stream))
        continue;
      found = true;
      running.controller.abort();
      this.#running.delete(key);
    }
    return found;
  }

  close(): void {
    for (const { controller } of this.#running.values()) controller.abort();
    this.#running.clear();
  }

  /** Attempt after attempt; never rejects. `first` learns of the first one. */
  async #keep(running: Running, first: PromiseWithResolvers<void>, persists: boolean): Promise<void> {
    const { stream, target, controller } = running;
    const { signal } = controller;
    const timer = setTimeout(() => first.resolve(), FIRST_ATTEMPT_MS).unref();
    let attempt = 0;
    let pushes = persists;
    let reported = '';
    const onPushing = (): void => {
      pushes = true;
      first.resolve();
      this.#log.info('pushing', { stream, server: serverOf(target) });
    };
    while (!signal.aborted) {
      const startMs = performance.now();
      const failure = await this.#attempt(running, onPushing);
      first.promise.catch(() => {});
      first.reject(failure);
      if (performance.now() - startMs > STEADY_MS) attempt = 0;
      const goesOn =
        pushes && !signal.aborted && (persists || this.#services.streams.get(stream) !== undefined);
      // What ended the stream's viewers (its sources were replaced) is no reason to give up the push.
      const code = failure.code === 'aborted' ? 'closed' : failure.code;
      const delayMs = goesOn ? retryDelay(code, attempt++) : undefined;
      if (!signal.aborted) this.#report(running, failure, delayMs, failure.message === reported);
      reported = failure.message;
      if (delayMs === undefined) break;
      await sleep(delayMs, undefined, { signal }).catch(() => {});
    }
    clearTimeout(timer);
  }

  /** The first failure of a kind is a warning; its repetitions are not. */
  #report(
    { stream, target }: Running,
    error: StreamError,
    delayMs: number | undefined,
    known: boolean,
  ): void {
    this.#log[known ? 'debug' : 'warn']('publish', {
      stream,
      server: serverOf(target),
      error,
      retry_ms: delayMs,
    });
  }

  async #attempt({ stream, target, controller }: Running, onPushing: () => void): Promise<StreamError> {
    const { signal } = controller;
    try {
      const { publish } = await publisherOf(target)();
      const { streams } = this.#services;
      const context = { stream, signal, log: this.#log, services: this.#services, onPushing };
      await publish(streams.require(stream), target, context);
      return new StreamError('closed', 'the push ended');
    } catch (error) {
      return toStreamError(error);
    }
  }
}

function publisherOf({ scheme }: SourceText) {
  const publisher = formatOfScheme(scheme)?.publisher;
  if (!publisher) throw new StreamError('unsupported', `nothing can be pushed to ${scheme}: addresses`);
  return publisher;
}

/** Without the path: it often holds the key of the stream. */
const serverOf = ({ url }: SourceText): string => /^[^:]*:\/*[^/?]*/.exec(url)?.[0] ?? '';

const keyOf = (stream: string, target: string): string => `${stream}\n${target}`;

/** Stream and address, by both. */
function pairsOf(targets: Targets): Map<string, readonly [stream: string, target: string]> {
  const pairs = Object.entries(targets).flatMap(([stream, value]) =>
    [value].flat().map((text) => [stream, text.trim()] as const),
  );
  return new Map(pairs.filter(([, text]) => text).map((pair) => [keyOf(...pair), pair]));
}
