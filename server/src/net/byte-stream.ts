/** A connection that carries bytes both ways: TCP, TLS, or a WebSocket used as one. */
import type { StreamError } from '../core/errors.ts';

export interface ByteStream {
  /** `192.168.1.10:554` */
  readonly remoteAddress: string;
  /** IP address of this end, without port. */
  readonly localAddress: string;
  /** Bytes accepted by `write` that are not on the wire yet. */
  readonly queuedBytes: number;
  write(bytes: Buffer): void;
  /** Sends what is queued for a moment, then closes for good; `onClose` is not called any more. */
  close(): void;
}

export interface ByteStreamHandlers {
  /** `bytes[start, end)` is lent for the call: the buffer is used again for the next read. */
  onData(bytes: Buffer, start: number, end: number): void;
  /** Called once, when the other side closed (no error) or the connection broke; not after `close()`. */
  onClose(error: StreamError | undefined): void;
}
