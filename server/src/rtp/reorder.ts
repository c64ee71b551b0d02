/**
 * Puts RTP packets that came by UDP back in order of their sequence numbers, and says where some are missing.
 *
 *   in order     10 11 12          handed on in place, nothing is copied
 *   out of order 10 12 11          12 is copied and waits
 *   lost         10 12 13 14 …     after so many packets or ms the wait for 11 ends: lost, 12, 13, 14
 */
import { rtpSequence } from './packet.ts';

export interface ReorderHandlers {
  /** `bytes[start, end)` is lent for the call. */
  deliver(bytes: Buffer, start: number, end: number): void;
  /** At least one packet is missing before the next that is delivered. */
  lost(): void;
}

/** How long it waits for a packet. */
export interface ReorderWindow {
  readonly packets: number;
  readonly ms: number;
}

const WINDOW: ReorderWindow = { packets: 64, ms: 150 };
/** A step in the sequence beyond this is a restart of the sender, not a loss or a late packet. */
const RESTART_DISTANCE = 3000;

export class ReorderBuffer {
  readonly #handlers: ReorderHandlers;
  readonly #window: ReorderWindow;
  readonly #held = new Map<number, Buffer>();
  #expected = -1;
  #waitingSince = 0;
  /** Packets that came twice, or after their place was given up. */
  late = 0;

  constructor(handlers: ReorderHandlers, window = WINDOW) {
    this.#handlers = handlers;
    this.#window = window;
  }

  /** Takes one RTP packet (its header was checked). */
  push(bytes: Buffer, start: number, end: number, nowMs: number): void {
    const sequence = rtpSequence(bytes, start);
    if (this.#expected < 0) this.#expected = sequence;
    const distance = sequenceDistance(this.#expected, sequence);
    if (distance === 0) {
      this.#expected = (sequence + 1) & 0xffff;
      this.#handlers.deliver(bytes, start, end);
      this.#drain(nowMs);
    } else if (Math.abs(distance) > RESTART_DISTANCE) {
      this.#restart(bytes, start, end, sequence);
    } else if (distance < 0 || this.#held.has(sequence)) {
      this.late++;
    } else {
      if (this.#held.size === 0) this.#waitingSince = nowMs;
      this.#held.set(sequence, Buffer.from(bytes.subarray(start, end)));
    }
    const { packets, ms } = this.#window;
    if (this.#held.size > packets || (this.#held.size > 0 && nowMs - this.#waitingSince > ms))
      this.#giveUp(nowMs);
  }

  /** Forgets what it waits for: another sender begins. */
  reset(): void {
    this.#held.clear();
    this.#expected = -1;
  }

  /** Hands on what is held from the expected packet on. */
  #drain(nowMs: number): void {
    while (this.#held.size > 0) {
      const packet = this.#held.get(this.#expected);
      if (!packet) break;
      this.#held.delete(this.#expected);
      this.#expected = (this.#expected + 1) & 0xffff;
      this.#waitingSince = nowMs;
      this.#handlers.deliver(packet, 0, packet.length);
    }
  }

  /** Goes on with the first packet that is held. */
  #giveUp(nowMs: number): void {
    let nearest = RESTART_DISTANCE;
    for (const sequence of this.#held.keys())
      nearest = Math.min(nearest, sequenceDistance(this.#expected, sequence));
    this.#expected = (this.#expected + nearest) & 0xffff;
    this.#handlers.lost();
    this.#drain(nowMs);
  }

  #restart(bytes: Buffer, start: number, end: number, sequence: number): void {
    this.#held.clear();
    this.#handlers.lost();
    this.#expected = (sequence + 1) & 0xffff;
    this.#handlers.deliver(bytes, start, end);
  }
}

/** How far `sequence` is behind `expected`: -32768 to 32767; negative = before it. */
export function sequenceDistance(expected: number, sequence: number): number {
  return ((sequence - expected + 0x8000) & 0xffff) - 0x8000;
}
