/**
 * The model of the whole server: packets of tracks, from producers to consumers. Read this first.
 *
 *   camera → Producer.run(write) → Source (time line, GOP cache, fan-out) → Consumer.write → viewer
 *
 * Nearly every consumer is a Broadcast: one Muxer whose chunks go to N viewers (core/broadcast.ts).
 */
import type { AudioCodec, Codec, CodecName } from '../codecs/codec.ts';

/** One elementary stream. Immutable: new parameter sets or a reconnect make a new Track with the same id. */
export interface Track {
  /** From a producer: its own small numbers (0, 1, …). From a Source on: unique in the process. */
  readonly id: number;
  readonly codec: Codec;
}

/**
 * One access unit (or one run of audio samples). Frozen once written; all consumers share its bytes and must not change them.
 *
 * `data` is canonical: h264 and hevc with 4-byte lengths, without access unit delimiters and parameter sets;
 * aac without ADTS; opus one packet; PCM any whole number of samples; mjpeg one whole JPEG; rawvideo one planar frame.
 */
export interface Packet {
  readonly track: Track;
  readonly data: Buffer;
  /** Ticks of track.codec.timeBase; a safe integer, unwrapped. Producers count from an origin of their own that all their tracks share. */
  readonly pts: number;
  /** Never decreases within a track; dts <= pts. */
  readonly dts: number;
  /** Ticks; 0 where not known. */
  readonly duration: number;
  /** Decodable without an earlier packet. True for all audio and mjpeg. */
  readonly key: boolean;
  /** Capture wall clock in ms since 1970: from an RTCP sender report where there is one, else arrival. */
  readonly time: number;
}

/** The hot path: a plain synchronous call. Never throws for bad media. The producer gives the Packet object away. */
export type WritePacket = (packet: Packet) => void;

/** The other end of a connection, as the API shows it, and its counters. Connections update the counters in place. */
export interface Peer {
  /** Unique in the process. */
  readonly id: number;
  /** `rtsp`, `mse/fmp4`, `webrtc/whep` … */
  readonly format: string;
  /** `rtsp+tcp`, `http`, `ws+udp`, `pipe` … */
  readonly protocol: string;
  readonly remoteAddress?: string | undefined;
  readonly userAgent?: string | undefined;
  /** What a producer opened in the end (after redirects), for the API. */
  readonly url?: string | undefined;
  readonly sdp?: string | undefined;
  bytesReceived: number;
  bytesSent: number;
  /** Corrupt packets that were counted and skipped. */
  corrupt: number;
}

let nextId = 0;

/** A new number, unique in the process: ids of peers, tracks and consumers come from one counter. */
export function uniqueId(): number {
  return ++nextId;
}

/** Makes a Peer with fresh id and zero counters. */
export function createPeer(fields: {
  format: string;
  protocol: string;
  remoteAddress?: string | undefined;
  userAgent?: string | undefined;
  url?: string | undefined;
  sdp?: string | undefined;
}): Peer {
  return { id: uniqueId(), bytesReceived: 0, bytesSent: 0, corrupt: 0, ...fields };
}

/** A camera (or a program, or a client that publishes). */
export interface Producer {
  readonly peer: Peer;
  /** Complete when the producer is returned from its open function: codecs and extradata known. May be empty (a loudspeaker alone). */
  readonly tracks: readonly Track[];
  /** A track may be silent for this long, where the user said so; else the watchdog decides by the usual interval. */
  readonly allowedSilenceMs?: number | undefined;
  /** Its timestamps are on the stream's time line already: made of packets of the stream. */
  readonly onStreamTime?: boolean | undefined;
  /** Its loudspeaker. */
  readonly backchannel?: Backchannel | undefined;
  /**
   * Writes packets until the input ends (resolves), fails (rejects with StreamError), or the signal aborts (resolves).
   * Called once; releases everything the producer holds before it settles. A changed codec is a packet whose
   * `track` is a new object with the same id.
   */
  run(write: WritePacket, signal: AbortSignal): Promise<void>;
  /** Asks the camera for a key frame of this track, where the protocol can. Rate-limited by the caller. */
  requestKeyframe?(trackId: number): void;
}

/** A loudspeaker: takes audio from a viewer or a file. */
export interface Backchannel {
  /** In order of preference. */
  readonly codecs: readonly AudioCodec[];
  /** Starts a talk in one of `codecs`. Packets carry their own track of that codec, pts from 0. Fails with StreamError. */
  open(codec: AudioCodec, signal: AbortSignal): Promise<Talk>;
}

/** A talk in progress. */
export interface Talk {
  readonly write: WritePacket;
  close(): void;
}

