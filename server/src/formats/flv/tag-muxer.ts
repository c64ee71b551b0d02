/**
 * Packets to tags, grouped into chunks: one video tag with the audio that came since the one before. How tags are
 * framed is the container's matter: FLV (muxer.ts) and RTMP (rtmp/muxer.ts) have this in common.
 *
 *   packets   V0  A0  A1  V1  A2  V2
 *   chunks   [V0]     [A0 A1 V1]  [A2 V2]         audio waits for video, at most 60 ms
 */
import type { AudioCodec, Codec } from '../../codecs/codec.ts';
import { type CarriedCodecs, carriedBy } from '../../core/accepts.ts';
import { StreamError } from '../../core/errors.ts';
import type { Accepts, Chunk, Muxer, Packet, Track } from '../../core/model.ts';
import { configHead, fitsTag, TAG_TYPE } from './tag.ts';

/** A tag or message with coded data, before it is framed. */
export interface CodedTag {
  readonly codec: Codec;
  readonly key: boolean;
  /** ms, 32 bits. */
  readonly timestamp: number;
  readonly compositionMs: number;
  readonly data: Buffer;
}

/** Puts tags into the bytes of a chunk. */
export type FrameTags = (tags: readonly CodedTag[]) => readonly Buffer[];

const MAX_HELD_SECONDS = 0.06;
const MAX_COMPOSITION_MS = (1 << 23) - 1;

/** What every player of FLV and RTMP takes, or may be expected to. */
export const ACCEPT_FLV: Accepts = [
  { kind: 'video', codecs: [{ name: 'h264' }, { name: 'hevc' }] },
  { kind: 'audio', codecs: [{ name: 'aac' }, { name: 'mp3' }] },
];

const TAG_CODECS: CarriedCodecs = {
  video: [{ name: 'h264' }, { name: 'hevc' }, { name: 'av1' }],
  audio: [
    { name: 'aac' },
    { name: 'mp3' },
    { name: 'opus' },
    { name: 'pcm_alaw', sampleRate: 8000 },
    { name: 'pcm_mulaw', sampleRate: 8000 },
  ],
};

/** Of what is asked for, what tags can hold. Only the first request of each kind counts: there is one track of each. */
export function carriedByTags(accepts: Accepts): Accepts {
  const firsts = accepts.filter(({ kind }, index) => accepts.findIndex((one) => one.kind === kind) === index);
  return carriedBy(
    'flv',
    TAG_CODECS,
    firsts.map(({ kind, codecs }) => ({ kind, codecs })),
  );
}

/** The time line of an output: muxers that follow one another go on where the one before stood. */
export class TagClock {
  #originSeconds: number | undefined;
  /** Of the last tag. */
  ms = 0;

  /** The time of a packet from the first on; undefined for one from before: audio that came late. */
  stamp({ dts, track }: Packet): number | undefined {
    const seconds = dts / track.codec.timeBase;
    this.#originSeconds ??= seconds;
    const ms = Math.round((seconds - this.#originSeconds) * 1000);
    if (ms < 0) return undefined;
    this.ms = ms;
    return ms;
  }

  get timestamp(): number {
    return this.ms >>> 0;
  }
}

export interface TagMuxerOptions {
  readonly tracks: readonly Track[];
  readonly clock: TagClock;
  readonly contentType: string;
  readonly header: readonly Buffer[];
  readonly continuation: readonly Buffer[];
  readonly frame: FrameTags;
}

export class TagMuxer implements Muxer {
  readonly contentType: string;
  readonly header: readonly Buffer[];
  readonly continuation: readonly Buffer[];
  readonly #ids: ReadonlySet<number>;
  readonly #hasVideo: boolean;
  readonly #clock: TagClock;
  readonly #frame: FrameTags;
  #held: CodedTag[] = [];
  #heldSeconds = 0;

  constructor({ tracks, clock, contentType, header, continuation, frame }: TagMuxerOptions) {
    this.contentType = contentType;
    this.header = header;
    this.continuation = continuation;
    this.#ids = new Set(tracks.map(({ id }) => id));
    this.#hasVideo = tracks.some(({ codec }) => codec.kind === 'video');
    this.#clock = clock;
    this.#frame = frame;
  }

  mux(packet: Packet): Chunk | undefined {
    const { track, data, dts, pts, key } = packet;
    if (!this.#ids.has(track.id) || data.length === 0) return undefined;
    const { codec } = track;
    const ms = this.#clock.stamp(packet);
    if (ms === undefined) return undefined;
    const laterMs = Math.round(((pts - dts) / codec.timeBase) * 1000);
    const compositionMs = Math.min(Math.max(laterMs, 0), MAX_COMPOSITION_MS);
    const seconds = dts / codec.timeBase;
    if (this.#held.length === 0) this.#heldSeconds = seconds;
    this.#held.push({ codec, key, timestamp: ms >>> 0, compositionMs, data });
    const leads = codec.kind === 'video' || !this.#hasVideo;
    if (!leads && seconds - this.#heldSeconds < MAX_HELD_SECONDS) return undefined;
    return this.#flush(leads && key, seconds);
  }

  #flush(key: boolean, seconds: number): Chunk {
    const body = this.#frame(this.#held);
    const packets = this.#held.length;
    this.#held = [];
    let bytes = 0;
    for (const piece of body) bytes += piece.length;
    return { body, bytes, key, seconds, packets };
  }
}

/** Throws StreamError `unsupported` for a codec that tags cannot hold. */
export function requireFit(tracks: readonly Track[]): void {
  for (const { codec } of tracks) {
    if (!fitsTag(codec)) throw new StreamError('unsupported', `FLV cannot carry ${codec.name}`);
  }
}

export const tagTypeOf = ({ kind }: Codec): number => (kind === 'video' ? TAG_TYPE.video : TAG_TYPE.audio);

/** The body of the sequence header; undefined for codecs that have none. */
export function configBody(codec: Codec): Buffer | undefined {
  const config = codec.name === 'opus' ? opusHead(codec) : codec.extradata;
  return config && Buffer.concat([configHead(codec), config]);
}

/** RFC 7845 §5.1, little-endian where dOps is big-endian. */
function opusHead({ channels, extradata }: AudioCodec): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 'latin1');
  head[8] = 1;
  head[9] = channels;
  head.writeUInt16LE(extradata && extradata.length >= 11 ? extradata.readUInt16BE(2) : 0, 10);
  head.writeUInt32LE(48000, 12);
  return head;
}
