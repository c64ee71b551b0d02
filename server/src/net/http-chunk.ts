/**
 * Chunks of the HTTP/1.1 transfer coding written past Node's response, as one writev: the response would make a chunk
 * of every piece, a third of what a viewer costs.
 *
 *   0000a1f3 CR LF  piece piece piece  CR LF                (RFC 9112 §7.1)
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Eight hexadecimal digits and CR LF. */
export const CHUNK_HEADER_BYTES = 10;
const CRLF = Buffer.from('\r\n');

/** Writes the header of a chunk with this payload at the start of `target`. */
export function writeChunkHeader(target: Buffer, payloadBytes: number): void {
  target.write(`${payloadBytes.toString(16).padStart(8, '0')}\r\n`, 0, 'latin1');
}

/**
 * The socket to write chunks to: undefined while something is kept back in the response, as its first writes are, and
 * for clients that don't know chunks (HTTP/1.0).
 */
export function chunkSocket(response: ServerResponse): Socket | undefined {
  const { socket } = response;
  const passable = socket && response.chunkedEncoding && response.writableLength === socket.writableLength;
  return passable ? socket : undefined;
}

/** Writes one chunk: `head` begins with its header, `pieces` follow as they are. */
export function writeChunk(socket: Socket, head: Buffer, pieces: readonly Buffer[]): void {
  socket.cork();
  socket.write(head);
  for (let index = 0; index < pieces.length; index++) socket.write(pieces[index]!);
  socket.write(CRLF);
  socket.uncork();
}

/** Writes `pieces` to a response, as one chunk where that is possible. */
export function writePieces(response: ServerResponse, pieces: readonly Buffer[], bytes: number): void {
  const socket = chunkSocket(response);
  if (socket && bytes > 0) {
    const head = Buffer.allocUnsafe(CHUNK_HEADER_BYTES);
    writeChunkHeader(head, bytes);
    writeChunk(socket, head, pieces);
    return;
  }
  response.cork();
  for (const piece of pieces) response.write(piece);
  response.uncork();
}
