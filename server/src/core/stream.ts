/**
 * A named stream: its sources, the clients that push into it, and everybody who takes packets from it.
 */
import type { AudioCodec } from '../codecs/codec.ts';
import type { Logger } from '../util/log.ts';
import { StreamError, toStreamError } from './errors.ts';
import type { Accepts, Consumer, Microphone, Producer } from './model.ts';
import { accepts } from './negotiate.ts';
import { PushSlot } from './push.ts';
import { type Selection, select } from './selection.ts';
import { Source } from './source.ts';
import { type FindTalkEncoder, Intercom } from './talk.ts';
import { type LiveTrack, Subscription } from './tracks.ts';
import { type Transcode, type Transcoder, Transcodes } from './transcode.ts';

/** What a stream is given by the server. */
export interface StreamSettings {
  readonly name: string;
  /** Source texts in order of preference; may be empty: a stream that clients push into. */
  readonly sources: readonly string[];
  readonly open: (text: string, signal: AbortSignal) => Promise<Producer>;
  readonly log: Logger;
  /** How long a source stays open after its last viewer. */
  readonly lingerMs: number;
  readonly findTalkEncoder?: FindTalkEncoder | undefined;
  /** Makes codecs that viewers take and cameras don't have; undefined: nobody does. */
  readonly transcoder?: Transcoder | undefined;
  /** It is there for a moment, for who asked for it: no camera, and not offered to others. */
  readonly temporary?: boolean | undefined;
  /** Something that `inspectStream` tells is another thing now, counters aside. */
  readonly onChange?: (() => void) | undefined;
}

interface Attached {
  readonly subscription: Subscription;
  readonly selection: Selection;
}

export class Stream {
  readonly name: string;
  readonly isTemporary: boolean;
  readonly epochMs = Date.now();
  readonly #settings: StreamSettings;
  readonly #push = new PushSlot();
  readonly #pushSource: Source;
  readonly #intercom: Intercom;
  readonly #transcodes: Transcodes;
  readonly #attached = new Map<Consumer, Attached>();
  #sources: readonly Source[] = [];
  #enabled = true;
  #closed = false;

