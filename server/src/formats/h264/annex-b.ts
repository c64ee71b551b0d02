/**
 * H.264 and HEVC elementary streams (ITU-T H.264 Annex B, H.265 Annex B) to access units.
 *
 *   00 00 00 01 SPS 00 00 00 01 PPS 00 00 01 IDR slice … 00 00 00 01 P slice …
 *                                                        └ first slice of a picture: the access unit before it is whole
 *
 * There are no timestamps in the bytes: arrival time stands in for them, for pictures in disorder (B-frames) by way of
 * display-order.ts.
 */
import type { VideoCodec } from '../../codecs/codec.ts';
import { joinNals } from '../../codecs/nal.ts';
import type { Demuxer, Packet, Track, WritePacket } from '../../core/model.ts';
import { createArrivalClock } from '../arrival-clock.ts';
import { DisplayOrder, type OrderFacts } from './display-order.ts';

/** What differs between the two codecs. */
export interface NalRules {
  /** `parameter` sets go to the codec, `drop` (delimiters, filler) nowhere, `picture` and `other` to the access unit. */
  classify(nal: Buffer): 'parameter' | 'picture' | 'other' | 'drop';
  /** Slice that begins a picture, or unit that can only stand before one. */
  beginsAccessUnit(nal: Buffer): boolean;
  isKey(data: Buffer): boolean;
  /** From the parameter sets seen so far; undefined while some are missing. */
  codec(parameterSets: readonly Buffer[]): VideoCodec | undefined;
  /** How pictures are ordered; undefined where they are shown as they are decoded. */
  order(parameterSets: readonly Buffer[]): OrderFacts | undefined;
  /** Parameter sets with the same kind replace each other. */
  parameterKind(nal: Buffer): string;
}

const START_CODE = Buffer.from([0, 0, 1]);
const MAXIMUM_UNIT_BYTES = 8 << 20;

/** A demuxer for one of the codecs. */
export function createAnnexBDemuxer(rules: NalRules): Demuxer {
  const now = createArrivalClock(90000);
  const parameterSets = new Map<string, Buffer>();
  let pending: Buffer = Buffer.alloc(0);
  let unit: Buffer[] = [];
  let hasPicture = false;
  let parametersChanged = false;
  let track: Track | undefined;
  let order: DisplayOrder | undefined;
  let slice: Buffer | undefined;

  const finishUnit = (write: WritePacket): void => {
    const nals = unit;
    const whole = hasPicture;
    unit = [];
    hasPicture = false;
    if (!whole || !track) return;
    const data = joinNals(nals);
    const pts = now();
    const packet: Packet = {
      track,
      data,
      pts,
      dts: pts,
      duration: 0,
      key: rules.isKey(data),
      time: Date.now(),
    };
    if (order && slice) order.add(packet, slice, write);
    else write(packet);
  };

  const takeParameterSet = (nal: Buffer): void => {
    const kind = rules.parameterKind(nal);
    if (parameterSets.get(kind)?.equals(nal)) return;
    parameterSets.set(kind, Buffer.from(nal));
    parametersChanged = true;
  };

  const useParameterSets = (write: WritePacket): void => {
    parametersChanged = false;
    const sets = [...parameterSets.values()];
    const codec = rules.codec(sets);
    if (!codec) return;
    order?.flush(write);
    track = { id: 0, codec };
    const facts = rules.order(sets);
    order = facts && new DisplayOrder(facts);
  };

  const takeNal = (nal: Buffer, write: WritePacket): void => {
    if (hasPicture && rules.beginsAccessUnit(nal)) finishUnit(write);
    const role = rules.classify(nal);
    if (role === 'drop') return;
    if (role === 'parameter') {
      takeParameterSet(nal);
      return;
    }
    if (role === 'picture' && parametersChanged) useParameterSets(write);
    const kept = Buffer.from(nal);
    unit.push(kept);
    if (role === 'picture' && !hasPicture) slice = kept;
    if (role === 'picture') hasPicture = true;
  };

  /** Takes all units that a later start code ends; what follows the last start code stays pending. */
  const takeWhole = (write: WritePacket): void => {
    let start = pending.indexOf(START_CODE);
    if (start < 0) return;
    for (;;) {
      const next = pending.indexOf(START_CODE, start + 3);
      if (next < 0) break;
      let end = next;
      while (end > start + 3 && pending[end - 1] === 0) end--;
      if (end > start + 3) takeNal(pending.subarray(start + 3, end), write);
      start = next;
    }
    pending = pending.subarray(start);
  };

  return {
    get ready() {
      return track !== undefined;
    },
    get tracks() {
      return track ? [track] : [];
    },
    push(bytes, write) {
      pending = Buffer.concat([pending, bytes]);
      takeWhole(write);
      if (pending.length > MAXIMUM_UNIT_BYTES) pending = Buffer.alloc(0);
    },
    flush(write) {
      pending = Buffer.concat([pending, START_CODE]);
      takeWhole(write);
      finishUnit(write);
      order?.flush(write);
    },
  };
}
