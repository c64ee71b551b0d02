/**
 * RTP packets one behind the other in one buffer, each behind the 4-byte head that RTSP over TCP wants
 * (RFC 2326 §10.12), so that a frame for a TCP viewer is one write of bytes that all viewers share.
 *
 *   offset            +4                    +16
 *   ┌ $ │ch │len 16 ┬ V P X M PT seq ts ssrc ┬ payload … ┐┌ $ │ …
 *   └── 4 bytes ────┴──────── 12 bytes ──────┴───────────┘
 *
 * UDP sends views from +4; SRTP reads the payload from +16. RTCP packets stand in a block the same way, without
 * the fixed RTP header. Packets lie back to back unless the block was made with `align`.
 */
import { Slab } from '../util/slab.ts';

/** `$`, the channel, and the length of what follows. */
export const INTERLEAVED_BYTES = 4;

/** The RTP header we write: no CSRC, no extension. */
export const RTP_HEADER_BYTES = 12;

const MAGIC = 0x24;
const MARKER = 0x80;

export interface RtpBlock {
  readonly bytes: Buffer;
  /** Of the `$` of each packet, in `bytes`. */
  readonly offsets: readonly number[];
}

/** Length of the RTP or RTCP packet at an offset of a block: it lies in `[offset + 4, offset + 4 + length)`. */
export function packetLength(bytes: Buffer, offset: number): number {
  return (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
}

/** Collects packets, of one track or several, until `take` makes them a block. */
export class RtpBlockWriter {
  readonly #slab: Slab;
  readonly #align: number;
  #offsets: number[] = [];

  /** `align`: each packet begins at a multiple of it (4 lets SRTP work in words); the gaps hold no data. */
  constructor(options: { slabBytes?: number; align?: number } = {}) {
    this.#slab = new Slab(options);
    this.#align = options.align ?? 1;
  }

  /** What `add` returned an offset of; another object after an `add` or `ensure` that needed more room. */
  get buffer(): Buffer {
    return this.#slab.buffer;
  }

  /** Packets collected since the last `take`. */
  get count(): number {
    return this.#offsets.length;
  }

  /** Bytes collected since the last `take`. */
  get bytes(): number {
    return this.#slab.length;
  }

  /** Makes room at once for what `add` will need, so that a frame is not moved while it grows. */
  ensure(bytes: number): void {
    this.#slab.ensure(bytes);
  }

  /** Appends the 4-byte head of a packet of `length` bytes and returns the offset in `buffer` where the packet goes. */
  add(channel: number, length: number): number {
    const slab = this.#slab;
    const gap = (this.#align - (slab.length % this.#align)) % this.#align;
    slab.ensure(gap + INTERLEAVED_BYTES + length);
    const { buffer } = slab;
    const at = slab.end + gap;
    this.#offsets.push(at - slab.start);
    buffer[at] = MAGIC;
    buffer[at + 1] = channel;
    buffer[at + 2] = length >> 8;
    buffer[at + 3] = length;
    slab.end = at + INTERLEAVED_BYTES + length;
    return at + INTERLEAVED_BYTES;
  }

  /** Appends copies of the packets of a block. */
  append({ bytes, offsets }: RtpBlock): void {
    for (const offset of offsets) {
      const length = packetLength(bytes, offset);
      const at = this.add(bytes[offset + 1]!, length);
      bytes.copy(this.buffer, at, offset + INTERLEAVED_BYTES, offset + INTERLEAVED_BYTES + length);
    }
  }

  /** Sets the marker bit of the RTP packet added last. */
  mark(): void {
    const last = this.#offsets.at(-1);
    if (last === undefined) return;
    const at = this.#slab.start + last + INTERLEAVED_BYTES + 1;
    this.#slab.buffer[at] = this.#slab.buffer[at]! | MARKER;
  }

  /** The packets since the last `take`, frozen from now on. */
  take(): RtpBlock {
    const block = { bytes: this.#slab.take(), offsets: this.#offsets };
    this.#offsets = [];
    return block;
  }
}