  constructor(settings: StreamSettings) {
    this.name = settings.name;
    this.isTemporary = settings.temporary ?? false;
    this.#settings = settings;
    this.#intercom = new Intercom(settings.findTalkEncoder);
    this.#pushSource = this.#createSource('', this.#push.open);
    this.#transcodes = new Transcodes(this, settings.transcoder, (text, open) =>
      this.#createSource(text, open),
    );
    this.setSources(settings.sources);
  }

  /** Configured sources in order, then the pushed one while somebody publishes or viewers wait for it. */
  get sources(): readonly Source[] {
    return this.#pushSource.state === 'idle' ? this.#sources : [...this.#sources, this.#pushSource];
  }

  get transcodes(): readonly Transcode[] {
    return this.#transcodes.active;
  }

  /** Whether its sources may be opened. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** Switches the stream off: sources close, whoever takes packets is closed, whoever comes is refused; or on again. */
  setEnabled(enabled: boolean): void {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    if (!enabled) {
      for (const source of [...this.#sources, this.#pushSource]) this.#drop(source, this.#disabled());
    }
    this.changed();
  }

  /** Opens its sources anew. Who takes packets stays, and is given those of the new connection on the same time line. */
  restart(): void {
    for (const source of this.sources) source.restart();
  }

  /** Somebody came or left: listeners look again. */
  changed(): void {
    this.#settings.onChange?.();
  }

  /** Whether this source is the one that clients push into. */
  isPushed(source: Source): boolean {
    return source === this.#pushSource;
  }

  get subscriptions(): readonly Subscription[] {
    return [...this.#attached.values()].map(({ subscription }) => subscription);
  }

  /** Replaces the sources. Those whose text stays go on undisturbed; consumers of the others are closed and may come back. */
  setSources(texts: readonly string[]): void {
    const earlier = new Map(this.#sources.map((source) => [source.text, source]));
    this.#sources = texts.map((text) => {
      const kept = earlier.get(text);
      earlier.delete(text);
      return kept ?? this.#createSource(text, (signal) => this.#settings.open(text, signal));
    });
    for (const source of earlier.values())
      this.#drop(source, new StreamError('aborted', 'source was replaced'));
    this.changed();
  }

  /** Chooses tracks for a consumer and holds their sources; rejects with StreamError. `except` is a source text not to use (loops). */
  async select(wanted: Accepts, except?: string): Promise<Selection> {
    this.#requireOpen();
    const candidates = this.sources.filter(({ text }) => except === undefined || text !== except);
    return select(this.name, candidates, wanted, this.#transcodes);
  }

  /** Starts a consumer on tracks chosen by `select`; the selection now belongs to the stream. Throws what the consumer's start throws. */
  subscribe(consumer: Consumer, selection: Selection): void {
    try {
      // It may have been switched off while the tracks were chosen.
      this.#requireOpen();
    } catch (error) {
      selection.release();
      throw error;
    }
    const subscription = new Subscription(consumer, selection.liveTracks, () => {
      this.#attached.delete(consumer);
      selection.release();
      this.changed();
    });
    this.#attached.set(consumer, { subscription, selection });
    this.changed();
    try {
      subscription.start(selection.sources.flatMap((source) => source.gop.packets));
    } catch (error) {
      subscription.close();
      throw toStreamError(error);
    }
  }

  /** `select` and `subscribe` in one. */
  async attach(consumer: Consumer): Promise<void> {
    this.subscribe(consumer, await this.select(consumer.accepts));
  }

  /** The consumer leaves; its `close` is not called. */
  detach(consumer: Consumer): void {
    this.#attached.get(consumer)?.subscription.close();
  }

  /**
   * A client pushes into the stream. Settles when the push ends: resolves at its end, rejects with StreamError when it
   * fails, falls silent, or another client takes over.
   */
  async publish(producer: Producer, signal: AbortSignal): Promise<void> {
    this.#requireOpen();
    const ended = this.#push.offer(producer, signal);
    ended.catch(() => {});
    this.#pushSource.retryNow();
    await this.#pushSource.open();
    try {
      await ended;
    } finally {
      this.#pushSource.release();
    }
  }

  /** Codecs of the loudspeaker that a talk would use: opens sources in order until one has a loudspeaker; empty if none has. */
  async findLoudspeaker(): Promise<readonly AudioCodec[]> {
    if (!this.#enabled) return [];
    for (const source of this.sources) {
      try {
        await source.open();
      } catch {
        continue;
      }
      const codecs = source.producer?.backchannel?.codecs ?? [];
      source.release();
      if (codecs.length > 0) return codecs;
    }
    return [];
  }

  /** What a microphone may send for the loudspeaker that a talk would use; opens sources as `findLoudspeaker` does. */
  async findTalkCodecs(): Promise<readonly AudioCodec[]> {
    return this.#intercom.talkCodecs(await this.findLoudspeaker());
  }

  /** What a microphone may send, in the loudspeaker's order of preference; as far as the sources that are open tell. */
  loudspeakerCodecs(): readonly AudioCodec[] {
    return this.#intercom.talkCodecs(
      this.sources.flatMap((source) => source.producer?.backchannel?.codecs ?? []),
    );
  }

  /** False once it is known that no source has a loudspeaker: all of them are open. */
  mayHaveLoudspeaker(): boolean {
    return this.sources.some(({ producer }) => producer === undefined || producer.backchannel !== undefined);
  }

  /**
   * Connects a microphone to the first source whose loudspeaker takes (or can be given) what it sends. A newer talk
   * on the same loudspeaker replaces the older. Returns the function that ends it.
   */
  async talk(microphone: Microphone): Promise<() => void> {
    this.#requireOpen();
    return this.#intercom.talk(microphone, this.sources);
  }

  requestKeyframe(): void {
    for (const source of this.sources) source.requestKeyframe();
  }

  /** Ends everything; the stream cannot be used again. */
  close(reason = new StreamError('aborted', `stream ${this.name} was removed`)): void {
    this.#closed = true;
    for (const source of [...this.#sources, this.#pushSource]) this.#drop(source, reason);
  }

  #createSource(text: string, open: (signal: AbortSignal) => Promise<Producer>): Source {
    return new Source({
      stream: this.name,
      text,
      open,
      epochMs: this.epochMs,
      lingerMs: this.#settings.lingerMs,
      log: this.#settings.log,
      onOpen: (source, changed) => this.#sourceOpened(source, changed),
      onTrackChange: (live) => this.#trackChanged(live),
      onGiveUp: (source, reason) => this.#drop(source, reason),
      onChange: () => this.changed(),
    });
  }

  #requireOpen(): void {
    if (this.#closed) throw new StreamError('not_found', `stream ${this.name} was removed`);
    if (!this.#enabled) throw this.#disabled();
  }

  #disabled(): StreamError {
    return new StreamError('disabled', `${this.name} is switched off`);
  }

  #sourceOpened(source: Source, changed: readonly LiveTrack[]): void {
    for (const { subscription } of this.#attached.values()) subscription.awaitKey(source.liveTracks);
    for (const live of changed) this.#trackChanged(live);
    this.#intercom.sourceOpened(source);
  }

  #trackChanged(live: LiveTrack): void {
    for (const { subscription, selection } of this.#attached.values()) {
      const index = selection.liveTracks.indexOf(live);
      const request = selection.requests[index];
      if (request) subscription.tracksChanged(accepts(request, live.track.codec), live);
      const derived = selection.liveTracks.find(({ parent }) => parent === live);
      if (derived) subscription.close(new StreamError('no_match', 'camera changed its audio codec'));
    }
  }

  #drop(source: Source, reason: StreamError): void {
    for (const { subscription, selection } of this.#attached.values()) {
      if (selection.sources.includes(source)) subscription.close(reason);
    }
    this.#intercom.drop(source);
    source.stop(reason);
    for (const fed of this.#transcodes.forget(source)) this.#drop(fed, reason);
  }
}
