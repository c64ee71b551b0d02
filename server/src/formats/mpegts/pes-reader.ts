/**
 * PES packets out of the transport packets of one pid.
 *
 * A PES packet ends where its length says, or where the next one begins. Video often has no length (it may be longer
 * than 16 bits can tell), and waiting for the next picture would cost a frame of delay; but the last transport packet
 * of a PES packet is filled up with stuffing, nearly always and never before. So stuffing ends it as well, as long as
 * the stream bears that out: once bytes come after such an end, only the next beginning counts.
 *
 * Source of truth: ISO 13818-1 §2.4.3.6, §2.4.3.7 (pes-writer.ts pictures it).
 */
import { Slab } from '../../util/slab.ts';
import { readTimestamp } from './transport.ts';

/** Raw timestamps of a PES packet, 33 bits. */
export interface PesTimes {
  readonly pts: number;
  /** Undefined where the packet has none. */
  readonly dts: number | undefined;
}

/** `payload` is the receiver's own if the reader was made so, else lent. `times` is undefined where the packet has none. */
export type OnPes = (payload: Buffer, times: PesTimes | undefined) => void;

const START_CODE_PREFIX = 1;
const LENGTH_END = 6;
const HEAD_BYTES = 9;
const MAX_PES_BYTES = 16 << 20;
/** stream_ids that have no such head, and nothing for us: map, padding, private 2, ECM, EMM, DSM-CC, H.222.1 E, directory. */
const PLAIN_STREAM_IDS: ReadonlySet<number> = new Set([0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff]);

export class PesReader {
  readonly #onPes: OnPes;
  readonly #lends: boolean;
  readonly #slab: Slab;
  /** A PES packet is in progress. */
  #open = false;
  /** The last one was ended before the next began. */
  #endedEarly = false;
  #mayEndEarly = true;
  /** PES packets that were damaged, and left out. */
  corrupt = 0;

  constructor(onPes: OnPes, { lends, slabBytes }: { lends: boolean; slabBytes: number }) {
    this.#onPes = onPes;
    this.#lends = lends;
    this.#slab = new Slab({ slabBytes });
  }

  /** The payload of a packet; `begins`: its payload_unit_start_indicator; `stuffed`: it was filled up. */
  push(data: Buffer, start: number, end: number, begins: boolean, stuffed: boolean): void {
    if (begins) {
      if (this.#open) this.#finish();
      this.#open = true;
      this.#endedEarly = false;
    } else if (!this.#open) {
      if (this.#endedEarly) this.#wentOn();
      return;
    }
    const slab = this.#slab;
    slab.append(data, start, end);
    if (slab.length > MAX_PES_BYTES) this.#drop();
    else if (this.#mayEndEarly && this.#isWhole(stuffed)) {
      this.#finish();
      this.#endedEarly = true;
    }
  }

  /** A packet is missing, which has been counted: the PES packet in progress is left out. */
  lost(): void {
    this.#slab.drop();
    this.#open = false;
    this.#endedEarly = false;
  }

  /** No more packets come: one that is known to be incomplete is left out. */
  flush(): void {
    if (!this.#open) return;
    if (this.#length() > this.#slab.length) this.#drop();
    else this.#finish();
  }

  /** Whether its length says so, or the stuffing where it has none. */
  #isWhole(stuffed: boolean): boolean {
    const length = this.#length();
    return length === 0 ? stuffed : length <= this.#slab.length;
  }

  /** Bytes of the whole PES packet as it says; 0 where it does not, or not yet. */
  #length(): number {
    const { buffer, start, length } = this.#slab;
    const counted = length >= LENGTH_END ? buffer.readUInt16BE(start + 4) : 0;
    return counted && LENGTH_END + counted;
  }

  #wentOn(): void {
    this.#endedEarly = false;
    this.#mayEndEarly = false;
    this.corrupt++;
  }

  #drop(): void {
    this.#slab.drop();
    this.#open = false;
    this.corrupt++;
  }

  #finish(): void {
    const { buffer, start, length } = this.#slab;
    this.#open = false;
    const head = buffer.subarray(start, start + length);
    const payloadAt = payloadOffset(head);
    if (payloadAt <= 0) {
      if (payloadAt < 0) this.corrupt++;
      this.#slab.drop();
      return;
    }
    const said = this.#mayEndEarly ? this.#length() : 0;
    const bytes = said > payloadAt ? Math.min(said, length) : length;
    const times = timesOf(head);
    if (this.#lends) {
      this.#slab.drop();
      this.#onPes(buffer.subarray(start + payloadAt, start + bytes), times);
    } else {
      const whole = this.#slab.take();
      this.#onPes(whole.subarray(payloadAt, bytes), times);
    }
  }
}

/** -1: no PES packet; 0: one without a payload for us. */
function payloadOffset(pes: Buffer): number {
  if (pes.length < LENGTH_END || pes.readUIntBE(0, 3) !== START_CODE_PREFIX) return -1;
  if (PLAIN_STREAM_IDS.has(pes[3]!)) return 0;
  if (pes.length < HEAD_BYTES || pes[6]! >> 6 !== 2) return -1;
  const isScrambled = ((pes[6]! >> 4) & 3) !== 0;
  const payloadAt = HEAD_BYTES + pes[8]!;
  if (payloadAt > pes.length) return -1;
  return isScrambled || payloadAt === pes.length ? 0 : payloadAt;
}

function timesOf(pes: Buffer): PesTimes | undefined {
  const flags = pes[7]! >> 6;
  const headerBytes = pes[8]!;
  const pts = flags & 2 && headerBytes >= 5 ? readTimestamp(pes, HEAD_BYTES) : undefined;
  if (pts === undefined) return undefined;
  const dts = flags & 1 && headerBytes >= 10 ? readTimestamp(pes, HEAD_BYTES + 5) : undefined;
  return { pts, dts };
}
