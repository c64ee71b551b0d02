/** A stream as the API and the page show it: connections with their tracks and counters, in neutral form. */
import type { AudioCodec, Codec } from '../codecs/codec.ts';
import { Broadcast } from './broadcast.ts';
import type { StreamError } from './errors.ts';
import { type Accepts, type Consumer, type Peer, uniqueId } from './model.ts';
import type { Source, SourceState } from './source.ts';
import type { Stream } from './stream.ts';
import type { LiveTrack } from './tracks.ts';
import type { Transcode } from './transcode.ts';

/** A track that a source has, or had when it was last open. */
export interface KnownTrack {
  readonly id: number;
  readonly codec: Codec;
  readonly bytes: number;
  readonly packets: number;
}

/** A track that a source receives. */
export interface ReceiverInfo extends KnownTrack {
  /** Ids of the consumers' senders. */
  readonly children: readonly number[];
}

/** A track that a consumer is sent. */
export interface SenderInfo {
  readonly id: number;
  /** Id of the receiver. */
  readonly parent: number;
  readonly codec: Codec;
  readonly bytes: number;
  readonly packets: number;
  readonly drops: number;
}

export interface SourceInfo {
  /** As configured; holds credentials. '' for the source that clients push into. */
  readonly text: string;
  readonly state: SourceState;
  readonly error: StreamError | undefined;
  /** Since when packets do not flow, ms since 1970; 0 without an error. */
  readonly errorSinceMs: number;
  /** Connections in a row that could not be made. */
  readonly failures: number;
  readonly reconnects: number;
  /** The connection, while there is one. */
  readonly peer: Peer | undefined;
  readonly loudspeaker: readonly AudioCodec[];
  /** Whether it had a loudspeaker when it was last open; undefined before. */
  readonly hasLoudspeaker: boolean | undefined;
  /** Seconds between key frames; 0 where not known. */
  readonly gopSeconds: number;
  /** Kept while it is idle. */
  readonly tracks: readonly KnownTrack[];
  readonly receivers: readonly ReceiverInfo[];
  /** Of a source that makes its track of another one of the stream. */
  readonly transcode?: TranscodeInfo | undefined;
}

export interface TranscodeInfo {
  readonly from: Codec;
  readonly to: Codec;
  /** The engine, where it isn't the processor. */
  readonly hardware: string | undefined;
  readonly viewers: number;
}

export interface ConsumerInfo {
  readonly peer: Peer;
  readonly accepts: Accepts;
  readonly senders: readonly SenderInfo[];
}

export interface StreamInfo {
  readonly name: string;
  readonly enabled: boolean;
  readonly sources: readonly SourceInfo[];
  readonly consumers: readonly ConsumerInfo[];
}

/** Consumers that watch for nobody, or for a moment; a transcode's feed is no viewer but stands for some. */
const NOT_VIEWERS: ReadonlySet<string> = new Set(['preload', 'probe', 'keyframe', 'transcode']);

/** Whether somebody watches by this connection: the server's own consumers and snapshots are none. */
export function isViewer({ peer }: Pick<ConsumerInfo, 'peer'>): boolean {
  return !NOT_VIEWERS.has(peer.format);
}

/** Takes the picture; cheap enough for every request. */
export function inspectStream(stream: Stream): StreamInfo {
  const consumers = stream.subscriptions.flatMap(({ consumer, liveTracks }) =>
    inspectConsumer(consumer, liveTracks),
  );
  const sources = stream.sources.map((source) => inspectSource(source, consumers));
  const transcodes = stream.transcodes.map((transcode) => inspectTranscode(transcode, consumers));
  return { name: stream.name, enabled: stream.enabled, sources: [...sources, ...transcodes], consumers };
}

function inspectTranscode(
  { source, from, to, hardware }: Transcode,
  consumers: readonly ConsumerInfo[],
): SourceInfo {
  const ids = new Set(source.activeTracks.map(({ track }) => track.id));
  const viewers = consumers.filter(({ senders }) => senders.some(({ parent }) => ids.has(parent))).length;
  return { ...inspectSource(source, consumers), transcode: { from, to, hardware, viewers } };
}

function inspectSource(source: Source, consumers: readonly ConsumerInfo[]): SourceInfo {
  const { producer } = source;
  const senders = consumers.flatMap((consumer) => consumer.senders);
  const tracks = source.activeTracks.map(({ track: { id, codec }, bytes, packets }) => ({
    id,
    codec,
    bytes,
    packets,
  }));
  return {
    text: source.text,
    state: source.state,
    error: source.error,
    errorSinceMs: source.errorSinceMs,
    failures: source.failures,
    reconnects: source.reconnects,
    peer: producer?.peer,
    loudspeaker: producer?.backchannel?.codecs ?? [],
    hasLoudspeaker: source.hasLoudspeaker,
    gopSeconds: source.gop.seconds,
    tracks,
    receivers: (producer ? tracks : []).map((track) => ({
      ...track,
      children: senders.filter(({ parent }) => parent === track.id).map(({ id }) => id),
    })),
  };
}

/** A Broadcast stands for its viewers; their bytes are those of their socket, shared out by track. */
function inspectConsumer(consumer: Consumer, liveTracks: readonly LiveTrack[]): ConsumerInfo[] {
  if (!(consumer instanceof Broadcast)) {
    return [
      { peer: consumer.peer, accepts: consumer.accepts, senders: sendersOf(consumer.peer, liveTracks, 0, 0) },
    ];
  }
  return consumer.members.map(({ viewer, packets, drops }) => ({
    peer: viewer.peer,
    accepts: consumer.accepts,
    senders: sendersOf(viewer.peer, liveTracks, packets, drops),
  }));
}

function sendersOf(
  peer: Peer,
  liveTracks: readonly LiveTrack[],
  packets: number,
  drops: number,
): SenderInfo[] {
  const total = liveTracks.reduce((sum, live) => sum + live.bytes, 0) || 1;
  const totalPackets = liveTracks.reduce((sum, live) => sum + live.packets, 0) || 1;
  return liveTracks.map((live, index) => ({
    id: senderId(peer, index),
    parent: (live.parent ?? live).track.id,
    codec: live.track.codec,
    bytes: Math.round((peer.bytesSent * live.bytes) / total),
    packets: Math.round((packets * live.packets) / totalPackets),
    drops: index === 0 ? drops : 0,
  }));
}

const senderIds = new WeakMap<Peer, number[]>();

/** Ids of a peer's senders stay the same from one request to the next. */
function senderId(peer: Peer, index: number): number {
  const ids = senderIds.get(peer) ?? [];
  if (ids.length === 0) senderIds.set(peer, ids);
  ids[index] ??= uniqueId();
  return ids[index];
}
