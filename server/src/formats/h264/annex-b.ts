/**
 * H.264 and HEVC elementary streams (ITU-T H.264 Annex B, H.265 Annex B) to access units.
 *
 *   00 00 00 01 SPS 00 00 00 01 PPS 00 00 01 IDR slice … 00 00 00 01 P slice …
 *                                                        └ first slice of a picture: the access unit before it is whole
 *
 * There are no timestamps in the bytes: arrival time stands in for them, for pictures in disorder (B-frames) by way of
 * display-order.ts.
 */
import { forEachNal } from '../../codecs/nal.ts';
import { NAL_RULES } from '../../codecs/nal-rules.ts';
import { ParameterSets } from '../../codecs/parameter-sets.ts';
import { UnitAssembler } from '../../codecs/unit-assembler.ts';
import type { Demuxer, Packet, Track, WritePacket } from '../../core/model.ts';
import { createArrivalClock } from '../arrival-clock.ts';
import { DisplayOrder, type OrderFacts } from './display-order.ts';

const START_CODE = Buffer.from([0, 0, 1]);
const MAXIMUM_NAL_BYTES = 8 << 20;

/** A demuxer for one of the codecs. `orderFacts`: how pictures are ordered; undefined where they are shown as they are decoded. */
export function createAnnexBDemuxer(
  name: 'h264' | 'hevc',
  orderFacts: (sets: ParameterSets) => OrderFacts | undefined,
): Demuxer {
  const rules = NAL_RULES[name];
  const now = createArrivalClock(90000);
  const sets = new ParameterSets();
  const assembler = new UnitAssembler(rules, sets, takeUnit);
  let pending: Buffer = Buffer.alloc(0);
  let hasPicture = false;
  let invalid = 0;
  let track: Track | undefined;
  let order: DisplayOrder | undefined;
  let write: WritePacket = () => {};

  function takeUnit(data: Buffer, _: number, key: boolean): void {
    const codec = assembler.codec!;
    if (codec !== track?.codec) {
      order?.flush(write);
      track = { id: 0, codec };
      const facts = orderFacts(sets);
      order = facts && new DisplayOrder(facts);
    }
    const pts = now();
    const packet: Packet = { track, data, pts, dts: pts, duration: 0, key, time: Date.now() };
    if (order) order.add(packet, firstSlice(data), write);
    else write(packet);
  }

  function firstSlice(data: Buffer): Buffer {
    let slice: Buffer = data;
    forEachNal(data, (start, end) => {
      if (slice === data && rules.kindOf(data[start]!) === 'slice') slice = data.subarray(start, end);
    });
    return slice;
  }

  function endUnit(): void {
    assembler.end();
    hasPicture = false;
  }

  function takeNal(nal: Buffer): void {
    const kind = rules.kindOf(nal[0]!);
    if (hasPicture && rules.beginsUnit(nal)) endUnit();
    if (kind === 'invalid') invalid++;
    else assembler.nal(nal, 0, nal.length);
    hasPicture ||= kind === 'slice';
  }

  /** Takes all NAL units that a later start code ends; what follows the last start code stays pending. */
  function takeWhole(): void {
    let start = pending.indexOf(START_CODE);
    if (start < 0) return;
    for (;;) {
      const next = pending.indexOf(START_CODE, start + 3);
      if (next < 0) break;
      let end = next;
      while (end > start + 3 && pending[end - 1] === 0) end--;
      if (end > start + 3) takeNal(pending.subarray(start + 3, end));
      start = next;
    }
    pending = pending.subarray(start);
  }

  return {
    get ready() {
      return track !== undefined;
    },
    get tracks() {
      return track ? [track] : [];
    },
    get corrupt() {
      return invalid + assembler.corrupt;
    },
    push(bytes, writePacket) {
      write = writePacket;
      pending = Buffer.concat([pending, bytes]);
      takeWhole();
      if (pending.length > MAXIMUM_NAL_BYTES) {
        invalid++;
        pending = Buffer.alloc(0);
      }
    },
    flush(writePacket) {
      write = writePacket;
      pending = Buffer.concat([pending, START_CODE]);
      takeWhole();
      endUnit();
      order?.flush(write);
    },
  };
}
