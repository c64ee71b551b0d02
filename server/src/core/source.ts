/**
 * One configured source of a stream: opened with the first viewer, shared by all, reopened when it fails,
 * closed some seconds after the last viewer.
 *
 *   idle → opening → live → (failed) waiting → opening → …        idle again when nobody holds it
 *
 * Its LiveTracks outlive connections: viewers stay attached while the camera restarts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Codec, sameCodec } from '../codecs/codec.ts';
import type { Logger } from '../util/log.ts';
import { StreamError, toStreamError } from './errors.ts';
import { GopCache } from './gop.ts';
import type { Packet, Producer, Track } from './model.ts';
import { uniqueId } from './model.ts';
import { retryDelay } from './retry.ts';
import { type Draft, Timeline } from './timeline.ts';
import { LiveTrack } from './tracks.ts';
import { allowedSilenceMs, nextIntervalMs } from './watchdog.ts';

export type SourceState = 'idle' | 'opening' | 'live' | 'waiting';

export interface SourceSettings {
  /** Name of the stream, for the log. */
  readonly stream: string;
  /** As configured, verbatim. Holds credentials: redact before showing. */
  readonly text: string;
  readonly open: (signal: AbortSignal) => Promise<Producer>;
  /** Zero of the stream's time line, ms since 1970. */
  readonly epochMs: number;
  /** How long the source stays open after its last holder left. */
  readonly lingerMs: number;
  readonly log: Logger;
  /** A producer was opened (or reopened); `changed` lists the LiveTracks whose codec is another one now. */
  readonly onOpen: (source: Source, changed: readonly LiveTrack[]) => void;
  /** The Track object of this LiveTrack was replaced in mid-stream. */
  readonly onTrackChange: (live: LiveTrack) => void;
  /** The source gave up: only a new configuration can help. */
  readonly onGiveUp: (source: Source, reason: StreamError) => void;
  /** Its state or its error is another one now. */
  readonly onChange?: (() => void) | undefined;
}

const WATCHDOG_PERIOD_MS = 1000;
/** A producer that does not settle this long after its signal was aborted is left behind. */
const STOP_TIMEOUT_MS = 5000;
const KEYFRAME_REQUEST_INTERVAL_MS = 1000;

interface Slot {
  readonly live: LiveTrack;
  /** The producer's own Track object, to notice a new one. */
  input: Track;
  intervalMs: number;
}

