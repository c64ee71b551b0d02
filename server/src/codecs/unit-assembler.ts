/**
 * Builds access units of NAL units (H.264, HEVC) from what arrives: whole NAL units and fragments of them.
 *
 * Payload bytes are copied once, from the lent receive buffer to their place in the unit, behind a 4-byte length.
 * A unit ends with the RTP marker or when the timestamp changes: some cameras never set the marker. What came before
 * the first slice (SEI in a packet with a marker of its own) goes to the next unit.
 *
 * Loss: the unit that misses a packet is left out and counted; the units after it are passed on, though they refer to
 * it. Decoders conceal that for a moment; holding everything back until the next key frame would freeze the picture
 * for seconds.
 */
import { Slab } from '../util/slab.ts';
import { sameCodec, type VideoCodec } from './codec.ts';
import type { NalRules } from './nal-rules.ts';
import type { ParameterSets } from './parameter-sets.ts';

/** Receives the access units: canonical bytes, frozen and shared. */
export type EmitAccessUnit = (data: Buffer, timestamp: number, key: boolean) => void;

const LENGTH_BYTES = 4;
const MAX_UNIT_BYTES = 16 << 20;
/** What may come before the first slice of a unit. */
const MAX_LEAD_BYTES = 64 << 10;
/** A parameter set longer than this may be a whole unit in Annex B form that the camera took for one NAL unit. */
const LONG_PARAMETER_SET_BYTES = 128;
const START_CODE = Buffer.from([0, 0, 0, 1]);

export class UnitAssembler {
  readonly #rules: NalRules;
  readonly #sets: ParameterSets;
  readonly #emit: EmitAccessUnit;
  readonly #slab = new Slab();
  #codec: VideoCodec;
  #timestamp = 0;
  /** A packet of the unit has come, and its end has not. */
  #open = false;
  #slices = false;
  #damaged = false;
  /** Where the NAL unit that fragments go to begins, from the start of the unit; -1 = none. */
  #fragment = -1;
  /** Units left out. */
  corrupt = 0;

  /** `sets`: those known before. */
  constructor(rules: NalRules, sets: ParameterSets, emit: EmitAccessUnit) {
    this.#rules = rules;
    this.#sets = sets;
    this.#emit = emit;
    this.#codec = rules.codecOf(sets);
    sets.changed = false;
  }

  /** Undefined while parameter sets are missing. */
  get codec(): VideoCodec | undefined {
    return this.#codec.extradata && this.#codec;
  }

  /** Before the contents of each packet. */
  begin(timestamp: number): void {
    if (this.#open && timestamp !== this.#timestamp) this.end();
    this.#timestamp = timestamp;
    this.#open = true;
  }

  /** A packet is missing before the next `begin`. */
  lost(): void {
    if (this.#open) this.#damaged = true;
  }

  /** The packet can't be read. */
  damage(): void {
    this.#damaged = true;
  }

  /** A whole NAL unit. */
  nal(bytes: Buffer, start: number, end: number): void {
    if (this.#fragment >= 0) this.#damaged = true;
    const kind = end > start ? this.#rules.kindOf(bytes[start]!) : 'invalid';
    if (kind === 'drop') return;
    if (kind === 'invalid' || !this.#fits(end - start)) this.#damaged = true;
    else if (kind === 'parameter set') this.#parameterSet(bytes, start, end);
    else {
      const slab = this.#slab;
      slab.ensure(LENGTH_BYTES + end - start);
      slab.buffer.writeUInt32BE(end - start, slab.end);
      slab.end += LENGTH_BYTES;
      slab.append(bytes, start, end);
      this.#slices ||= kind === 'slice';
    }
  }

  /** Whole NAL units, each behind a 16-bit length. */
  aggregate(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at + 2 <= end) {
      const next = at + 2 + bytes.readUInt16BE(at);
      if (next > end) break;
      this.nal(bytes, at + 2, next);
      at = next;
    }
    if (at !== end) this.#damaged = true;
  }

  /** The first fragment of a NAL unit, behind its header of one byte, or two (`header1` is not -1). */
  fragmentStart(header0: number, header1: number, bytes: Buffer, start: number, end: number): void {
    if (this.#fragment >= 0) this.#damaged = true;
    const slab = this.#slab;
    this.#fragment = slab.length;
    slab.ensure(LENGTH_BYTES + 2 + end - start);
    slab.end += LENGTH_BYTES;
    slab.buffer[slab.end++] = header0;
    if (header1 >= 0) slab.buffer[slab.end++] = header1;
    slab.append(bytes, start, end);
  }

  /** A fragment that is not the first. */
  fragment(bytes: Buffer, start: number, end: number): void {
    if (this.#fragment < 0 || !this.#fits(end - start)) this.#damaged = true;
    else this.#slab.append(bytes, start, end);
  }

  /** The NAL unit of the fragments is whole. */
  fragmentEnd(): void {
    if (this.#fragment < 0) return;
    const slab = this.#slab;
    const at = slab.start + this.#fragment;
    const start = at + LENGTH_BYTES;
    const kind = this.#rules.kindOf(slab.buffer[start]!);
    this.#fragment = -1;
    if (kind === 'keep' || kind === 'slice') {
      slab.buffer.writeUInt32BE(slab.end - start, at);
      this.#slices ||= kind === 'slice';
      return;
    }
    const nal = Buffer.from(slab.buffer.subarray(start, slab.end));
    slab.end = at;
    this.nal(nal, 0, nal.length);
  }

  /** The unit is complete: emits it, unless it is damaged. */
  end(): void {
    const damaged = this.#damaged || this.#fragment >= 0;
    if (damaged) this.corrupt++;
    if (damaged || (!this.#slices && this.#slab.length > MAX_LEAD_BYTES)) {
      this.#slab.drop();
    } else if (this.#slices) {
      this.#updateCodec();
      if (this.codec) this.#take();
      else this.#slab.drop();
    }
    this.#open = false;
    this.#fragment = -1;
    this.#slices = false;
    this.#damaged = false;
  }

  #take(): void {
    const data = this.#slab.take();
    this.#emit(data, this.#timestamp, this.#rules.isKey(data));
  }

  #updateCodec(): void {
    if (!this.#sets.changed) return;
    this.#sets.changed = false;
    const codec = this.#rules.codecOf(this.#sets);
    if (codec.extradata && !sameCodec(codec, this.#codec)) this.#codec = codec;
  }

  #fits(bytes: number): boolean {
    return this.#slab.length + bytes <= MAX_UNIT_BYTES;
  }

  #parameterSet(bytes: Buffer, start: number, end: number): void {
    let next = end - start > LONG_PARAMETER_SET_BYTES ? bytes.indexOf(START_CODE, start) : -1;
    if (next < 0 || next >= end) {
      this.#rules.updateSets(this.#sets, bytes, start, end);
      return;
    }
    this.#rules.updateSets(this.#sets, bytes, start, next);
    while (next >= 0 && next < end) {
      const from = next + START_CODE.length;
      next = bytes.indexOf(START_CODE, from);
      this.nal(bytes, from, next < 0 || next > end ? end : next);
    }
  }
}
