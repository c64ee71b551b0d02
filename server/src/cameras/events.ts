/**
 * What a camera tells of itself: its own events, by the `events` module of its source's row, and those from outside (an
 * automation, a camera that calls a URL).
 *
 *   source → watch … ready(kinds) … tell(event) … fails → retry.ts → watch …
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError, toStreamError } from '../core/errors.ts';
import { retryDelay } from '../core/retry.ts';
import type { CameraEvent, EventsModule, OpenContext } from '../formats/format.ts';
import type { Logger } from '../util/log.ts';

export type EventKind = CameraEvent['type'];

/** A source that tells of events. */
export interface EventSource {
  readonly text: string;
  readonly module: () => Promise<EventsModule>;
  readonly context: (signal: AbortSignal) => OpenContext;
}

export interface EventsSettings {
  readonly camera: string;
  readonly log: Logger;
  readonly onEvent: (event: CameraEvent) => void;
  /** `kinds` or `motion` is another one now. */
  readonly onChange: () => void;
}

/** The events of one camera. */
export class CameraEvents {
  readonly #settings: EventsSettings;
  #kinds: ReadonlySet<EventKind> = new Set();
  #motion = false;
  #endTimer: NodeJS.Timeout | undefined;
  #closed = false;
  #watched: { readonly text: string; readonly controller: AbortController } | undefined;

  constructor(settings: EventsSettings) {
    this.#settings = settings;
  }

  /** What it has been found to tell of. */
  get kinds(): readonly EventKind[] {
    return [...this.#kinds];
  }

  get motion(): boolean {
    return this.#motion;
  }

  /**
   * An event happened. One that is known already (motion that goes on) is not told again. `lastsMs`: whoever tells of motion
   * does not tell of its end, and it is over by then, unless it is told again.
   */
  tell({ type, active }: CameraEvent, lastsMs?: number): void {
    if (this.#closed) return;
    this.#know([type]);
    if (type === 'motion') {
      clearTimeout(this.#endTimer);
      if (active && lastsMs !== undefined)
        this.#endTimer = setTimeout(() => this.#endMotion(), lastsMs).unref();
      if (active === this.#motion) return;
      this.#motion = active;
    }
    this.#settings.onEvent({ type, active });
    this.#settings.onChange();
  }

  /** Watches this source from now on, and no other; undefined: none. */
  follow(source: EventSource | undefined): void {
    if (source?.text === this.#watched?.text) return;
    this.#watched?.controller.abort(new StreamError('aborted', 'events are not watched any more'));
    this.#watched = undefined;
    if (!source) return;
    const controller = new AbortController();
    this.#watched = { text: source.text, controller };
    void this.#watch(source, controller.signal);
  }

  /** The camera is no more: nothing is told from now on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#endTimer);
    this.follow(undefined);
  }

  /** Watches again and again, until it is over or the camera turns out to tell of nothing. */
  async #watch(source: EventSource, signal: AbortSignal): Promise<void> {
    const { camera, log } = this.#settings;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const tell = (event: CameraEvent): void => {
        if (!signal.aborted) this.tell(event);
      };
      const ready = (kinds: readonly EventKind[]): void => {
        attempt = 0;
        if (!signal.aborted) this.#know(kinds);
      };
      const failure = await this.#watchOnce(source, signal, tell, ready);
      // Nobody will tell that it is over.
      this.#endMotion();
      if (signal.aborted) return;
      const delayMs = failure.code === 'unsupported' ? undefined : retryDelay(failure.code, attempt);
      const level = attempt === 0 && delayMs !== undefined ? 'warn' : 'debug';
      log[level]('no events', { stream: camera, error: failure, retry_ms: delayMs ?? 'never' });
      if (delayMs === undefined) return;
      await sleep(delayMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #watchOnce(
    { text, module, context }: EventSource,
    signal: AbortSignal,
    tell: (event: CameraEvent) => void,
    ready: (kinds: readonly EventKind[]) => void,
  ): Promise<StreamError> {
    try {
      await (await module()).watch(text, context(signal), tell, ready);
      return new StreamError('closed', 'the camera ended its events');
    } catch (error) {
      return toStreamError(error);
    }
  }

  #know(kinds: readonly EventKind[]): void {
    const known = new Set([...this.#kinds, ...kinds]);
    if (known.size === this.#kinds.size) return;
    this.#kinds = known;
    this.#settings.onChange();
  }

  #endMotion(): void {
    if (this.#motion) this.tell({ type: 'motion', active: false });
  }
}
