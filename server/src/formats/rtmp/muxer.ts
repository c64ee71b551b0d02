/**
 * The RTMP output: messages in chunks, the same bytes for all receivers of one message stream id.
 *
 *   chunk   one buffer: [audio message]… [video message], each a head of fmt 0 and parts of 4096 bytes
 *
 * A receiver costs one write a frame. Head and sequence headers come with the muxer; see flv/tag-muxer.ts for grouping.
 */
import { acceptsFromQuery } from '../../core/accepts.ts';
import type { Accepts, Muxer, Output, Track } from '../../core/model.ts';
import { encodeMetadata } from '../flv/metadata.ts';
import { frameHeadBytes, TAG_TYPE, writeFrameHead } from '../flv/tag.ts';
import {
  ACCEPT_FLV,
  type CodedTag,
  carriedByTags,
  configBody,
  requireFit,
  TagClock,
  TagMuxer,
  tagTypeOf,
} from '../flv/tag-muxer.ts';
import {
  chunkedBytes,
  chunkMessage,
  MAX_MESSAGE_BYTES,
  type MessageHead,
  writeMessage,
} from './chunk-writer.ts';
import { CHUNK_STREAM } from './message.ts';

/** Of our server: all that createStream ever gives. */
export const SERVER_STREAM_ID = 1;

const MAX_FRAME_HEAD_BYTES = 8;
/** A publisher's metadata is to be kept for later viewers. */
const SET_DATA_FRAME = '@setDataFrame';

export interface RtmpOutputOptions {
  readonly query: URLSearchParams;
  readonly streamId: number;
  /** We push, the other side is the server. */
  readonly publishes: boolean;
  /** The other side knows HEVC by Enhanced RTMP; default true. */
  readonly knowsHevc?: boolean;
}

/** What a query asks for of what RTMP carries; without a filter what the other side knows. Throws StreamError `invalid`. */
export function rtmpAccepts(query: URLSearchParams, knowsHevc = true): Accepts {
  return carriedByTags(acceptsFromQuery(query, knowsHevc ? ACCEPT_FLV : ACCEPT_PLAIN_RTMP));
}

/** What players take that do not say that they know more. */
const ACCEPT_PLAIN_RTMP: Accepts = ACCEPT_FLV.map(({ kind, codecs }) => ({
  kind,
  codecs: codecs.filter(({ name }) => name !== 'hevc'),
}));

/** Makes the output. Throws StreamError `invalid` for a query it cannot read. */
export function createRtmpOutput({ query, streamId, publishes, knowsHevc }: RtmpOutputOptions): Output {
  const clock = new TagClock();
  return {
    key: `rtmp ${streamId} ${publishes}`,
    accepts: rtmpAccepts(query, knowsHevc),
    createMuxer: (tracks) => createRtmpMuxer(tracks, clock, streamId, publishes),
  };
}

function createRtmpMuxer(
  tracks: readonly Track[],
  clock: TagClock,
  streamId: number,
  publishes: boolean,
): Muxer {
  requireFit(tracks);
  const { timestamp } = clock;
  const codecs = tracks.map(({ codec }) => codec);
  const metadata = encodeMetadata(codecs, ...(publishes ? [SET_DATA_FRAME] : []));
  const script = { chunkStream: CHUNK_STREAM.data, type: TAG_TYPE.script, streamId, timestamp };
  const configs = codecs.flatMap((codec) => {
    const body = configBody(codec);
    const [chunkStream, type] = [chunkStreamOf(codec.kind), tagTypeOf(codec)];
    return body ? chunkMessage({ chunkStream, type, streamId, timestamp }, body) : [];
  });
  const header = [Buffer.concat([chunkMessage(script, metadata), ...configs])];
  return new TagMuxer({
    tracks,
    clock,
    contentType: 'video/x-flv',
    header,
    continuation: header,
    frame: (tags) => frameMessages(tags, streamId),
  });
}

const chunkStreamOf = (kind: 'video' | 'audio'): number => CHUNK_STREAM[kind];

function frameMessages(tags: readonly CodedTag[], streamId: number): Buffer[] {
  const heads = tags.map((tag): MessageHead => {
    const { codec, timestamp, compositionMs, data } = tag;
    const bodyBytes = frameHeadBytes(codec, compositionMs) + data.length;
    return { chunkStream: chunkStreamOf(codec.kind), type: tagTypeOf(codec), streamId, timestamp, bodyBytes };
  });
  let length = 0;
  for (const head of heads) if (head.bodyBytes <= MAX_MESSAGE_BYTES) length += chunkedBytes(head);
  const bytes = Buffer.allocUnsafe(length);
  const frameHead = Buffer.allocUnsafe(MAX_FRAME_HEAD_BYTES);
  let at = 0;
  for (const [index, head] of heads.entries()) {
    if (head.bodyBytes > MAX_MESSAGE_BYTES) continue;
    const { codec, key, compositionMs, data } = tags[index]!;
    writeFrameHead(frameHead, 0, codec, key, compositionMs);
    const pieces = [frameHead.subarray(0, frameHeadBytes(codec, compositionMs)), data];
    at = writeMessage(bytes, at, head, pieces);
  }
  return [bytes];
}
