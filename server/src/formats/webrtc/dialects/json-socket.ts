/** Signalling by WebSocket: one JSON object a message. What is none is passed over: some servers cut messages off. */
import type { RawData } from 'ws';
import { StreamError } from '../../../core/errors.ts';
import { connectionError } from '../../../net/tcp.ts';
import { parseAddress } from '../../../net/url.ts';
import { openWebSocket } from '../../../net/websocket.ts';
import type { Call } from './dialect.ts';
import { type JsonObject, parseObject } from './json.ts';

export interface JsonSocket {
  send(message: JsonObject): void;
  close(): void;
  /** Rejects when the socket is closed. */
  readonly ended: Promise<never>;
  /** Waits for what a message brings, no longer than the call's time-out; rejects when the socket closes before. */
  expect<T>(what: string, promise: Promise<T>): Promise<T>;
}

const MAX_MESSAGE_BYTES = 512 << 10;

/** Connects; the socket is closed with the call. Rejects with StreamError. */
export async function openJsonSocket(
  { url, timeoutMs, signal }: Pick<Call, 'url' | 'timeoutMs' | 'signal'>,
  onMessage: (message: JsonObject) => void,
): Promise<JsonSocket> {
  const address = parseAddress(url);
  const { socket } = await openWebSocket({
    address,
    credentials: address.credentials,
    timeoutMs,
    signal,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    onMessage(data: RawData) {
      const message = parseObject(String(data));
      if (message && !signal.aborted) onMessage(message);
    },
  });
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  const close = (): void => socket.close();
  signal.addEventListener('abort', close, { once: true });
  socket.on('error', (error) => ended.reject(connectionError(error)));
  socket.on('close', () => {
    signal.removeEventListener('abort', close);
    ended.reject(new StreamError('closed', 'webrtc signalling: the server closed the WebSocket'));
  });
  if (signal.aborted) close();
  return {
    send: (message) => socket.send(JSON.stringify(message), () => {}),
    close,
    ended: ended.promise,
    expect: async (what, promise) => {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => late.reject(new StreamError('timeout', `webrtc signalling: no ${what} in time`)),
        timeoutMs,
      );
      try {
        return await Promise.race([promise, ended.promise, late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
