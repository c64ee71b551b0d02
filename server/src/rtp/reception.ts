/** What a receiver tells its sender in receiver reports: RFC 3550 §6.4.1, appendices A.3 and A.8. */
import { sequenceDistance } from './reorder.ts';
import { RECEIVER_REPORT_BYTES, writeReceiverReport } from './rtcp.ts';

export class Reception {
  readonly #clockRate: number;
  #first = -1;
  /** Highest sequence number, with its cycles in the high bits. */
  #highest = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #jitter = 0;
  #transit: number | undefined;
  #lastReport: { readonly middle: number; readonly nowMs: number } | undefined;

  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** A packet came, in whatever order. */
  count(sequence: number): void {
    this.#received++;
    if (this.#first < 0) this.#first = this.#highest = sequence;
    else this.#highest += Math.max(0, sequenceDistance(this.#highest & 0xffff, sequence));
  }

  /** So many packets came one after the other, behind the one counted last. */
  countRun(packets: number): void {
    this.#received += packets;
    this.#highest += packets;
  }

  /** Whether a sequence number follows the highest so far. */
  follows(sequence: number): boolean {
    return sequenceDistance(this.#highest & 0xffff, sequence) === 1;
  }

  /** The time between packets, against that between their timestamps. */
  measureJitter(timestamp: number, nowMs: number): void {
    const transit = ((nowMs * this.#clockRate) / 1000 - timestamp) % 2 ** 32;
    const change = this.#transit === undefined ? 0 : Math.abs(transit - this.#transit);
    this.#jitter += (Math.min(change, this.#clockRate) - this.#jitter) / 16;
    this.#transit = transit;
  }

  /** A sender report came, which the next receiver report answers. */
  senderReport(wallMs: number, nowMs: number): void {
    this.#lastReport = { middle: ntpMiddle(wallMs), nowMs };
  }

  /** RR and SDES about the sender `ssrc`. */
  report(ownSsrc: number, ssrc: number, nowMs: number): Buffer {
    const expected = this.#highest - this.#first + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const report = Buffer.allocUnsafe(RECEIVER_REPORT_BYTES);
    writeReceiverReport(report, 0, ownSsrc, {
      ssrc,
      fractionLost:
        expectedNow > 0 && lostNow > 0 ? Math.min(255, Math.floor((lostNow * 256) / expectedNow)) : 0,
      lost: Math.max(0, expected - this.#received),
      highestSequence: this.#highest,
      jitter: Math.floor(this.#jitter),
      lastReport: this.#lastReport?.middle ?? 0,
      delay: this.#lastReport ? Math.round((nowMs - this.#lastReport.nowMs) * 65.536) : 0,
    });
    return report;
  }
}

/** The middle 32 bits of an NTP timestamp. */
function ntpMiddle(wallMs: number): number {
  return Math.round((wallMs / 1000 + 2208988800) * 65536) % 2 ** 32;
}