/** A viewer's microphone. */
export interface Microphone {
  readonly peer: Peer;
  /** What it can send, in order of preference. */
  readonly codecs: readonly AudioCodec[];
  /** Delivers packets in one of `codecs` from now on; replaces the earlier receiver. `undefined` stops. */
  connect(codec: AudioCodec, write: WritePacket | undefined): void;
}

/** A codec that a consumer takes. Left-out fields match any value. */
export interface CodecPattern {
  readonly name: CodecName;
  readonly sampleRate?: number;
  readonly channels?: number;
}

/** One track that a consumer wants. */
export interface MediaRequest {
  readonly kind: 'video' | 'audio';
  /** Any of these, in order of preference; empty = whatever the camera has. */
  readonly codecs: readonly CodecPattern[];
  /** Every track of this kind from every source, not just the first match. */
  readonly all?: boolean;
}

/** What a consumer takes: each request is matched on its own, and it is enough that one matches. */
export type Accepts = readonly MediaRequest[];

/** Where packets go: a Broadcast, a snapshot, a probe. */
export interface Consumer {
  readonly peer: Peer;
  readonly accepts: Accepts;
  /** False: does not want the packets since the last key packet when it joins a running source (probe, preload). Default true. */
  readonly replay?: boolean;
  /** The tracks matched. Called again when a Track object changes (new parameter sets, reconnect with another codec of the same name). */
  start(tracks: readonly Track[]): void;
  /** If there is a video track, the first packet of it is a key packet and no audio comes before it. */
  readonly write: WritePacket;
  /** The stream has ended for this consumer: removed, or its codec changed to one it does not accept. */
  close(reason?: Error): void;
}

/** Bytes in, packets out; no I/O. Corrupt input is counted and skipped, never thrown. */
export interface Demuxer {
  /** All tracks known with their extradata. Packets may be written before that. */
  readonly ready: boolean;
  readonly tracks: readonly Track[];
  /** What was corrupt so far, where the format can tell. */
  readonly corrupt?: number;
  /** `bytes` is lent for the call: what is kept is copied. */
  push(bytes: Buffer, write: WritePacket): void;
  /** The input has ended: writes what is still held. */
  flush?(write: WritePacket): void;
}

/** What a muxer makes of one packet, or of one video packet and the audio beside it: the unit of a write to a viewer. */
export interface Chunk {
  /** Shared by all viewers, sent in order. */
  readonly body: readonly Buffer[];
  /** Sum of the body's lengths. */
  readonly bytes: number;
  /** A viewer may start here. */
  readonly key: boolean;
  /** Seconds since the stream's epoch (dts of its first packet). */
  readonly seconds: number;
  /** Packets inside. */
  readonly packets: number;
}

/** Packets in, chunks out; no I/O. `packet.data` is passed on, not copied, wherever the format allows. */
export interface Muxer<C extends Chunk = Chunk> {
  /** MIME type with codecs. */
  readonly contentType: string;
  /** Sent once to each viewer, before its first chunk. */
  readonly header: readonly Buffer[];
  /**
   * Sent in the place of the header to a viewer that goes on from an earlier muxer, because the camera changed its picture.
   * Undefined: the format cannot go on, and the response ends.
   */
  readonly continuation?: readonly Buffer[] | undefined;
  /** Undefined: the packet is held, to ride with a later one. */
  mux(packet: Packet): C | undefined;
}

/** An output that muxes once and sends to many: which codecs it takes, and how to make its muxer. */
export interface Output<C extends Chunk = Chunk> {
  /** Viewers of the same key and the same tracks share one muxer: the format plus every option that changes bytes. */
  readonly key: string;
  readonly accepts: Accepts;
  /** Text of a source that must not be used: it would feed the viewer with its own output. */
  readonly except?: string | undefined;
  /**
   * For chunks that all stand alone, such as pictures: a slow viewer skips chunks while more than this many wait, so that
   * it sees fewer of them, not older ones. Default: a queue of some megabytes.
   */
  readonly maximumQueuedChunks?: number | undefined;
  createMuxer(tracks: readonly Track[]): Muxer<C>;
}

/** One viewer of a Broadcast: a socket. The socket is the only queue. */
export interface Viewer<C extends Chunk = Chunk> {
  readonly peer: Peer;
  /** Bytes accepted by `write` that are not on the wire yet; decides whether this viewer skips to the next key chunk. */
  readonly queuedBytes: number;
  /** Before the first chunk, and again with a new muxer when the tracks changed (a key chunk follows). Sends the header if the format wants it. */
  start(muxer: Muxer<C>): void;
  write(chunk: C): void;
  /** Called once, by the Broadcast: the stream is gone, its codec no longer fits, or this viewer is stuck. */
  close(reason?: Error): void;
}
