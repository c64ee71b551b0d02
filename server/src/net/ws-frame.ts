/**
 * Binary WebSocket messages written past the `ws` package: one frame, one writev, payload pieces passed on as they are.
 *
 *   FIN 1, opcode 2 | length: 7 bits, or 126 and u16, or 127 and u64 | payload        (RFC 6455 §5.2, no mask from a server)
 *
 * `ws` copies or splits what it is given; here many viewers share the pieces. It is safe beside `ws.send` because
 * both write whole frames synchronously; that needs a WebSocketServer with `perMessageDeflate: false`.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** A WebSocket and the connection beneath it, which `handleUpgrade` was called with. */
export interface WsConnection {
  readonly websocket: WebSocket;
  readonly socket: Duplex;
  readonly remoteAddress?: string | undefined;
  readonly userAgent?: string | undefined;
}

const FIN_BINARY = 0x82;
const MAX_7_BITS = 125;
const MAX_16_BITS = 0xffff;
const OPEN = 1;

/** Bytes of the header of a binary frame with this payload: 2, 4 or 10. */
export function frameHeaderBytes(payloadBytes: number): number {
  return payloadBytes <= MAX_7_BITS ? 2 : payloadBytes <= MAX_16_BITS ? 4 : 10;
}

/** Writes the header of a binary frame at the start of `target`. */
export function writeFrameHeader(target: Buffer, payloadBytes: number): void {
  target[0] = FIN_BINARY;
  if (payloadBytes <= MAX_7_BITS) target[1] = payloadBytes;
  else if (payloadBytes <= MAX_16_BITS) {
    target[1] = 126;
    target.writeUInt16BE(payloadBytes, 2);
  } else {
    target[1] = 127;
    target.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), 2);
    target.writeUInt32BE(payloadBytes >>> 0, 6);
  }
}

/** Sends a frame whose header is written at the start of `head`, as one writev; nothing if the WebSocket is not open. */
export function sendFrame({ websocket, socket }: WsConnection, head: Buffer, body: readonly Buffer[]): void {
  if (websocket.readyState !== OPEN || !socket.writable) return;
  socket.cork();
  socket.write(head);
  for (let index = 0; index < body.length; index++) socket.write(body[index]);
  socket.uncork();
}

/** Sends these pieces as one binary message. */
export function sendBinary(connection: WsConnection, pieces: readonly Buffer[]): void {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.length;
  const head = Buffer.allocUnsafe(frameHeaderBytes(bytes));
  writeFrameHeader(head, bytes);
  sendFrame(connection, head, pieces);
}
