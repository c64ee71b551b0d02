/**
 * HEVC in RTP: RFC 7798, single stream, without decoding order numbers.
 *
 *   one NAL unit   ┌ F type layer tid ┬ … ┐                                   §4.4.1
 *   AP (48)        ┌ header, type 48 ┬ size 16 │ NAL ┬ size 16 │ NAL ┬ … ┐     §4.4.2
 *   FU (49)        ┌ header, type 49 ┬ S E type ┬ a part of a NAL … ┐          §4.4.3
 *
 * Out: the parameter sets in an AP before each key frame, longer NAL units in FU, the marker on the last packet.
 * In: as h264.ts; a FU with both S and E set is taken as a whole NAL unit, because OpenIPC cameras send it.
 */
import { BitReader } from '../codecs/bits.ts';
import type { Codec, VideoCodec } from '../codecs/codec.ts';
import { HEVC_NAL, hevcCodec, hevcNalType, isHevcKey, parseHvcC } from '../codecs/hevc.ts';
import { nalEnd, splitAnnexB } from '../codecs/nal.ts';
import type { Packet } from '../core/model.ts';
import { ParameterSets } from './parameter-sets.ts';
import {
  type Depacketizer,
  type EmitUnit,
  type PacketSink,
  type PayloadFormat,
  type RtpFormat,
  rtpFormat,
} from './payload.ts';
import { type NalKind, type NalRules, UnitAssembler } from './unit-assembler.ts';

const AP = 48;
const FU = 49;
const HEADER_BYTES = 2;
/** Of the first header byte: forbidden bit and the high bit of the layer id, the rest is the type. */
const NOT_TYPE_BITS = 0x81;
const START_BIT = 0x80;
const END_BIT = 0x40;
const FU_TYPE_BITS = 0x3f;
const ID_BYTES = 24;
const SPROP_NAMES = ['sprop-vps', 'sprop-sps', 'sprop-pps'] as const;

export const hevcPayload: PayloadFormat = {
  codec: 'hevc',
  kind: 'video',
  encodings: ['H265', 'HEVC'],
  parse: (format) => codecOf(spropSets(format)),
  describe,
  packetize,
  createDepacketizer: (format, emit) => new HevcDepacketizer(format, emit),
};

function describe(codec: Codec, payloadType: number): RtpFormat {
  const sets = codec.extradata && parseHvcC(codec.extradata);
  const parameters: Record<string, string> = {};
  const lists = sets ? [sets.vps, sets.sps, sets.pps] : [];
  for (const [index, list] of lists.entries())
    parameters[SPROP_NAMES[index]!] = list.map((set) => set.toString('base64')).join(',');
  return rtpFormat(payloadType, 'H265', 90000, { parameters });
}

function spropSets(format: RtpFormat): ParameterSets {
  const sets = new ParameterSets();
  for (const item of SPROP_NAMES.flatMap((name) => (format.parameters.get(name) ?? '').split(','))) {
    const bytes = Buffer.from(item, 'base64');
    const nals = bytes[0] === 0 ? splitAnnexB(bytes) : [bytes];
    for (const nal of nals) updateSets(sets, nal, 0, nal.length);
  }
  return sets;
}

function codecOf(sets: ParameterSets): VideoCodec {
  return hevcCodec(sets.of(HEVC_NAL.vps), sets.of(HEVC_NAL.sps), sets.of(HEVC_NAL.pps));
}

/** An SPS has its id behind fields of variable length; cameras have one SPS, so it is always the same slot. */
function updateSets(sets: ParameterSets, bytes: Buffer, start: number, end: number): void {
  if (end - start <= HEADER_BYTES) return;
  const type = hevcNalType(bytes[start]!);
  const at = start + HEADER_BYTES;
  if (type === HEVC_NAL.vps) sets.update(type, bytes[at]! >> 4, bytes, start, end);
  else if (type === HEVC_NAL.sps) sets.update(type, 0, bytes, start, end);
  else if (type === HEVC_NAL.pps)
    sets.update(
      type,
      new BitReader(bytes.subarray(at, Math.min(at + ID_BYTES, end))).ue(),
      bytes,
      start,
      end,
    );
}

const setsOfCodec = new WeakMap<Codec, Buffer>();

