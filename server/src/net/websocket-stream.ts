/**
 * A WebSocket (RFC 6455) as a stream of bytes: what is written goes out in binary messages, what comes in messages is
 * read as one stream. Axis cameras serve RTSP like this, with the subprotocol `binary`.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { WebSocket } from 'ws';
import { StreamError, toStreamError } from '../core/errors.ts';
import type { ByteStream, ByteStreamHandlers } from './byte-stream.ts';
import { type Credentials, createClientAuth } from './digest.ts';
import { connectionError } from './tcp.ts';
import { type Address, formatAddress } from './url.ts';

export interface WebSocketOptions {
  /** Scheme `ws`, `wss`, `http` or `https`. */
  readonly address: Address;
  readonly credentials: Credentials | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const SUBPROTOCOL = 'binary';
const MAX_MESSAGE_BYTES = 1 << 20;

/** Connects; answers a 401 to the upgrade once. Fails with StreamError `unauthorized`, `not_found`, `unreachable`, `timeout`, `protocol`. */
export async function connectWebSocket(
  options: WebSocketOptions,
  handlers: ByteStreamHandlers,
): Promise<ByteStream> {
  const { address, credentials } = options;
  const url = formatAddress({ ...address, scheme: address.scheme.replace('http', 'ws') });
  const auth = credentials && createClientAuth(credentials);
  for (let attempt = 1; ; attempt++) {
    const opened = await openSocket(options, url, auth?.authorize('GET', address.target || '/'));
    if (opened instanceof WebSocket) return adopt(opened, url, handlers);
    const { statusCode = 0, headers } = opened;
    if (statusCode === 404) throw new StreamError('not_found', `${url}: no such path`);
    if (statusCode !== 401)
      throw new StreamError('protocol', `${url}: not a WebSocket (answered ${statusCode})`);
    const challenge = headers['www-authenticate'];
    const outcome = challenge === undefined ? 'unsupported' : auth?.challenge([challenge]);
    if (!auth) throw new StreamError('unauthorized', `${url}: wants a user and a password`);
    if (outcome === 'unsupported' || attempt > 1)
      throw new StreamError('unauthorized', `${url}: wrong user or password`);
  }
}

/** The open socket, or the response that refused it. */
function openSocket(
  { address, timeoutMs, signal }: WebSocketOptions,
  url: string,
  authorization: string | undefined,
): Promise<WebSocket | IncomingMessage> {
  if (signal.aborted) return Promise.reject(toStreamError(signal.reason));
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket | IncomingMessage>();
  const socket = new WebSocket(url, SUBPROTOCOL, {
    ...(authorization ? { headers: { Authorization: authorization } } : {}),
    handshakeTimeout: timeoutMs,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    rejectUnauthorized: isIP(address.host) === 0,
  });
  const onAbort = (): void => {
    reject(toStreamError(signal.reason));
    socket.terminate();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('open', () => resolve(socket));
  socket.once('unexpected-response', (request, response) => {
    resolve(response);
    response.resume();
    request.destroy();
  });
  socket.on('error', (error) => reject(handshakeError(error, url, timeoutMs)));
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}

function handshakeError(error: Error, url: string, timeoutMs: number): StreamError {
  if (/handshake has timed out/.test(error.message))
    return new StreamError('timeout', `${url}: no WebSocket within ${timeoutMs / 1000} s`, error);
  const mapped = connectionError(error, url);
  return mapped.code === 'internal' ? new StreamError('protocol', `${url}: ${error.message}`, error) : mapped;
}

function adopt(socket: WebSocket, url: string, handlers: ByteStreamHandlers): ByteStream {
  let open = true;
  let failure: StreamError | undefined;
  socket.on('message', (data: Buffer) => {
    if (open) handlers.onData(data, 0, data.length);
  });
  socket.on('error', (error) => {
    failure = connectionError(error, url);
  });
  socket.on('close', () => {
    if (open) handlers.onClose(failure);
    open = false;
  });
  const { _socket: tcp } = socket as unknown as { _socket: import('node:net').Socket };
  return {
    remoteAddress: `${tcp.remoteAddress}:${tcp.remotePort}`,
    localAddress: tcp.localAddress ?? '',
    get queuedBytes() {
      return socket.bufferedAmount;
    },
    write: (bytes) => socket.send(bytes),
    close() {
      if (!open) return;
      open = false;
      socket.close();
    },
  };
}