export class Source {
  /** Name of its stream. */
  readonly stream: string;
  readonly text: string;
  readonly gop = new GopCache();
  reconnects = 0;
  /** Connections in a row that could not be made. */
  failures = 0;
  readonly #settings: SourceSettings;
  readonly #timeline = new Timeline();
  #state: SourceState = 'idle';
  #error: StreamError | undefined;
  #errorSinceMs = 0;
  #hasLoudspeaker: boolean | undefined;
  #producer: Producer | undefined;
  #liveTracks: readonly LiveTrack[] = [];
  #slots = new Map<number, Slot>();
  #holds = 0;
  #attempt = 0;
  #notBefore = 0;
  #controller: AbortController | undefined;
  /** Of the connection that is open or being opened; aborted by `restart`. */
  #connection: AbortController | undefined;
  #wake: AbortController | undefined;
  #opened: PromiseWithResolvers<void> | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Settles when the connection before this one has let go: some cameras allow only one. */
  #closed: Promise<void> = Promise.resolve();
  #keyframeRequestedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: SourceSettings) {
    this.stream = settings.stream;
    this.text = settings.text;
    this.#settings = settings;
  }

  get state(): SourceState {
    return this.#state;
  }
  /** Why the last attempt failed, also while it is idle; undefined once packets flow again. */
  get error(): StreamError | undefined {
    return this.#error;
  }
  /** When packets ceased to flow, or the first attempt failed, ms since 1970; 0 without an error. */
  get errorSinceMs(): number {
    return this.#error ? this.#errorSinceMs : 0;
  }
  /** Whether it had a loudspeaker when it was last open; undefined before. */
  get hasLoudspeaker(): boolean | undefined {
    return this.#hasLoudspeaker;
  }
  /** The connection, while there is one. */
  get producer(): Producer | undefined {
    return this.#producer;
  }
  /** The LiveTracks that the connection feeds, or the last one fed. */
  get activeTracks(): readonly LiveTrack[] {
    return [...this.#slots.values()].map(({ live }) => live);
  }
  /** All tracks ever seen, in the order they came. */
  get liveTracks(): readonly LiveTrack[] {
    return this.#liveTracks;
  }

  /**
   * Takes a hold and resolves when tracks are known; each hold is given back by `release`. Rejects (and takes no
   * hold) when the source cannot be opened, at once while it waits to try again: callers must not hammer a camera.
   */
  async open(): Promise<void> {
    if (this.#state === 'live') {
      this.#hold();
      return;
    }
    const waiting = this.#state === 'waiting' || performance.now() < this.#notBefore;
    if (waiting && this.#error) throw this.#error;
    this.#hold();
    this.#opened ??= Promise.withResolvers();
    const opened = this.#opened.promise;
    opened.catch(() => {});
    if (!this.#controller) this.#closed = this.#live(this.#closed);
    try {
      await opened;
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Whether anybody holds it; if not, it only lingers. */
  get held(): boolean {
    return this.#holds > 0;
  }

  /** Gives a hold back; the last one closes the source after the linger time. */
  release(): void {
    this.#holds--;
    if (this.#holds > 0 || !this.#controller) return;
    if (this.#state === 'waiting') this.stop();
    else this.#lingerTimer = setTimeout(() => this.stop(), this.#settings.lingerMs);
  }

  /** Closes at once. Viewers are not told: the stream does that. */
  stop(reason = new StreamError('aborted', 'source stopped')): void {
    clearTimeout(this.#lingerTimer);
    this.#controller?.abort(reason);
    this.#controller = undefined;
    this.#producer = undefined;
    this.#become('idle');
    this.gop.reset(undefined);
    this.#settle(reason);
  }

  /** Closes the connection and opens another one at once; who holds it keeps it, and the time line goes on. */
  restart(): void {
    this.retryNow();
    if (this.held) this.#connection?.abort(restarted());
    else this.stop();
  }

  /** Ends the pause after a failure. */
  retryNow(): void {
    this.#notBefore = 0;
    if (this.#state === 'waiting') this.#become('opening');
    this.#wake?.abort();
  }

  /** Asks the camera for a key frame, at most once a second. */
  requestKeyframe(): void {
    const now = performance.now();
    if (now - this.#keyframeRequestedAt < KEYFRAME_REQUEST_INTERVAL_MS) return;
    this.#keyframeRequestedAt = now;
    for (const track of this.#producer?.tracks ?? []) {
      if (track.codec.kind === 'video') this.#producer?.requestKeyframe?.(track.id);
    }
  }

  #hold(): void {
    this.#holds++;
    clearTimeout(this.#lingerTimer);
  }

  /** Connects again and again until stopped, given up, or left by all holders. */
  async #live(earlier: Promise<void>): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    this.#controller = controller;
    this.#become('opening');
    await earlier;
    while (!signal.aborted) {
      const failure = await this.#connect(signal);
      if (signal.aborted) return;
      this.#producer = undefined;
      if (this.#connection?.signal.aborted) {
        this.#become('opening');
        continue;
      }
      if (this.#state !== 'live') this.failures++;
      const delayMs = retryDelay(failure.code, this.#attempt++);
      if (delayMs !== undefined) this.#report(failure, delayMs);
      this.#fail(failure);
      this.#notBefore = performance.now() + (delayMs ?? Number.POSITIVE_INFINITY);
      this.#settle(failure);
      // Those who waited for the first open have been told, and give their holds back now.
      await Promise.resolve().then(() => {});
      if (delayMs === undefined) this.#settings.onGiveUp(this, failure);
      if (delayMs === undefined || this.#holds === 0) break;
      this.#become('waiting');
      await this.#pause(delayMs, signal);
      this.#become('opening');
      this.reconnects++;
    }
    if (!signal.aborted) this.stop();
  }

  /** The first failure of a kind is a warning; its repetitions are not, or a camera that is off would fill the log. */
  #report(failure: StreamError, delayMs: number): void {
    const level = this.#error?.message === failure.message ? 'debug' : 'warn';
    const { log, stream } = this.#settings;
    log[level]('source failed', { stream, source: this.text, error: failure, retry_ms: delayMs });
  }

  #become(state: SourceState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#settings.onChange?.();
  }

  #fail(failure: StreamError): void {
    if (!this.#error) this.#errorSinceMs = Date.now();
    this.#error = failure;
    this.#settings.onChange?.();
  }

  /** One connection from dial to end; never rejects. */
  async #connect(stopped: AbortSignal): Promise<StreamError> {
    const connection = new AbortController();
    const signal = AbortSignal.any([stopped, connection.signal]);
    this.#connection = connection;
    try {
      const producer = await this.#settings.open(signal);
      if (signal.aborted) {
        await producer.run(() => {}, signal);
        return toStreamError(signal.reason);
      }
      this.#adopt(producer);
      this.#opened?.resolve();
      this.#opened = undefined;
      return await this.#pump(producer, signal);
    } catch (error) {
      return toStreamError(error);
    }
  }

  #settle(reason: StreamError): void {
    this.#opened?.reject(reason);
    this.#opened = undefined;
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    this.#wake = new AbortController();
    await sleep(delayMs, undefined, { signal: AbortSignal.any([signal, this.#wake.signal]) }).catch(() => {});
    this.#wake = undefined;
  }

  async #pump(producer: Producer, signal: AbortSignal): Promise<StreamError> {
    const watched = new AbortController();
    const timer = setInterval(() => {
      const silent = this.#silentTrack();
      if (silent) watched.abort(new StreamError('stalled', `no ${silent} packets from the camera`));
    }, WATCHDOG_PERIOD_MS);
    const stop = AbortSignal.any([signal, watched.signal]);
    // A signal made of others looks at them all whenever it is asked.
    let stopped = stop.aborted;
    const abandoned = new Promise<void>((resolve) => {
      const onAbort = (): void => {
        stopped = true;
        setTimeout(resolve, STOP_TIMEOUT_MS).unref();
      };
      stop.addEventListener('abort', onAbort, { once: true });
    });
    const write = (packet: Packet): void => {
      if (!stopped) this.#write(packet);
    };
    try {
      await Promise.race([producer.run(write, stop), abandoned]);
      if (stop.aborted) return toStreamError(stop.reason);
      return new StreamError('closed', 'the camera ended the stream');
    } catch (error) {
      return toStreamError(stop.aborted ? stop.reason : error);
    } finally {
      clearInterval(timer);
    }
  }

  #silentTrack(): string | undefined {
    const now = Date.now();
    for (const { live, intervalMs } of this.#slots.values()) {
      const { kind } = live.track.codec;
      const allowedMs = this.#producer?.allowedSilenceMs ?? allowedSilenceMs(kind, intervalMs);
      if (live.lastPacketAt && now - live.lastPacketAt > allowedMs) return kind;
    }
    return undefined;
  }

  /** Gives the new producer's tracks to the LiveTracks of the same kind, in order; new ones are made for the rest. */
  #adopt(producer: Producer): void {
    const free = new Set(this.#liveTracks);
    const changed: LiveTrack[] = [];
    this.#slots = new Map();
    for (const input of producer.tracks) {
      const live = pickLiveTrack(free, input.codec);
      if (live) {
        free.delete(live);
        if (!sameCodec(live.track.codec, input.codec)) {
          live.track = { id: live.track.id, codec: input.codec };
          changed.push(live);
        }
        live.lastPacketAt = live.track.codec.kind === 'video' ? Date.now() : 0;
        this.#slots.set(input.id, { live, input, intervalMs: 0 });
      } else {
        const added = new LiveTrack({ id: uniqueId(), codec: input.codec });
        if (input.codec.kind === 'video') added.lastPacketAt = Date.now();
        this.#liveTracks = [...this.#liveTracks, added];
        this.#slots.set(input.id, { live: added, input, intervalMs: 0 });
      }
    }
    this.#timeline.startRun(producer.onStreamTime);
    this.#producer = producer;
    this.#hasLoudspeaker = producer.backchannel !== undefined;
    this.failures = 0;
    this.#resetGop();
    this.#become('live');
    this.#settings.onOpen(this, changed);
  }

  /** Packets flow again. */
  #recover(): void {
    this.#error = undefined;
    this.#settings.onChange?.();
  }

  #resetGop(): void {
    this.gop.reset(this.#liveTracks.find(({ track }) => track.codec.kind === 'video')?.track.id);
  }

  #write(packet: Packet): void {
    const slot = this.#slots.get(packet.track.id);
    if (!slot) return;
    const { live } = slot;
    if (packet.track !== slot.input) this.#changeTrack(slot, packet.track);
    const now = Date.now();
    if (live.lastPacketAt) slot.intervalMs = nextIntervalMs(slot.intervalMs, now - live.lastPacketAt);
    live.lastPacketAt = now;
    this.#attempt = 0;
    if (this.#error) this.#recover();
    const draft = packet as Draft;
    draft.track = live.track;
    this.#timeline.stamp(draft, (now - this.#settings.epochMs) / 1000);
    this.gop.push(packet);
    live.emit(packet);
  }

  #changeTrack(slot: Slot, input: Track): void {
    slot.input = input;
    if (sameCodec(slot.live.track.codec, input.codec)) return;
    slot.live.track = { id: slot.live.track.id, codec: input.codec };
    if (input.codec.kind === 'video') this.#resetGop();
    this.#settings.onTrackChange(slot.live);
  }
}

const restarted = (): StreamError => new StreamError('aborted', 'source is opened anew');

function pickLiveTrack(free: ReadonlySet<LiveTrack>, codec: Codec): LiveTrack | undefined {
  const sameKind = [...free].filter(({ track }) => track.codec.kind === codec.kind);
  return sameKind.find(({ track }) => track.codec.name === codec.name) ?? sameKind[0];
}
