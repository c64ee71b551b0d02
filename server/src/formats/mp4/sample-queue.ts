/**
 * The samples that are announced, and the bytes of them that have come: each is written as soon as it is whole and no
 * other track has an earlier one in the same fragment.
 *
 *   in the file   V0 V1 V2 │ A0 A1 A2      written as they come: V0, then, when A0 is whole, A0 V1 …
 */
import type { Packet, WritePacket } from '../../core/model.ts';
import { type Spot, secondsOf } from './lane.ts';

/** Samples that wait for another track take no more than this; then they are written in disorder. */
const MAXIMUM_HELD_BYTES = 32 << 20;

interface Slot {
  readonly spot: Spot;
  data: Buffer | undefined;
  /** Its bytes will not come. */
  missing: boolean;
}

export class SampleQueue {
  /** By position. */
  #slots: readonly Slot[] = [];
  #reading = 0;
  /** By time. */
  #order: readonly Slot[] = [];
  #next = 0;
  #heldBytes = 0;
  #target: Buffer | undefined;
  #filled = 0;
  /** Samples whose bytes did not come, or make no sense. */
  corrupt = 0;

  /** Other samples than those before, of which the whole ones are written. */
  replace(spots: readonly Spot[], write: WritePacket): void {
    this.flush(write);
    const slots = spots.map((spot) => ({ spot, data: undefined, missing: false }));
    this.#slots = slots.toSorted((a, b) => a.spot.offset - b.spot.offset);
    const severalTracks = spots.some(({ lane }) => lane !== spots[0]!.lane);
    this.#order = severalTracks
      ? this.#slots.toSorted((a, b) => secondsOf(a.spot) - secondsOf(b.spot))
      : this.#slots;
  }

  /** Moves the samples so that the first begins here. */
  moveTo(position: number): void {
    const by = position - (this.#slots[0]?.spot.offset ?? position);
    if (by !== 0) for (const { spot } of this.#slots) spot.offset += by;
  }

  /** Whether all samples lie between these positions. */
  within(start: number, end: number): boolean {
    const [first, last] = [this.#slots[0]?.spot, this.#slots.at(-1)?.spot];
    return !first || !last || (first.offset >= start && last.offset + last.size <= end);
  }

  /** Takes media bytes, which are lent. */
  take(bytes: Buffer, position: number, write: WritePacket): void {
    const end = position + bytes.length;
    for (let at = 0; this.#reading < this.#slots.length && at < bytes.length; ) {
      const slot = this.#slots[this.#reading]!;
      const { offset, size } = slot.spot;
      if (!this.#target) {
        if (offset >= end) break;
        if (offset < position + at) {
          this.#skip(slot);
          continue;
        }
        at = offset - position;
        this.#target = Buffer.allocUnsafe(size);
        this.#filled = 0;
      }
      const count = bytes.copy(this.#target, this.#filled, at);
      this.#filled += count;
      at += count;
      if (this.#filled === size) {
        slot.data = this.#target;
        this.#heldBytes += size;
        this.#target = undefined;
        this.#reading++;
      }
    }
    this.#writeWhole(write, this.#heldBytes > MAXIMUM_HELD_BYTES);
  }

  /** The media data ended: a sample that is cut off stays so. */
  mediaEnd(): void {
    if (this.#target) this.#skip(this.#slots[this.#reading]!);
  }

  /** Writes what is whole, and forgets the rest. */
  flush(write: WritePacket): void {
    this.#writeWhole(write, true);
    for (const { missing } of this.#slots) if (!missing) this.corrupt++;
    this.#slots = [];
    this.#order = [];
    this.#reading = 0;
    this.#next = 0;
    this.#heldBytes = 0;
    this.#target = undefined;
  }

  #skip(slot: Slot): void {
    slot.missing = true;
    this.corrupt++;
    this.#target = undefined;
    this.#reading++;
  }

  #writeWhole(write: WritePacket, all: boolean): void {
    while (this.#next < this.#order.length) {
      const slot = this.#order[this.#next]!;
      if (!slot.data && !slot.missing) break;
      this.#next++;
      this.#write(slot, write);
    }
    if (!all) return;
    for (let at = this.#next; at < this.#order.length; at++) this.#write(this.#order[at]!, write);
  }

  #write(slot: Slot, write: WritePacket): void {
    const { data, spot } = slot;
    if (!data) return;
    slot.data = undefined;
    slot.missing = true;
    this.#heldBytes -= data.length;
    const sample = spot.lane.reader.read(data);
    const { track } = spot.lane.reader;
    if (track && !sample) this.corrupt++;
    if (!sample || !track || sample.data.length === 0) return;
    const { dts, pts, duration } = spot;
    const packet: Packet = {
      track,
      data: sample.data,
      pts,
      dts,
      duration,
      key: sample.key,
      time: Date.now(),
    };
    write(packet);
  }
}
