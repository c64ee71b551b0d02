/** What the two kinds of session of an RTSP server share: a client that plays (server-play.ts) or publishes (server-record.ts). */
import type { Logger } from '../../util/log.ts';
import type { RtspRequest } from './message.ts';
import type { RtspReply, RtspTarget } from './server-request.ts';

/** The connection, as sessions use it. */
export interface SessionContext {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly userAgent: string | undefined;
  readonly log: Logger;
  /** Bytes written that are not on the wire yet. */
  readonly queuedBytes: number;
  /** Sends bytes as they are: interleaved frames. */
  write(bytes: Buffer): void;
  /** Ends the connection; the reason is logged. */
  end(reason?: Error): void;
}

/** `request` is the one being answered; `target` its URL. */
export interface ServerSession {
  setup(request: RtspRequest, target: RtspTarget): Promise<RtspReply>;
  /** PLAY or RECORD. `reply` may be called before the promise resolves, and is called once: media follows it. */
  start(request: RtspRequest, reply: (answer: RtspReply) => void): Promise<void>;
  pause(): RtspReply;
  /** An interleaved frame of the client, `bytes[start, end)`, lent. */
  frame(channel: number, bytes: Buffer, start: number, end: number): void;
  /** When the client last showed that it is there by other means than requests (RTCP, media), `performance.now()`. */
  readonly aliveMs: number;
  /** Silence after which the session is over, ms; Infinity when the connection itself tells. */
  readonly timeoutMs: number;
  /** Without a reason: the client is done. */
  close(reason?: Error): void;
}
