/**
 * Fan-out: a LiveTrack is a track of a source as long as the source lives (through reconnects); a Subscription is
 * one consumer on one or more of them.
 *
 *   LiveTrack.emit ─┬→ Subscription.write → consumer.write
 *                   └→ derived LiveTrack (converter) → Subscription.write → …
 *
 * Lists are replaced, never changed, so that a consumer may leave in the middle of a packet.
 */
import type { AudioCodec } from '../codecs/codec.ts';
import { type Derivation, derive } from './derive.ts';
import { StreamError, toStreamError } from './errors.ts';
import type { Consumer, Packet, Track } from './model.ts';

/** A track with its subscribers and counters. */
export class LiveTrack {
  /** Replaced (same id) when parameter sets change. */
  track: Track;
  bytes = 0;
  packets = 0;
  /** ms since 1970 of the last packet; 0 = none yet. */
  lastPacketAt = 0;
  readonly parent: LiveTrack | undefined;
  readonly #derivation: Derivation | undefined;
  #subscriptions: readonly Subscription[] = [];
  #derived: readonly LiveTrack[] = [];

  constructor(track: Track, parent?: LiveTrack, derivation?: Derivation) {
    this.track = track;
    this.parent = parent;
    this.#derivation = derivation;
  }

  get subscriptions(): readonly Subscription[] {
    return this.#subscriptions;
  }

  /** Whether anybody takes packets of this track or of one derived from it. */
  get used(): boolean {
    return this.#subscriptions.length > 0 || this.#derived.length > 0;
  }

  get derived(): readonly LiveTrack[] {
    return this.#derived;
  }

  emit(packet: Packet): void {
    this.bytes += packet.data.length;
    this.packets++;
    const subscriptions = this.#subscriptions;
    for (let index = 0; index < subscriptions.length; index++) subscriptions[index]?.write(packet);
    const derived = this.#derived;
    for (let index = 0; index < derived.length; index++) derived[index]?.convert(packet);
  }

  /** Feeds a packet of the parent; for derived tracks only. */
  convert(packet: Packet): void {
    const converted = this.#derivation?.convert(packet);
    if (converted) this.emit(converted);
  }

  /** The track of another PCM codec or FLAC made of this one; shared by all who want the same. */
  deriveTo(codec: AudioCodec): LiveTrack {
    const from = this.track.codec as AudioCodec;
    const existing = this.#derived.find(({ track }) => sameTarget(track.codec as AudioCodec, codec));
    if (existing) return existing;
    const derivation = derive(from, codec);
    return new LiveTrack(derivation.track, this, derivation);
  }

  subscribe(subscription: Subscription): void {
    this.#subscriptions = [...this.#subscriptions, subscription];
    this.parent?.adopt(this);
  }

  unsubscribe(subscription: Subscription): void {
    this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
    if (!this.used) this.parent?.abandon(this);
  }

  adopt(child: LiveTrack): void {
    if (!this.#derived.includes(child)) this.#derived = [...this.#derived, child];
  }

  abandon(child: LiveTrack): void {
    this.#derived = this.#derived.filter((other) => other !== child);
  }
}

const sameTarget = (a: AudioCodec, b: AudioCodec): boolean =>
  a.name === b.name && a.sampleRate === b.sampleRate && a.channels === b.channels;

/** One consumer's place on its tracks. Holds back what it must not see: video before a key packet, audio before video. */
export class Subscription {
  readonly consumer: Consumer;
  readonly liveTracks: readonly LiveTrack[];
  readonly #onClose: (subscription: Subscription) => void;
  readonly #awaitingKey = new Set<number>();
  #started: boolean;
  #closed = false;

  constructor(
    consumer: Consumer,
    liveTracks: readonly LiveTrack[],
    onClose: (subscription: Subscription) => void,
  ) {
    this.consumer = consumer;
    this.liveTracks = liveTracks;
    this.#onClose = onClose;
    this.#started = !liveTracks.some(isVideo);
    this.awaitKey(liveTracks);
  }

  /** Calls the consumer's start, joins the tracks, and writes the `cached` packets (in order) at once. */
  start(cached: readonly Packet[]): void {
    this.consumer.start(this.liveTracks.map(({ track }) => track));
    const fresh = this.liveTracks.filter((live) => live.parent && !live.used);
    for (const live of this.liveTracks) live.subscribe(this);
    if (this.consumer.replay === false) return;
    for (const packet of cached) {
      const { id } = packet.track;
      if (this.liveTracks.some((live) => live.track.id === id)) this.write(packet);
      for (const live of fresh) if (live.parent?.track.id === id) live.convert(packet);
    }
  }

  readonly write = (packet: Packet): void => {
    if (this.#closed) return;
    if (this.#awaitingKey.size > 0 && this.#awaitingKey.has(packet.track.id)) {
      if (!packet.key) return;
      this.#awaitingKey.delete(packet.track.id);
      this.#started = true;
    } else if (!this.#started) return;
    try {
      this.consumer.write(packet);
    } catch (error) {
      this.close(toStreamError(error, 'consumer failed'));
    }
  };

  /** The source was opened anew: references are lost, so its video starts at a key packet again. */
  awaitKey(tracks: readonly LiveTrack[]): void {
    for (const live of tracks) {
      if (isVideo(live) && this.liveTracks.includes(live)) this.#awaitingKey.add(live.track.id);
    }
  }

  /** A Track object changed: the consumer starts again, or is closed when it does not take the new codec. */
  tracksChanged(stillAccepts: boolean, changed: LiveTrack): void {
    if (!stillAccepts) {
      this.close(new StreamError('no_match', `camera changed its codec to ${changed.track.codec.name}`));
      return;
    }
    this.awaitKey([changed]);
    try {
      this.consumer.start(this.liveTracks.map(({ track }) => track));
    } catch (error) {
      this.close(toStreamError(error, 'consumer failed'));
    }
  }

  /** Leaves all tracks; with a reason the consumer is closed as well. */
  close(reason?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const live of this.liveTracks) live.unsubscribe(this);
    this.#onClose(this);
    if (reason) this.consumer.close(reason);
  }
}

const isVideo = (live: LiveTrack): boolean => live.track.codec.kind === 'video';
