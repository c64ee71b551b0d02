/**
 * Times for pictures that a byte stream has in the order of decoding (B-frames), without times: the times of arrival,
 * dealt out in the order of showing.
 *
 *   decoded   I0  P6  B2  B4  P12 …     picture order counts, steps of 2
 *   place      0   3   1   2   6  …     a picture ahead of all others leaves room for those between
 *   shown     t1  t4  t2  t3  t7  …     when the picture `place + depth` is decoded; the depth (here 1) keeps pts >= dts
 *
 * A picture waits until that time is known. The room is counted from picture to picture, so that an encoder that leaves
 * pictures out does not move the rest.
 */
import type { PictureOrder } from '../../codecs/picture-order.ts';
import type { Packet, WritePacket } from '../../core/model.ts';

/** What the parameter sets tell. */
export interface OrderFacts {
  readonly order: PictureOrder;
  /** Pictures that may be decoded before one that is shown earlier; undefined: it is learnt. */
  readonly depth: number | undefined;
  /** Between the counts of two frames: 2 in H.264, where fields have counts of their own, 1 in HEVC. */
  readonly step: number;
}

interface Held {
  readonly packet: Packet;
  /** Number of the picture at whose arrival this one is shown. */
  readonly shownAt: number;
}

const MAXIMUM_DEPTH = 16;

export class DisplayOrder {
  readonly #order: PictureOrder;
  #depth: number;
  #step: number;
  /** Pictures so far. */
  #count = 0;
  /** Count and place of the picture that is shown last of all so far. */
  #lastCount = 0;
  #lastPlace = 0;
  #held: Held[] = [];
  /** dts of the last pictures; the first of them has this number. */
  #times: number[] = [];
  #firstTime = 0;

  constructor({ order, depth, step }: OrderFacts) {
    this.#order = order;
    this.#depth = Math.min(depth ?? 0, MAXIMUM_DEPTH);
    this.#step = step;
  }

  /** Takes the next picture, whose pts is its dts, and the NAL unit that begins it; writes what may be written now. */
  add(packet: Packet, slice: Buffer, write: WritePacket): void {
    const number = this.#count++;
    this.#times.push(packet.dts);
    const place = this.#placeOf(slice, number);
    if (number - place > this.#depth) this.#depth = Math.min(number - place, MAXIMUM_DEPTH);
    this.#held.push({ packet, shownAt: Math.max(number, place + this.#depth) });
    while (this.#held[0] && this.#held[0].shownAt <= number) this.#writeFirst(write);
    const needed = this.#held[0]?.shownAt ?? number;
    const old = Math.min(needed, number) - 2 * MAXIMUM_DEPTH - this.#firstTime;
    if (old > 0) {
      this.#times.splice(0, old);
      this.#firstTime += old;
    }
  }

  /** No more pictures come: the rest is written with times that go on as before. */
  flush(write: WritePacket): void {
    while (this.#held.length > 0) this.#writeFirst(write);
  }

  #writeFirst(write: WritePacket): void {
    const { packet, shownAt } = this.#held.shift()!;
    write({ ...packet, pts: Math.max(packet.dts, this.#timeOf(shownAt)) });
  }

  #timeOf(number: number): number {
    const index = number - this.#firstTime;
    const time = this.#times[index];
    if (time !== undefined) return time;
    const last = this.#times.length - 1;
    const step = last > 0 ? (this.#times[last]! - this.#times[0]!) / last : 1;
    return Math.round(this.#times[last]! + (index - last) * Math.max(1, step));
  }

  #placeOf(slice: Buffer, number: number): number {
    const picture = this.#order.next(slice);
    if (!picture) return number;
    const { count, first } = picture;
    if (count & 1) this.#step = 1;
    const behind = (this.#lastCount - count) / this.#step;
    if (!first && behind >= 0) return this.#lastPlace - Math.round(behind);
    const between = first ? 0 : Math.max(0, Math.min(MAXIMUM_DEPTH, Math.round(-behind) - 1));
    this.#lastCount = count;
    this.#lastPlace = number + between;
    return this.#lastPlace;
  }
}
