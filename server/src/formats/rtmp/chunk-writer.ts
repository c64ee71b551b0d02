/**
 * Messages to RTMP chunks, the way that is the same for every receiver: each message begins with a head of fmt 0, and
 * goes on in parts of our one chunk size. See chunk-reader.ts for the picture.
 */
import { MESSAGE_TYPE } from './message.ts';

/** What we announce before anything else that is longer than 128 bytes. */
const CHUNK_SIZE = 4096;
export const MAX_MESSAGE_BYTES = 0xffffff;

const EXTENDED = 0xffffff;
const HEAD_BYTES = 12;
const EXTENDED_BYTES = 4;
const CONTINUATION = 0xc0;

/** A message whose body consists of a head that is written in place, and data. */
export interface MessageHead {
  readonly chunkStream: number;
  readonly type: number;
  readonly streamId: number;
  /** ms, 32 bits. */
  readonly timestamp: number;
  /** All of the body. */
  readonly bodyBytes: number;
}

/** Bytes of a message in chunks. */
export function chunkedBytes({ timestamp, bodyBytes }: Pick<MessageHead, 'timestamp' | 'bodyBytes'>): number {
  const extended = timestamp >= EXTENDED ? EXTENDED_BYTES : 0;
  const parts = Math.max(1, Math.ceil(bodyBytes / CHUNK_SIZE));
  return HEAD_BYTES + extended + bodyBytes + (parts - 1) * (1 + extended);
}

/** Writes a message at `at` and returns where it ends. `pieces` are the body, one behind the other. */
export function writeMessage(
  target: Buffer,
  at: number,
  head: MessageHead,
  pieces: readonly Buffer[],
): number {
  let end = writeHead(target, at, head);
  let room = CHUNK_SIZE;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      if (room === 0) {
        end = writeContinuation(target, end, head);
        room = CHUNK_SIZE;
      }
      const copied = piece.copy(target, end, from, Math.min(piece.length, from + room));
      from += copied;
      end += copied;
      room -= copied;
    }
  }
  return end;
}

/** One message on its own. */
export function chunkMessage(head: Omit<MessageHead, 'bodyBytes'>, body: Buffer): Buffer {
  const whole = { ...head, bodyBytes: body.length };
  const bytes = Buffer.allocUnsafe(chunkedBytes(whole));
  writeMessage(bytes, 0, whole, [body]);
  return bytes;
}

/** The message that announces our chunk size. */
export function announceChunkSize(): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32BE(CHUNK_SIZE);
  return chunkMessage({ chunkStream: 2, type: MESSAGE_TYPE.setChunkSize, streamId: 0, timestamp: 0 }, body);
}

function writeHead(target: Buffer, at: number, head: MessageHead): number {
  const { chunkStream, type, streamId, timestamp, bodyBytes } = head;
  target[at] = chunkStream;
  target.writeUIntBE(Math.min(timestamp, EXTENDED), at + 1, 3);
  target.writeUIntBE(bodyBytes, at + 4, 3);
  target[at + 7] = type;
  target.writeUInt32LE(streamId, at + 8);
  return timestamp >= EXTENDED ? target.writeUInt32BE(timestamp, at + HEAD_BYTES) : at + HEAD_BYTES;
}

function writeContinuation(target: Buffer, at: number, { chunkStream, timestamp }: MessageHead): number {
  target[at] = CONTINUATION | chunkStream;
  return timestamp >= EXTENDED ? target.writeUInt32BE(timestamp, at + 1) : at + 1;
}
