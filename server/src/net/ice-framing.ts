/**
 * Datagrams over TCP (RFC 4571): │ length 16 │ datagram │ length 16 │ …
 */
import type { Datagrams } from './ice-path.ts';

const HEAD_BYTES = 2;
/** Longer ones are not media: RTP and DTLS keep to the MTU of Ethernet. */
export const MAX_FRAME_BYTES = 4096;

/** Takes a TCP byte stream apart. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  /** Calls `emit` with each whole datagram. False when the stream is no such stream: close the connection. */
  push(bytes: Buffer, emit: (datagram: Buffer) => void): boolean {
    const all = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : bytes;
    let at = 0;
    while (at + HEAD_BYTES <= all.length) {
      const length = all.readUInt16BE(at);
      if (length > MAX_FRAME_BYTES) return false;
      const end = at + HEAD_BYTES + length;
      if (end > all.length) break;
      if (length > 0) emit(all.subarray(at + HEAD_BYTES, end));
      at = end;
    }
    this.#held = at < all.length ? Buffer.from(all.subarray(at)) : Buffer.alloc(0);
    return true;
  }
}

/** One datagram with its length before it. */
export function frame(datagram: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(HEAD_BYTES + datagram.length);
  framed.writeUInt16BE(datagram.length);
  datagram.copy(framed, HEAD_BYTES);
  return framed;
}

/** Several datagrams, each with its length before it, in one buffer of its own. */
export function frameAll({ bytes, offsets, lengths, count }: Datagrams): Buffer {
  let total = 0;
  for (let index = 0; index < count; index++) total += HEAD_BYTES + lengths[index]!;
  const framed = Buffer.allocUnsafe(total);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const length = lengths[index]!;
    framed[at] = length >> 8;
    framed[at + 1] = length;
    bytes.copy(framed, at + HEAD_BYTES, offsets[index]!, offsets[index]! + length);
    at += HEAD_BYTES + length;
  }
  return framed;
}
