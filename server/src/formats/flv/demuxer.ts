/**
 * FLV: a header, then tags to the end of the input.
 *
 * Source of truth: "Adobe Flash Video File Format Specification 10.1" §E.2 to §E.4.1.
 *
 *   "FLV" version:8 00000 audio:1 0 video:1 headerSize:32
 *   {previousTagSize:32  00 encrypted:1 type:5  size:24  timestamp:24 timestampHigh:8  streamId:24  body}…
 *
 * The flags in the header are not believed: live servers set both, or none. Nor are the sizes behind tags. All tags have
 * the same stream id: where none with it follows a tag, the next head that can be one is looked for.
 */
import { StreamError } from '../../core/errors.ts';
import type { Demuxer, WritePacket } from '../../core/model.ts';
import { TAG_TYPE } from './tag.ts';
import { TagReader } from './tag-reader.ts';

const SIGNATURE = 'FLV';
const FILE_HEADER_BYTES = 9;
const MAX_FILE_HEADER_BYTES = 1 << 16;
const PREVIOUS_SIZE_BYTES = 4;
const TAG_HEADER_BYTES = 15;
const ENCRYPTED = 0x20;
/** How far the next tag is looked for. */
const MAX_LOST_BYTES = 4 << 20;
const TYPES: ReadonlySet<number> = new Set(Object.values(TAG_TYPE));
const TYPE_BITS = 0x1f;

/** Demuxer. Throws StreamError `protocol` for a header that is none, and when no tags come any more. */
export function createDemuxer(): Demuxer {
  const reader = new TagReader();
  const head = Buffer.alloc(TAG_HEADER_BYTES);
  let headBytes = 0;
  let wantedBytes = FILE_HEADER_BYTES;
  let skipBytes = 0;
  let inTags = false;
  let body: Buffer | undefined;
  let bodyBytes = 0;
  let lostBytes = 0;
  let losses = 0;
  /** That of the first tag, and of all others: 0, unless a server knows better. */
  let streamId: number | undefined;

  const readFileHeader = (): void => {
    if (head.toString('latin1', 0, SIGNATURE.length) !== SIGNATURE)
      throw new StreamError('protocol', 'flv: no FLV header');
    const size = head.readUInt32BE(5);
    if (size < FILE_HEADER_BYTES || size > MAX_FILE_HEADER_BYTES)
      throw new StreamError('protocol', `flv: a header of ${size} bytes`);
    skipBytes = size - FILE_HEADER_BYTES;
    inTags = true;
    wantedBytes = TAG_HEADER_BYTES;
  };

  const readTagHeader = (): void => {
    const isTag = TYPES.has(head[PREVIOUS_SIZE_BYTES]! & ~ENCRYPTED);
    const size = head.readUIntBE(5, 3);
    streamId ??= head.readUIntBE(12, 3);
    const isFound = head.readUIntBE(12, 3) === streamId && (lostBytes === 0 || size > 0);
    if (!isTag || !isFound) {
      if (lostBytes === 0) losses++;
      if (++lostBytes > MAX_LOST_BYTES) throw new StreamError('protocol', 'flv: no tags any more');
      head.copyWithin(0, 1);
      headBytes = TAG_HEADER_BYTES - 1;
      return;
    }
    lostBytes = 0;
    body = Buffer.allocUnsafe(size);
    bodyBytes = 0;
  };

  const endTag = (whole: Buffer, write: WritePacket): void => {
    body = undefined;
    const type = head[PREVIOUS_SIZE_BYTES]!;
    if (type & ENCRYPTED) return;
    const timestamp = ((head[11]! << 24) | head.readUIntBE(8, 3)) >>> 0;
    reader.push(type & TYPE_BITS, timestamp, whole, write);
  };

  return {
    get ready() {
      return reader.ready;
    },
    get tracks() {
      return reader.tracks;
    },
    get corrupt() {
      return losses + reader.corrupt;
    },
    push(bytes, write) {
      for (let at = 0; at < bytes.length || body?.length === bodyBytes; ) {
        if (skipBytes > 0) {
          const skipped = Math.min(skipBytes, bytes.length - at);
          skipBytes -= skipped;
          at += skipped;
        } else if (body) {
          const copied = bytes.copy(body, bodyBytes, at, at + body.length - bodyBytes);
          at += copied;
          bodyBytes += copied;
          if (bodyBytes === body.length) endTag(body, write);
        } else {
          const copied = bytes.copy(head, headBytes, at, at + wantedBytes - headBytes);
          at += copied;
          headBytes += copied;
          if (headBytes < wantedBytes) continue;
          headBytes = 0;
          if (inTags) readTagHeader();
          else readFileHeader();
        }
      }
    },
    flush() {
      if (body) losses++;
      body = undefined;
    },
  };
}
