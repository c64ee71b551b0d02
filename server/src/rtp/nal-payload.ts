/**
 * Access units of NAL units in RTP: what RFC 6184 (H.264) and RFC 7798 (HEVC) have in common.
 *
 *   one NAL unit   ┌ header ┬ … ┐
 *   aggregate      ┌ header of its type ┬ size 16 │ NAL ┬ size 16 │ NAL ┬ … ┐
 *   fragment       ┌ header of its type ┬ S E type ┬ a part of a NAL, without its header … ┐
 *
 * Out: the parameter sets in an aggregate before each key frame, longer NAL units in fragments, the marker on the last
 * packet. In: parameter sets update the codec and are no part of the unit; access unit delimiters and filler are dropped.
 */
import type { Codec, VideoCodec } from '../codecs/codec.ts';
import { nalEnd, splitAnnexB } from '../codecs/nal.ts';
import { NAL_RULES, parameterSetsOf } from '../codecs/nal-rules.ts';
import type { ParameterSets } from '../codecs/parameter-sets.ts';
import { UnitAssembler } from '../codecs/unit-assembler.ts';
import type { Packet } from '../core/model.ts';
import {
  type Depacketizer,
  type EmitUnit,
  type PacketSink,
  type PayloadFormat,
  type RtpFormat,
  rtpFormat,
} from './payload.ts';

/** What the two RFCs differ in. */
export interface NalPacking {
  readonly codec: 'h264' | 'hevc';
  /** The first is the one we announce. */
  readonly encodings: readonly [string, ...string[]];
  /** Parameters of fmtp that hold parameter sets in base64. */
  readonly spropNames: readonly string[];
  /** Parameters of fmtp that announce the extradata. */
  parametersOf(extradata: Buffer): Record<string, string>;
  readonly headerBytes: 1 | 2;
  /** A NAL unit shorter than this is damaged. */
  readonly minimumBytes: number;
  readonly aggregateType: number;
  /** Header of an aggregate of parameter sets. */
  readonly aggregateHeader: Buffer;
  readonly fragmentType: number;
  /** Type in the first byte of a header. */
  typeOf(header: number): number;
  /** The first byte of a header with another type. */
  withType(header: number, type: number): number;
}

const START_BIT = 0x80;
const END_BIT = 0x40;
const FLAG_BITS = START_BIT | END_BIT;

/** Makes the payload format. */
export function createNalPayload(packing: NalPacking): PayloadFormat {
  const { codec: name, encodings, headerBytes, parametersOf } = packing;
  const rules = NAL_RULES[name];
  const aggregates = new WeakMap<Codec, Buffer>();

  /** The aggregate of a codec's parameter sets; empty if there are none. */
  const aggregateOf = (codec: Codec): Buffer => {
    let aggregate = aggregates.get(codec);
    if (!aggregate) {
      const sets = (codec.extradata && rules.parseRecord(codec.extradata)?.sets) ?? [];
      const parts = sets.flatMap((set) => [Buffer.from([set.length >> 8, set.length]), set]);
      aggregate = Buffer.concat(parts.length > 0 ? [packing.aggregateHeader, ...parts] : []);
      aggregates.set(codec, aggregate);
    }
    return aggregate;
  };

  const packetizeNal = (data: Buffer, start: number, end: number, sink: PacketSink): void => {
    if (end - start <= sink.maxPayload) {
      const at = sink.add(end - start);
      data.copy(sink.buffer, at, start, end);
      return;
    }
    const header = packing.withType(data[start]!, packing.fragmentType);
    const type = packing.typeOf(data[start]!);
    const first = start + headerBytes;
    const step = sink.maxPayload - headerBytes - 1;
    for (let from = first; from < end; from += step) {
      const to = Math.min(from + step, end);
      const at = sink.add(headerBytes + 1 + to - from);
      const { buffer } = sink;
      buffer[at] = header;
      if (headerBytes > 1) buffer[at + 1] = data[start + 1]!;
      buffer[at + headerBytes] = type | (from === first ? START_BIT : 0) | (to === end ? END_BIT : 0);
      data.copy(buffer, at + headerBytes + 1, from, to);
    }
  };

  return {
    codec: name,
    kind: 'video',
    encodings,
    parse: (format) => rules.codecOf(spropSets(packing, format)),
    describe: ({ extradata }, payloadType) =>
      rtpFormat(payloadType, encodings[0], 90000, {
        parameters: parametersOf(extradata ?? Buffer.alloc(0)),
      }),
    packetize({ data, key, track }: Packet, sink: PacketSink): boolean {
      let begun = false;
      for (let start = 4, end = nalEnd(data, start); end >= 0; start = end + 4, end = nalEnd(data, start)) {
        if (end - start < packing.minimumBytes) continue;
        if (key && !begun) packetizeSets(aggregateOf(track.codec), sink);
        begun = true;
        packetizeNal(data, start, end, sink);
      }
      if (begun) sink.mark();
      return begun;
    },
    createDepacketizer: (format, emit) => new NalDepacketizer(packing, format, emit),
  };
}

