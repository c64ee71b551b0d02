/** A chunk of the RTP output: RTP and RTCP packets of all tracks in one buffer, and the same with other channels. */
import type { Chunk } from '../../core/model.ts';

/** RTP and RTCP packets of all tracks, with their place in the buffer. */
export class RtpChunk implements Chunk {
  readonly body: readonly [Buffer];
  readonly key: boolean;
  readonly seconds: number;
  readonly packets: number;
  /** Of the `$` of each RTP or RTCP packet. */
  readonly offsets: readonly number[];
  /** Per track, the sequence number of its first RTP packet in this chunk or after it. */
  readonly sequences: readonly number[];
  #copies: Map<string, Buffer> | undefined;

  constructor(fields: {
    bytes: Buffer;
    offsets: readonly number[];
    key: boolean;
    seconds: number;
    packets: number;
    sequences: readonly number[];
  }) {
    this.body = [fields.bytes];
    this.offsets = fields.offsets;
    this.key = fields.key;
    this.seconds = fields.seconds;
    this.packets = fields.packets;
    this.sequences = fields.sequences;
  }

  get bytes(): number {
    return this.body[0].length;
  }

  /** The same with other channels, made for the first viewer who wants it so and shared by the others. */
  withChannels(channels: ChannelMap): Buffer {
    this.#copies ??= new Map();
    let copy = this.#copies.get(channels.key);
    if (!copy) {
      copy = channels.apply(this.body[0], this.offsets);
      this.#copies.set(channels.key, copy);
    }
    return copy;
  }
}

/** Which channel each of ours goes to; packets of those that go nowhere are left out. */
export class ChannelMap {
  readonly key: string;
  readonly #to: readonly (number | undefined)[];

  /** `to`: by our channel. */
  constructor(to: readonly (number | undefined)[]) {
    this.#to = to;
    this.key = to.join();
  }

  /** Every channel goes to itself. */
  get identical(): boolean {
    return this.#to.every((channel, index) => channel === index);
  }

  apply(bytes: Buffer, offsets: readonly number[]): Buffer {
    const parts: Buffer[] = [];
    for (const [index, offset] of offsets.entries()) {
      if (this.#to[bytes[offset + 1]!] !== undefined)
        parts.push(bytes.subarray(offset, offsets[index + 1] ?? bytes.length));
    }
    const copy = Buffer.concat(parts);
    let at = 0;
    for (const part of parts) {
      copy[at + 1] = this.#to[part[1]!]!;
      at += part.length;
    }
    return copy;
  }
}
