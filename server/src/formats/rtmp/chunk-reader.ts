/**
 * RTMP chunks to messages.
 *
 * Source of truth: "Adobe's Real Time Messaging Protocol 1.0" §5.3 (chunks), §5.4.1 and §5.4.2 (chunk size, abort).
 *
 *   fmt:2 csid:6 [csid-64:8 | csid-64:16le]         0: absolute time, all fields
 *   fmt 0  timestamp:24 length:24 type:8 streamId:32le      1: time delta, same stream
 *   fmt 1  delta:24 length:24 type:8                        2: same length and type, too
 *   fmt 2  delta:24                                         3: nothing new, or the next part of a message
 *   [timestamp or delta FFFFFF: extended:32]  part of the message, of at most the chunk size
 *
 * Messages on several chunk streams may be interleaved. Bytes are copied once, to where the message is put together.
 */
import { StreamError } from '../../core/errors.ts';
import { MESSAGE_TYPE, type Message } from './message.ts';

const DEFAULT_CHUNK_SIZE = 128;
const MAX_CHUNK_STREAMS = 64;
/** Of all messages that are not whole yet. */
const MAX_PENDING_BYTES = 24 << 20;
const EXTENDED = 0xffffff;
const EXTENDED_BYTES = 4;
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const;
const MAX_HEAD_BYTES = 3 + 11 + EXTENDED_BYTES;

interface ChunkStream {
  timestamp: number;
  /** Of the last header: a fmt 3 that begins a message adds it again (§5.3.1.2.4). */
  delta: number;
  length: number;
  type: number;
  streamId: number;
  /** The last header had an extended time; so have the parts that follow it (§5.3.1.3). */
  extended: boolean;
  /** The message in the making, and how much of it is there. */
  body: Buffer | undefined;
  filled: number;
}

