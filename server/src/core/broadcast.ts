/**
 * Mux once, send to many: one muxer and its viewers.
 *
 *   packet → Muxer.mux → chunk ─┬→ viewer.write     the same Chunk object for all
 *                               ├→ viewer.write
 *                               └→ cache since the last key chunk → late viewers
 *
 * Viewers whose output has the same key and whose tracks are the same share a Broadcast.
 */
import { decide, type Flow, QUEUE_LIMIT_BYTES } from './back-pressure.ts';
import { StreamError, toStreamError } from './errors.ts';
import {
  type Chunk,
  type Consumer,
  createPeer,
  type Muxer,
  type Output,
  type Packet,
  type Track,
  type Viewer,
} from './model.ts';
import type { Stream } from './stream.ts';

/** A viewer's place in a Broadcast. */
export interface Watch {
  readonly tracks: readonly Track[];
  readonly muxer: Muxer;
  /** The viewer leaves; its `close` is not called. */
  close(): void;
}

/** A viewer with its flow and what the API tells of it. */
export interface Member<C extends Chunk = Chunk> {
  readonly viewer: Viewer<C>;
  readonly flow: Flow;
  limitBytes: number;
  packets: number;
  drops: number;
}

/** What viewers of a stream were sent. */
export interface SentTotals {
  bytes: number;
  packets: number;
  drops: number;
}

interface BroadcastEvents {
  /** A viewer left, or was closed: what it was sent. */
  onLeave(sent: Readonly<SentTotals>): void;
  onEmpty(): void;
}

const CACHE_BYTES = 16 << 20;

export class Broadcast<C extends Chunk = Chunk> implements Consumer {
  readonly peer = createPeer({ format: 'broadcast', protocol: 'internal' });
  readonly output: Output<C>;
  readonly #events: BroadcastEvents;
  #members: readonly Member<C>[] = [];
  #tracks: readonly Track[] = [];
  #muxer: Muxer<C> | undefined;
  #cache: C[] = [];
  #cacheBytes = 0;

  constructor(output: Output<C>, events: BroadcastEvents) {
    this.output = output;
    this.#events = events;
  }

  get accepts(): Output<C>['accepts'] {
    return this.output.accepts;
  }
  get tracks(): readonly Track[] {
    return this.#tracks;
  }
  get members(): readonly Member<C>[] {
    return this.#members;
  }

  start(tracks: readonly Track[]): void {
    this.#tracks = tracks;
    const muxer = this.output.createMuxer(tracks);
    this.#muxer = muxer;
    this.#clearCache();
    for (const member of this.#members) {
      member.flow.skipping = true;
      this.#guard(member, () => member.viewer.start(muxer));
    }
  }

  readonly write = (packet: Packet): void => {
    const chunk = this.#muxer?.mux(packet);
    if (!chunk) return;
    this.#remember(chunk);
    const nowMs = performance.now();
    const members = this.#members;
    for (let index = 0; index < members.length; index++)
      this.#send(members[index] as Member<C>, chunk, nowMs);
  };

  /** Adds a viewer: header, then the chunks since the last key chunk, then live ones. */
  add(viewer: Viewer<C>): Watch {
    const muxer = this.#muxer;
    if (!muxer) throw new StreamError('internal', 'broadcast has no tracks yet');
    const flow: Flow = { skipping: true, queuedBytes: 0, progressAtMs: performance.now() };
    const limitBytes = Math.max(QUEUE_LIMIT_BYTES, 2 * this.#cacheBytes);
    const member: Member<C> = { viewer, flow, limitBytes, packets: 0, drops: 0 };
    this.#members = [...this.#members, member];
    this.#guard(member, () => {
      viewer.start(muxer);
      for (const chunk of this.#cache) this.#send(member, chunk, flow.progressAtMs);
    });
    const broadcast = this;
    return {
      get tracks() {
        return broadcast.#tracks;
      },
      get muxer() {
        return broadcast.#muxer ?? muxer;
      },
      close: () => this.#remove(member),
    };
  }

