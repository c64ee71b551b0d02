/**
 * A WebSocket (RFC 6455) as a stream of bytes: what is written goes out in binary messages, what comes in messages is
 * read as one stream. Axis cameras serve RTSP like this, with the subprotocol `binary`.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { StreamError } from '../core/errors.ts';
import type { ByteStream, ByteStreamHandlers } from './byte-stream.ts';
import { connectionError } from './tcp.ts';
import { openWebSocket, type WebSocketOptions } from './websocket.ts';

export type { WebSocketOptions };

const SUBPROTOCOL = 'binary';
const MAX_MESSAGE_BYTES = 1 << 20;

/** Connects; answers a 401 to the upgrade once. Fails with StreamError `unauthorized`, `not_found`, `unreachable`, `timeout`, `protocol`. */
export async function connectWebSocket(
  options: WebSocketOptions,
  handlers: ByteStreamHandlers,
): Promise<ByteStream> {
  const { socket, tcp } = await openWebSocket({
    ...options,
    subprotocol: SUBPROTOCOL,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  });
  return adopt(socket, tcp, handlers);
}

function adopt(socket: WebSocket, tcp: Socket, handlers: ByteStreamHandlers): ByteStream {
  let open = true;
  let failure: StreamError | undefined;
  socket.on('message', (data: Buffer) => {
    if (open) handlers.onData(data, 0, data.length);
  });
  socket.on('error', (error) => {
    failure = connectionError(error);
  });
  socket.on('close', () => {
    if (open) handlers.onClose(failure);
    open = false;
  });
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
