/**
 * `GET /api/ws?src=NAME`: one socket, several ways to watch. Text messages select a way and carry its signalling;
 * binary messages are media.
 *
 *   → {"type":"mse","value":"avc1.640029,mp4a.40.2"}
 *   ← {"type":"mse","value":"video/mp4; codecs=\"avc1.640029\""}   ← binary …
 *   ← {"type":"error","value":"mse: stream not found"}
 *
 * The value of an error begins with the type of the message that failed. Messages of unknown types are ignored.
 */
import { setMaxListeners } from 'node:events';
import type { RawData } from 'ws';
import { StreamError } from '../../core/errors.ts';
import type { Stream } from '../../core/stream.ts';
import type { WsConnection } from '../../net/ws-frame.ts';
import type { Client } from '../access.ts';
import type { ApiContext } from '../context.ts';
import { describeFailure } from '../errors.ts';
import { findOrPatchStream } from '../stream-changes.ts';
import { requireStream } from '../stream-lookup.ts';

export interface SocketSession {
  readonly context: ApiContext;
  readonly client: Client;
  readonly connection: WsConnection;
  /** Aborted when the socket closes. */
  readonly signal: AbortSignal;
  /** `dst`: the client publishes media into the stream. */
  readonly publishes: boolean;
  /** The stream of `src` (and `name`) or `dst`. Throws HttpError, StreamError. */
  stream(): Stream;
  send(type: string, value?: unknown): void;
  /** Reports a failure of a message, or the end of what it started. */
  fail(type: string, error: unknown): void;
}

/** What a message type does. Modules are imported when the first message of their type comes. */
export type MessageHandler = (session: SocketSession, value: unknown, type: string) => Promise<void>;
export interface MessageModule {
  readonly handle: MessageHandler;
}

const MAX_PENDING = 32;
/** Close code of RFC 6455 §7.4.1. */
const POLICY_VIOLATION = 1008;

/** Serves a socket until it closes. */
export function serveSocket(
  context: ApiContext,
  client: Client,
  connection: WsConnection,
  query: URLSearchParams,
  handlers: Readonly<Record<string, () => Promise<MessageModule>>>,
): void {
  const { websocket } = connection;
  const closed = new AbortController();
  setMaxListeners(MAX_PENDING + 1, closed.signal);
  const [src, dst, name] = [query.get('src'), query.get('dst'), query.get('name')];
  const session: SocketSession = {
    context,
    client,
    connection,
    signal: closed.signal,
    publishes: src === null && dst !== null,
    stream() {
      if (src === null) return requireStream(context, dst ?? undefined);
      return findOrPatchStream(context, client, src, name ?? undefined);
    },
    send(type, value) {
      if (websocket.readyState === websocket.OPEN) websocket.send(JSON.stringify({ type, value }));
    },
    fail(type, error) {
      if (closed.signal.aborted) return;
      const { text } = describeFailure(error);
      context.log.debug('ws', { stream: src ?? dst, type, error: text, from: client.remoteAddress });
      session.send('error', `${type}: ${text}`);
    },
  };
  let pending = 0;
  websocket.on('message', (data, isBinary) => {
    const message = isBinary ? undefined : parseMessage(data);
    if (!message || closed.signal.aborted || !Object.hasOwn(handlers, message.type)) return;
    const { type, value } = message;
    if (pending >= MAX_PENDING) {
      session.fail(type, new StreamError('limit', 'too many messages at once'));
      return;
    }
    pending++;
    handlers[type]!()
      .then((module) => module.handle(session, value, type))
      .catch((error) => session.fail(type, error))
      .finally(() => pending--);
  });
  websocket.on('error', () => websocket.terminate());
  const revoked = client.grant?.revoked;
  const end = (): void => {
    closed.abort(revoked?.reason);
    websocket.close(POLICY_VIOLATION, 'the token was revoked');
  };
  revoked?.addEventListener('abort', end);
  websocket.on('close', () => {
    revoked?.removeEventListener('abort', end);
    closed.abort(new StreamError('aborted', 'the client left'));
  });
}

/** A message with a type; undefined for anything else. */
export function parseMessage(data: RawData | string): { type: string; value: unknown } | undefined {
  try {
    const message: unknown = JSON.parse(data.toString());
    if (typeof message !== 'object' || message === null || !('type' in message)) return undefined;
    const { type } = message;
    return typeof type === 'string'
      ? { type, value: 'value' in message ? message.value : undefined }
      : undefined;
  } catch {
    return undefined;
  }
}