export class ChunkReader {
  readonly #onMessage: (message: Message) => void;
  readonly #streams = new Map<number, ChunkStream>();
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES);
  #headBytes = 0;
  #chunkSize = DEFAULT_CHUNK_SIZE;
  #pendingBytes = 0;
  /** Whose chunk is being read, and how many bytes of it are to come. */
  #current: ChunkStream | undefined;
  #remaining = 0;

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage;
  }

  /** Takes `bytes[start, end)`, which are lent. Throws StreamError `protocol` or `limit`. */
  push(bytes: Buffer, start = 0, end = bytes.length): void {
    for (let at = start; at < end; ) {
      if (this.#current) at += this.#readPart(this.#current, bytes, at, end);
      else at += this.#readHead(bytes, at, end);
    }
  }

  #readPart(stream: ChunkStream, bytes: Buffer, at: number, end: number): number {
    const copied = Math.min(this.#remaining, end - at);
    stream.filled += bytes.copy(stream.body!, stream.filled, at, at + copied);
    this.#remaining -= copied;
    if (this.#remaining > 0) return copied;
    this.#current = undefined;
    if (stream.filled === stream.length) this.#finish(stream);
    return copied;
  }

  #finish(stream: ChunkStream): void {
    const body = stream.body!;
    this.#drop(stream);
    if (stream.type === MESSAGE_TYPE.setChunkSize) this.#setChunkSize(body);
    else if (stream.type === MESSAGE_TYPE.abort) this.#abort(body);
    else {
      const { type, streamId, timestamp } = stream;
      this.#onMessage({ type, streamId, timestamp, body });
    }
  }

  #drop(stream: ChunkStream): void {
    if (stream.body) this.#pendingBytes -= stream.length;
    stream.body = undefined;
    stream.filled = 0;
  }

  #setChunkSize(body: Buffer): void {
    const size = body.length >= 4 ? body.readUInt32BE(0) : 0;
    if (size === 0 || size > 0x7fffffff) throw new StreamError('protocol', `rtmp: a chunk size of ${size}`);
    this.#chunkSize = size;
  }

  #abort(body: Buffer): void {
    const stream = body.length >= 4 ? this.#streams.get(body.readUInt32BE(0)) : undefined;
    if (stream) this.#drop(stream);
  }

  /** Collects the head of a chunk; returns how many bytes it took. */
  #readHead(bytes: Buffer, at: number, end: number): number {
    let taken = 0;
    for (let missing = this.#missingHead(); missing > 0; missing = this.#missingHead()) {
      const copied = bytes.copy(this.#head, this.#headBytes, at + taken, Math.min(end, at + taken + missing));
      this.#headBytes += copied;
      taken += copied;
      if (copied < missing) return taken;
    }
    this.#beginChunk();
    return taken;
  }

  /** Bytes until the head is whole, as far as it can be told yet. */
  #missingHead(): number {
    const head = this.#head;
    const have = this.#headBytes;
    if (have === 0) return 1;
    const basic = basicHeaderBytes(head);
    if (have < basic) return basic - have;
    const format = head[0]! >> 6;
    const plain = basic + MESSAGE_HEADER_BYTES[format]!;
    if (have < plain) return plain - have;
    const extended = format === 3 ? this.#streamOf(basic).extended : head.readUIntBE(basic, 3) === EXTENDED;
    return extended ? plain + EXTENDED_BYTES - have : 0;
  }

  #streamOf(basicBytes: number): ChunkStream {
    const id = chunkStreamId(this.#head, basicBytes);
    let stream = this.#streams.get(id);
    if (!stream) {
      if (this.#streams.size >= MAX_CHUNK_STREAMS)
        throw new StreamError('limit', 'rtmp: too many chunk streams');
      stream = {
        ...{ timestamp: 0, delta: 0, length: 0, type: 0, streamId: 0, extended: false },
        ...{ body: undefined, filled: 0 },
      };
      this.#streams.set(id, stream);
    }
    return stream;
  }

  #beginChunk(): void {
    const head = this.#head;
    const basic = basicHeaderBytes(head);
    const format = head[0]! >> 6;
    const stream = this.#streamOf(basic);
    const plain = basic + MESSAGE_HEADER_BYTES[format]!;
    const extended = this.#headBytes > plain ? head.readUInt32BE(plain) : undefined;
    this.#headBytes = 0;
    let unread: Buffer | undefined;
    if (format !== 3) {
      this.#drop(stream);
      readMessageHeader(stream, head, basic, format, extended);
    } else if (!stream.body) {
      if (extended !== undefined) stream.delta = extended;
      stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
    } else if (extended !== undefined && extended !== stream.delta && extended !== stream.timestamp) {
      // Some senders leave the extended time out in the parts that follow: these bytes are of the message.
      unread = Buffer.from(head.subarray(plain, plain + EXTENDED_BYTES));
    }
    this.#beginPart(stream);
    if (unread) this.push(unread);
  }

  #beginPart(stream: ChunkStream): void {
    if (!stream.body) {
      this.#pendingBytes += stream.length;
      if (this.#pendingBytes > MAX_PENDING_BYTES)
        throw new StreamError('limit', 'rtmp: too much in unfinished messages');
      stream.body = Buffer.allocUnsafe(stream.length);
      stream.filled = 0;
    }
    this.#remaining = Math.min(this.#chunkSize, stream.length - stream.filled);
    if (this.#remaining > 0) this.#current = stream;
    else this.#finish(stream);
  }
}

function basicHeaderBytes(head: Buffer): number {
  const id = head[0]! & 63;
  return id === 0 ? 2 : id === 1 ? 3 : 1;
}

function chunkStreamId(head: Buffer, basicBytes: number): number {
  if (basicBytes === 1) return head[0]! & 63;
  return basicBytes === 2 ? 64 + head[1]! : 64 + head.readUInt16LE(1);
}

function readMessageHeader(
  stream: ChunkStream,
  head: Buffer,
  at: number,
  format: number,
  extended: number | undefined,
): void {
  const time = extended ?? head.readUIntBE(at, 3);
  stream.delta = time;
  stream.extended = extended !== undefined;
  stream.timestamp = format === 0 ? time : (stream.timestamp + time) >>> 0;
  if (format === 2) return;
  stream.length = head.readUIntBE(at + 3, 3);
  stream.type = head[at + 6]!;
  if (format === 0) stream.streamId = head.readUInt32LE(at + 7);
}