/** Cameras put start codes into them, several sets into one, or nothing between the commas. */
function spropSets({ codec, spropNames }: NalPacking, { parameters }: RtpFormat): ParameterSets {
  const items = spropNames.flatMap((name) => (parameters.get(name) ?? '').split(','));
  const nals = items.flatMap((item) => {
    const bytes = Buffer.from(item, 'base64');
    return bytes[0] === 0 ? splitAnnexB(bytes) : [bytes];
  });
  return parameterSetsOf(NAL_RULES[codec], nals);
}

function packetizeSets(aggregate: Buffer, sink: PacketSink): void {
  if (aggregate.length === 0 || aggregate.length > sink.maxPayload) return;
  const at = sink.add(aggregate.length);
  aggregate.copy(sink.buffer, at);
}

class NalDepacketizer implements Depacketizer {
  readonly #packing: NalPacking;
  readonly #assembler: UnitAssembler;

  constructor(packing: NalPacking, format: RtpFormat, emit: EmitUnit) {
    this.#packing = packing;
    this.#assembler = new UnitAssembler(
      NAL_RULES[packing.codec],
      spropSets(packing, format),
      (data, timestamp, key) => emit(data, timestamp, key, 0, 0),
    );
  }

  get codec(): VideoCodec | undefined {
    return this.#assembler.codec;
  }

  get corrupt(): number {
    return this.#assembler.corrupt;
  }

  push(bytes: Buffer, start: number, end: number, timestamp: number, marker: boolean): void {
    const assembler = this.#assembler;
    const { minimumBytes, headerBytes, aggregateType, fragmentType, typeOf } = this.#packing;
    assembler.begin(timestamp);
    const type = end - start >= minimumBytes ? typeOf(bytes[start]!) : -1;
    if (type === fragmentType) this.#fragment(bytes, start, end);
    else if (type === aggregateType) assembler.aggregate(bytes, start + headerBytes, end);
    else if (type < 0) assembler.damage();
    else assembler.nal(bytes, start, end);
    if (marker) assembler.end();
  }

  lost(): void {
    this.#assembler.lost();
  }

  /** One with both S and E is a whole NAL unit: OpenIPC cameras send it. */
  #fragment(bytes: Buffer, start: number, end: number): void {
    const assembler = this.#assembler;
    const { headerBytes, withType } = this.#packing;
    const from = start + headerBytes + 1;
    if (from > end) {
      assembler.damage();
      return;
    }
    const flags = bytes[from - 1]!;
    if (flags & START_BIT) {
      const header0 = withType(bytes[start]!, flags & ~FLAG_BITS);
      const header1 = headerBytes > 1 ? bytes[start + 1]! : -1;
      assembler.fragmentStart(header0, header1, bytes, from, end);
    } else assembler.fragment(bytes, from, end);
    if (flags & END_BIT) assembler.fragmentEnd();
  }
}