/** The AP of a codec's parameter sets; empty if there are none. */
function aggregationPacket(codec: Codec): Buffer {
  let packet = setsOfCodec.get(codec);
  if (!packet) {
    const { vps = [], sps = [], pps = [] } = (codec.extradata && parseHvcC(codec.extradata)) ?? {};
    const parts = [...vps, ...sps, ...pps].flatMap((set) => [
      Buffer.from([set.length >> 8, set.length]),
      set,
    ]);
    packet = parts.length ? Buffer.concat([Buffer.from([AP << 1, 1]), ...parts]) : Buffer.alloc(0);
    setsOfCodec.set(codec, packet);
  }
  return packet;
}

function packetize(packet: Packet, sink: PacketSink): boolean {
  const { data, key, track } = packet;
  let begun = false;
  for (let start = 4, end = nalEnd(data, start); end >= 0; start = end + 4, end = nalEnd(data, start)) {
    if (end - start <= HEADER_BYTES) continue;
    if (key && !begun) packetizeSets(aggregationPacket(track.codec), sink);
    begun = true;
    packetizeNal(data, start, end, sink);
  }
  if (begun) sink.mark();
  return begun;
}

function packetizeSets(sets: Buffer, sink: PacketSink): void {
  if (sets.length === 0 || sets.length > sink.maxPayload) return;
  const at = sink.add(sets.length);
  sets.copy(sink.buffer, at);
}

function packetizeNal(data: Buffer, start: number, end: number, sink: PacketSink): void {
  if (end - start <= sink.maxPayload) {
    const at = sink.add(end - start);
    data.copy(sink.buffer, at, start, end);
    return;
  }
  const header0 = (data[start]! & NOT_TYPE_BITS) | (FU << 1);
  const type = hevcNalType(data[start]!);
  const first = start + HEADER_BYTES;
  const step = sink.maxPayload - HEADER_BYTES - 1;
  for (let from = first; from < end; from += step) {
    const to = Math.min(from + step, end);
    const at = sink.add(HEADER_BYTES + 1 + to - from);
    const { buffer } = sink;
    buffer[at] = header0;
    buffer[at + 1] = data[start + 1]!;
    buffer[at + 2] = type | (from === first ? START_BIT : 0) | (to === end ? END_BIT : 0);
    data.copy(buffer, at + 3, from, to);
  }
}

function kindOf(header: number): NalKind {
  const type = hevcNalType(header);
  if (type <= HEVC_NAL.lastVcl) return 'slice';
  if (type <= HEVC_NAL.pps) return 'parameter set';
  if (type <= HEVC_NAL.fillerData) return 'drop';
  return type < AP ? 'keep' : 'invalid';
}

/** What becomes of the NAL units of HEVC, in RTP and elsewhere. */
export const hevcNalRules: NalRules = { kindOf, updateSets, codecOf, isKey: isHevcKey };

class HevcDepacketizer implements Depacketizer {
  readonly #assembler: UnitAssembler;

  constructor(format: RtpFormat, emit: EmitUnit) {
    this.#assembler = new UnitAssembler(hevcNalRules, spropSets(format), emit);
  }

  get codec(): VideoCodec | undefined {
    return this.#assembler.codec;
  }

  get corrupt(): number {
    return this.#assembler.corrupt;
  }

  push(bytes: Buffer, start: number, end: number, timestamp: number, marker: boolean): void {
    const assembler = this.#assembler;
    assembler.begin(timestamp);
    const type = end - start > HEADER_BYTES ? hevcNalType(bytes[start]!) : -1;
    if (type === FU) this.#fragment(bytes, start, end);
    else if (type === AP) assembler.aggregate(bytes, start + HEADER_BYTES, end);
    else if (type < 0) assembler.damage();
    else assembler.nal(bytes, start, end);
    if (marker) assembler.end();
  }

  lost(): void {
    this.#assembler.lost();
  }

  #fragment(bytes: Buffer, start: number, end: number): void {
    const assembler = this.#assembler;
    const flags = bytes[start + HEADER_BYTES]!;
    const from = start + HEADER_BYTES + 1;
    if (flags & START_BIT) {
      const header0 = (bytes[start]! & NOT_TYPE_BITS) | ((flags & FU_TYPE_BITS) << 1);
      assembler.fragmentStart(header0, bytes[start + 1]!, bytes, from, end);
    } else assembler.fragment(bytes, from, end);
    if (flags & END_BIT) assembler.fragmentEnd();
  }
}
