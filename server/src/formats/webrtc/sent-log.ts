/**
 * What a viewer was sent lately, for retransmission: which chunk its packets came from. The payloads are those of the
 * chunks, shared by all viewers.
 */
import type { PayloadChunk } from './output.ts';

interface Sent {
  readonly chunk: PayloadChunk;
  /** Index of its first packet: sequence number and roll-over count. */
  readonly firstIndex: number;
  /** What was added to its timestamps. */
  readonly delta: number;
}

export interface Lost {
  readonly chunk: PayloadChunk;
  /** Which packet of the chunk. */
  readonly packet: number;
  readonly index: number;
  readonly delta: number;
}

/** Chunks remembered: about two seconds of video. */
const CAPACITY = 64;
const MAX_BYTES = 4 << 20;

export class SentLog {
  /** Oldest first. */
  #sent: Sent[] = [];
  #bytes = 0;

  add(chunk: PayloadChunk, firstIndex: number, delta: number): void {
    this.#sent.push({ chunk, firstIndex, delta });
    this.#bytes += chunk.bytes;
    while (this.#sent.length > CAPACITY || (this.#bytes > MAX_BYTES && this.#sent.length > 1))
      this.#bytes -= this.#sent.shift()!.chunk.bytes;
  }

  /** The packet with this sequence number; undefined if it was never sent, or too long ago. */
  find(sequence: number): Lost | undefined {
    const newest = this.#sent.at(-1);
    if (!newest) return undefined;
    const end = newest.firstIndex + newest.chunk.block.offsets.length;
    const index = end - ((end - sequence) & 0xffff);
    for (let position = this.#sent.length - 1; position >= 0; position--) {
      const { chunk, firstIndex, delta } = this.#sent[position]!;
      if (index < firstIndex) continue;
      const packet = index - firstIndex;
      return packet < chunk.block.offsets.length ? { chunk, packet, index, delta } : undefined;
    }
    return undefined;
  }
}
