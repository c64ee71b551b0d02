/**
 * The packets of one pid: what their header and adaptation field say, and whether one is missing.
 *
 *   47 │ error:1 start:1 priority:1 pid:13 │ scrambling:2 adaptation:1 payload:1 counter:4 │ [length │ flags │ fields │ stuffing] │ payload
 *
 * Source of truth: ISO 13818-1 §2.4.3.3, §2.4.3.5. The counter runs through the packets with a payload; one packet may be
 * sent twice; after discontinuity_indicator the counter begins anywhere.
 */
import { HEADER_BYTES, PACKET_BYTES } from './transport.ts';

/** What takes the payloads of a pid. */
export interface PayloadReader {
  /** Units that were damaged, and left out. */
  readonly corrupt: number;
  /** `begins`: a PES packet or a section starts here. `stuffed`: the packet was filled up in front of its payload. */
  push(data: Buffer, start: number, end: number, begins: boolean, stuffed: boolean): void;
  /** At least one packet is missing before the next push. */
  lost(): void;
}

const ERROR = 0x800000;
const START = 0x400000;
const SCRAMBLING = 0xc0;
const ADAPTATION = 0x20;
const PAYLOAD = 0x10;
const COUNTER = 0x0f;

const DISCONTINUITY = 0x80;
const PCR = 0x10;
const OPCR = 0x08;
const SPLICE = 0x04;
const PRIVATE = 0x02;
const EXTENSION = 0x01;

export class PidReader {
  readonly #target: PayloadReader;
  #counter = -1;
  #repeats = 0;
  /** The sender does not count: observed in cameras that leave the counter at 0. */
  #uncounted = false;
  #damaged = 0;

  constructor(target: PayloadReader) {
    this.#target = target;
  }

  get corrupt(): number {
    return this.#damaged + this.#target.corrupt;
  }

  /** A packet of this pid: 188 bytes from `at`, lent. */
  push(data: Buffer, at: number): void {
    const head = data.readUInt32BE(at);
    if (head & ERROR) {
      this.#lost();
      this.#counter = -1;
      return;
    }
    if (head & SCRAMBLING || !(head & PAYLOAD)) {
      if (head & PAYLOAD) this.#counter = head & COUNTER;
      return;
    }
    let start = at + HEADER_BYTES;
    let stuffed = false;
    let continuous = true;
    if (head & ADAPTATION) {
      const fieldBytes = data[start]!;
      continuous = fieldBytes === 0 || !(data[start + 1]! & DISCONTINUITY);
      stuffed = fieldBytes === 0 || usedBytes(data, start + 1) < fieldBytes;
      start += 1 + fieldBytes;
    }
    const end = at + PACKET_BYTES;
    if (start >= end) {
      this.#lost();
      return;
    }
    if (this.#isRepeat(head & COUNTER, continuous)) return;
    this.#target.push(data, start, end, (head & START) !== 0, stuffed);
  }

  /** Follows the counter; true for a packet that came before. */
  #isRepeat(counter: number, continuous: boolean): boolean {
    const last = this.#counter;
    this.#counter = counter;
    if (last < 0 || !continuous || this.#uncounted) return false;
    if (counter === last) {
      this.#repeats++;
      this.#uncounted = this.#repeats > 1;
      return !this.#uncounted;
    }
    this.#repeats = 0;
    if (counter !== ((last + 1) & COUNTER)) this.#lost();
    return false;
  }

  #lost(): void {
    this.#damaged++;
    this.#target.lost();
  }
}

/** Bytes of an adaptation field that mean something, from its flags on. */
function usedBytes(data: Buffer, at: number): number {
  const flags = data[at]!;
  let used = 1;
  if (flags & PCR) used += 6;
  if (flags & OPCR) used += 6;
  if (flags & SPLICE) used += 1;
  if (flags & PRIVATE) used += 1 + (data[at + used] ?? 0);
  if (flags & EXTENSION) used += 1 + (data[at + used] ?? 0);
  return used;
}
