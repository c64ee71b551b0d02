/** A WebSocket (RFC 6455) to a camera or a service: Basic and Digest, certificates of their own making at IP addresses. */
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { type RawData, WebSocket } from 'ws';
import { StreamError, toStreamError } from '../core/errors.ts';
import { type Credentials, createClientAuth } from './digest.ts';
import { connectionError } from './tcp.ts';
import { type Address, formatAddress } from './url.ts';

export interface WebSocketOptions {
  /** Scheme `ws`, `wss`, `http` or `https`. */
  readonly address: Address;
  readonly credentials: Credentials | undefined;
  readonly timeoutMs: number;
  /** Of the handshake: later the socket is the caller's to close. */
  readonly signal: AbortSignal;
  /** Hears messages from the first on: a server that speaks first may do so before the caller has the socket. */
  readonly onMessage?: ((data: RawData, socket: WebSocket) => void) | undefined;
}

export interface OpenedWebSocket {
  /** Open; closed by whoever asked for it. */
  readonly socket: WebSocket;
  readonly tcp: Socket;
}

/** Connects; answers a 401 to the upgrade once. Fails with StreamError `unauthorized`, `not_found`, `unreachable`, `timeout`, `protocol`. */
export async function openWebSocket(
  options: WebSocketOptions & { readonly subprotocol?: string; readonly maxMessageBytes: number },
): Promise<OpenedWebSocket> {
  const { address, credentials } = options;
  const url = formatAddress({ ...address, scheme: address.scheme.replace('http', 'ws') });
  const auth = credentials && createClientAuth(credentials);
  for (let attempt = 1; ; attempt++) {
    const { socket, response } = await openSocket(
      options,
      url,
      auth?.authorize('GET', address.target || '/'),
    );
    if (socket) return { socket, tcp: response.socket };
    const { statusCode = 0, headers } = response;
    if (statusCode === 404) throw new StreamError('not_found', 'no such path for the WebSocket');
    if (statusCode !== 401) throw new StreamError('protocol', `not a WebSocket (answered ${statusCode})`);
    const challenge = headers['www-authenticate'];
    const outcome = challenge === undefined ? 'unsupported' : auth?.challenge([challenge]);
    if (!auth) throw new StreamError('unauthorized', 'the WebSocket wants a user and a password');
    if (outcome === 'unsupported' || attempt > 1)
      throw new StreamError('unauthorized', 'wrong user or password for the WebSocket');
  }
}

interface Answer {
  /** Undefined where the response refused it. */
  readonly socket?: WebSocket;
  readonly response: IncomingMessage;
}

function openSocket(
  {
    address,
    timeoutMs,
    signal,
    onMessage,
    subprotocol,
    maxMessageBytes,
  }: Parameters<typeof openWebSocket>[0],
  url: string,
  authorization: string | undefined,
): Promise<Answer> {
  if (signal.aborted) return Promise.reject(toStreamError(signal.reason));
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const socket = new WebSocket(url, subprotocol, {
    ...(authorization ? { headers: { Authorization: authorization } } : {}),
    handshakeTimeout: timeoutMs,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    rejectUnauthorized: isIP(address.host) === 0,
  });
  if (onMessage) socket.on('message', (data) => onMessage(data, socket));
  const onAbort = (): void => {
    reject(toStreamError(signal.reason));
    socket.terminate();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('upgrade', (response) => socket.once('open', () => resolve({ socket, response })));
  socket.once('unexpected-response', (request, response) => {
    resolve({ response });
    response.resume();
    request.destroy();
  });
  socket.on('error', (error) => reject(handshakeError(error, timeoutMs)));
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}

function handshakeError(error: Error, timeoutMs: number): StreamError {
  if (/handshake has timed out/.test(error.message))
    return new StreamError('timeout', `no WebSocket within ${timeoutMs / 1000} s`, error);
  const mapped = connectionError(error);
  return mapped.code === 'internal'
    ? new StreamError('protocol', `no WebSocket: ${error.message}`, error)
    : mapped;
}
