/**
 * H.264 in RTP: RFC 6184, packetization modes 0 and 1.
 *
 *   one NAL unit     ┌ F NRI type │ … ┐                                     §5.6
 *   STAP-A (24)      ┌ F NRI 24 ┬ size 16 │ NAL ┬ size 16 │ NAL ┬ … ┐       §5.7.1
 *   FU-A (28)        ┌ F NRI 28 ┬ S E R type ┬ a part of a NAL … ┐          §5.8
 *
 * Out: the parameter sets in a STAP-A before each key frame, longer NAL units in FU-A, the marker on the last packet.
 * In: parameter sets update the codec and are no part of the unit; access unit delimiters and filler are dropped.
 * STAP-B, MTAP and FU-B (interleaved mode, which no camera offers) count as corrupt.
 */
import { BitReader } from '../codecs/bits.ts';
import type { Codec, VideoCodec } from '../codecs/codec.ts';
import { H264_NAL, h264Codec, isH264Key, parseAvcC } from '../codecs/h264.ts';
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

const STAP_A = 24;
const FU_A = 28;
const TYPE_BITS = 0x1f;
const REFERENCE_BITS = 0xe0;
const START_BIT = 0x80;
const END_BIT = 0x40;
const ID_BYTES = 24;

export const h264Payload: PayloadFormat = {
  codec: 'h264',
  kind: 'video',
  encodings: ['H264'],
  parse: (format) => codecOf(spropParameterSets(format)),
  describe,
  packetize,
  createDepacketizer: (format, emit) => new H264Depacketizer(format, emit),
};

function describe(codec: Codec, payloadType: number): RtpFormat {
  const sets = codec.extradata && parseAvcC(codec.extradata);
  const parameters: Record<string, string> = { 'packetization-mode': '1' };
  if (sets?.sps[0]) {
    parameters['profile-level-id'] = sets.sps[0].toString('hex', 1, 4).toUpperCase();
    parameters['sprop-parameter-sets'] = [...sets.sps, ...sets.pps]
      .map((set) => set.toString('base64'))
      .join(',');
  }
  return rtpFormat(payloadType, 'H264', 90000, { parameters });
}

/** Cameras put start codes into them, several sets into one, or nothing between the commas. */
function spropParameterSets(format: RtpFormat): ParameterSets {
  const sets = new ParameterSets();
  for (const item of (format.parameters.get('sprop-parameter-sets') ?? '').split(',')) {
    const bytes = Buffer.from(item, 'base64');
    const nals = bytes[0] === 0 ? splitAnnexB(bytes) : [bytes];
    for (const nal of nals) updateSets(sets, nal, 0, nal.length);
  }
  return sets;
}

function codecOf(sets: ParameterSets): VideoCodec {
  return h264Codec(sets.of(H264_NAL.sps), sets.of(H264_NAL.pps));
}

function updateSets(sets: ParameterSets, bytes: Buffer, start: number, end: number): void {
  const type = bytes[start]! & TYPE_BITS;
  const idAt = start + (type === H264_NAL.sps ? 4 : 1);
  if (idAt >= end || (type !== H264_NAL.sps && type !== H264_NAL.pps)) return;
  sets.update(
    type,
    new BitReader(bytes.subarray(idAt, Math.min(idAt + ID_BYTES, end))).ue(),
    bytes,
    start,
    end,
  );
}

const setsOfCodec = new WeakMap<Codec, Buffer>();

/** The STAP-A of a codec's parameter sets; empty if there are none. */
function stapA(codec: Codec): Buffer {
  let stap = setsOfCodec.get(codec);
  if (!stap) {
    const { sps = [], pps = [] } = (codec.extradata && parseAvcC(codec.extradata)) ?? {};
    const parts = [...sps, ...pps].flatMap((set) => [Buffer.from([set.length >> 8, set.length]), set]);
    stap = parts.length
      ? Buffer.concat([Buffer.from([(REFERENCE_BITS & 0x60) | STAP_A]), ...parts])
      : Buffer.alloc(0);
    setsOfCodec.set(codec, stap);
  }
  return stap;
}

function packetize(packet: Packet, sink: PacketSink): boolean {
  const { data, key, track } = packet;
  let begun = false;
  for (let start = 4, end = nalEnd(data, start); end >= 0; start = end + 4, end = nalEnd(data, start)) {
    if (end <= start) continue;
    if (key && !begun) packetizeSets(stapA(track.codec), sink);
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
  const indicator = (data[start]! & REFERENCE_BITS) | FU_A;
  const type = data[start]! & TYPE_BITS;
  const step = sink.maxPayload - 2;
  for (let from = start + 1; from < end; from += step) {
    const to = Math.min(from + step, end);
    const at = sink.add(2 + to - from);
    const { buffer } = sink;
    buffer[at] = indicator;
    buffer[at + 1] = type | (from === start + 1 ? START_BIT : 0) | (to === end ? END_BIT : 0);
    data.copy(buffer, at + 2, from, to);
  }
}

function kindOf(header: number): NalKind {
  const type = header & TYPE_BITS;
  if (type >= H264_NAL.slice && type <= H264_NAL.idr) return 'slice';
  if (type === H264_NAL.sps || type === H264_NAL.pps) return 'parameter set';
  if (type === 0 || type >= STAP_A) return 'invalid';
  if (type === H264_NAL.sei) return 'keep';
  return type > H264_NAL.pps && type <= H264_NAL.spsExtension ? 'drop' : 'keep';
}

/** What becomes of the NAL units of H.264, in RTP and elsewhere. */
export const h264NalRules: NalRules = { kindOf, updateSets, codecOf, isKey: isH264Key };

class H264Depacketizer implements Depacketizer {
  readonly #assembler: UnitAssembler;

  constructor(format: RtpFormat, emit: EmitUnit) {
    this.#assembler = new UnitAssembler(h264NalRules, spropParameterSets(format), emit);
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
    const type = end > start ? bytes[start]! & TYPE_BITS : 0;
    if (type === FU_A) this.#fragment(bytes, start, end);
    else if (type === STAP_A) assembler.aggregate(bytes, start + 1, end);
    else assembler.nal(bytes, start, end);
    if (marker) assembler.end();
  }

  lost(): void {
    this.#assembler.lost();
  }

  #fragment(bytes: Buffer, start: number, end: number): void {
    const assembler = this.#assembler;
    if (end - start < 3) {
      assembler.damage();
      return;
    }
    const flags = bytes[start + 1]!;
    if (flags & START_BIT) {
      const header = (bytes[start]! & REFERENCE_BITS) | (flags & TYPE_BITS);
      assembler.fragmentStart(header, -1, bytes, start + 2, end);
    } else assembler.fragment(bytes, start + 2, end);
    if (flags & END_BIT) assembler.fragmentEnd();
  }
}