  close(reason?: Error): void {
    for (const member of this.#members)
      this.#remove(member, reason ?? new StreamError('closed', 'stream ended'));
  }

  /** Closes the viewer of this peer; false if it has none. */
  disconnect(peerId: number, reason: Error): boolean {
    const member = this.#members.find(({ viewer }) => viewer.peer.id === peerId);
    if (member) this.#remove(member, reason);
    return member !== undefined;
  }

  /** Whether a late viewer would have a picture at once. */
  get primed(): boolean {
    return this.#cache.length > 0;
  }

  #send(member: Member<C>, chunk: C, nowMs: number): void {
    const { viewer, flow } = member;
    const { maximumQueuedChunks } = this.output;
    const limitBytes = maximumQueuedChunks ? maximumQueuedChunks * chunk.bytes : member.limitBytes;
    const decision = decide(flow, viewer.queuedBytes, chunk.key, limitBytes, nowMs);
    if (decision === 'write') {
      member.packets += chunk.packets;
      viewer.peer.bytesSent += chunk.bytes;
      try {
        viewer.write(chunk);
      } catch (error) {
        this.#remove(member, toStreamError(error, 'viewer failed'));
      }
    } else if (decision === 'skip') member.drops += chunk.packets;
    else this.#remove(member, new StreamError('timeout', 'viewer does not read'));
  }

  #remember(chunk: C): void {
    if (chunk.key) this.#clearCache();
    else if (this.#cache.length === 0) return;
    this.#cache.push(chunk);
    this.#cacheBytes += chunk.bytes;
    if (this.#cacheBytes > CACHE_BYTES) this.#clearCache();
  }

  #clearCache(): void {
    this.#cache = [];
    this.#cacheBytes = 0;
  }

  #guard(member: Member<C>, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#remove(member, toStreamError(error, 'viewer failed'));
    }
  }

  #remove(member: Member<C>, reason?: Error): void {
    if (!this.#members.includes(member)) return;
    this.#members = this.#members.filter((other) => other !== member);
    const { viewer, packets, drops } = member;
    this.#events.onLeave({ bytes: viewer.peer.bytesSent, packets, drops });
    if (reason) viewer.close(reason);
    if (this.#members.length === 0) this.#events.onEmpty();
  }
}

const broadcasts = new WeakMap<Stream, Map<string, Broadcast>>();

/**
 * Adds a viewer to the stream: tracks are chosen, a Broadcast of the same output and tracks is joined or made.
 * Rejects with StreamError (`no_match`, `unreachable`, …); when `signal` aborts in the meantime the viewer is not added.
 */
export async function watch<C extends Chunk>(
  stream: Stream,
  output: Output<C>,
  viewer: Viewer<C>,
  signal?: AbortSignal,
): Promise<Watch> {
  const selection = await stream.select(output.accepts, output.except);
  if (signal?.aborted) {
    selection.release();
    throw new StreamError('aborted', 'viewer left');
  }
  const shared = sharedBroadcasts(stream);
  const key = `${output.key}|${selection.liveTracks.map(({ track }) => track.id).join()}`;
  const existing = shared.get(key) as Broadcast<C> | undefined;
  if (existing) {
    selection.release();
    const joined = existing.add(viewer);
    stream.changed();
    if (!existing.primed) stream.requestKeyframe();
    return joined;
  }
  const broadcast: Broadcast<C> = new Broadcast(output, {
    onLeave({ bytes, packets, drops }) {
      const totals = sentToGone(stream);
      totals.bytes += bytes;
      totals.packets += packets;
      totals.drops += drops;
      stream.changed();
    },
    onEmpty: () => {
      shared.delete(key);
      stream.detach(broadcast);
    },
  });
  stream.subscribe(broadcast, selection);
  shared.set(key, broadcast as unknown as Broadcast);
  const joined = broadcast.add(viewer);
  if (!broadcast.primed) stream.requestKeyframe();
  return joined;
}

/** Closes the consumer, or the viewer of a Broadcast, that has this peer; false if the stream has none. */
export function disconnect(stream: Stream, peerId: number): boolean {
  const reason = new StreamError('aborted', 'disconnected by the user');
  return stream.subscriptions.some((subscription) => {
    const { consumer } = subscription;
    if (consumer instanceof Broadcast) return consumer.disconnect(peerId, reason);
    if (consumer.peer.id !== peerId) return false;
    subscription.close(reason);
    return true;
  });
}

const totalsOfGone = new WeakMap<Stream, SentTotals>();

/** Totals of the viewers that have left the stream: with those of the present ones, they never decrease. */
export function sentToGone(stream: Stream): SentTotals {
  let totals = totalsOfGone.get(stream);
  if (!totals) {
    totals = { bytes: 0, packets: 0, drops: 0 };
    totalsOfGone.set(stream, totals);
  }
  return totals;
}

function sharedBroadcasts(stream: Stream): Map<string, Broadcast> {
  let shared = broadcasts.get(stream);
  if (!shared) {
    shared = new Map();
    broadcasts.set(stream, shared);
  }
  return shared;
}
