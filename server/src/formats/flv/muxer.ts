/**
 * FLV of live tracks: packet data passes by reference between the heads of tags.
 *
 *   chunk   [tag head ⋅ codec head] data [size ⋅ tag head ⋅ codec head] data [size]
 *
 * Source of truth: see demuxer.ts and tag.ts.
 */
import type { Codec } from '../../codecs/codec.ts';
import type { Muxer, Track } from '../../core/model.ts';
import { encodeMetadata } from './metadata.ts';
import { frameHeadBytes, TAG_TYPE, writeFrameHead } from './tag.ts';
import { type CodedTag, configBody, requireFit, type TagClock, TagMuxer, tagTypeOf } from './tag-muxer.ts';

const TAG_HEAD_BYTES = 11;
const SIZE_BYTES = 4;
const MAX_TAG_BYTES = 0xffffff;
const HAS_AUDIO = 4;
const HAS_VIDEO = 1;

/** Makes the muxer. Throws StreamError `unsupported`. */
export function createFlvMuxer(tracks: readonly Track[], clock: TagClock): Muxer {
  requireFit(tracks);
  const codecs = tracks.map(({ codec }) => codec);
  const { timestamp } = clock;
  const configs = codecs.flatMap((codec) => {
    const body = configBody(codec);
    return body ? wholeTag(tagTypeOf(codec), timestamp, body) : [];
  });
  const opening = [wholeTag(TAG_TYPE.script, timestamp, encodeMetadata(codecs)), ...configs];
  return new TagMuxer({
    tracks,
    clock,
    contentType: 'video/x-flv',
    header: [fileHeader(codecs), ...opening],
    continuation: opening,
    frame: frameTags,
  });
}

/** With the zero that stands for the size of the tag before the first. */
function fileHeader(codecs: readonly Codec[]): Buffer {
  const has = (kind: Codec['kind']): boolean => codecs.some((codec) => codec.kind === kind);
  const flags = (has('audio') ? HAS_AUDIO : 0) | (has('video') ? HAS_VIDEO : 0);
  return Buffer.from([...Buffer.from('FLV'), 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]);
}

function wholeTag(type: number, timestamp: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(TAG_HEAD_BYTES + body.length + SIZE_BYTES);
  writeTagHead(bytes, 0, type, timestamp, body.length);
  body.copy(bytes, TAG_HEAD_BYTES);
  bytes.writeUInt32BE(TAG_HEAD_BYTES + body.length, TAG_HEAD_BYTES + body.length);
  return bytes;
}

function frameTags(tags: readonly CodedTag[]): Buffer[] {
  const pieces: Buffer[] = [];
  let earlierBytes = 0;
  for (const { codec, key, timestamp, compositionMs, data } of tags) {
    const headBytes = frameHeadBytes(codec, compositionMs);
    if (headBytes + data.length > MAX_TAG_BYTES) continue;
    const at = earlierBytes > 0 ? SIZE_BYTES : 0;
    const head = Buffer.allocUnsafe(at + TAG_HEAD_BYTES + headBytes);
    if (at > 0) head.writeUInt32BE(earlierBytes, 0);
    writeTagHead(head, at, tagTypeOf(codec), timestamp, headBytes + data.length);
    writeFrameHead(head, at + TAG_HEAD_BYTES, codec, key, compositionMs);
    pieces.push(head, data);
    earlierBytes = TAG_HEAD_BYTES + headBytes + data.length;
  }
  if (earlierBytes === 0) return pieces;
  const last = Buffer.allocUnsafe(SIZE_BYTES);
  last.writeUInt32BE(earlierBytes);
  pieces.push(last);
  return pieces;
}

function writeTagHead(target: Buffer, at: number, type: number, timestamp: number, bodyBytes: number): void {
  target[at] = type;
  target.writeUIntBE(bodyBytes, at + 1, 3);
  target.writeUIntBE(timestamp & 0xffffff, at + 4, 3);
  target[at + 7] = timestamp >>> 24;
  target.writeUIntBE(0, at + 8, 3);
}
