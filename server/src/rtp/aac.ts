/**
 * AAC in RTP: RFC 3640 (mpeg4-generic), every combination of its header fields without interleaving.
 *
 *   AU headers, bits 16 ┬ size │ index │ [CTS] │ [DTS] │ [RAP] │ [state] ┬ next header … │ pad
 *   [auxiliary data] ┬ AU ┬ AU …         or one part of an AU that is longer than a packet
 *
 * Out: mode AAC-hbr (13 bits of size, 3 of index), one AU a packet, longer ones in parts.
 * In: an ADTS header inside an AU is cut off; without `config` in SDP the codec comes from there, or is AAC-LC.
 */
import {
  AAC_OBJECT_TYPE,
  aacCodec,
  buildAudioSpecificConfig,
  parseAdtsHeader,
  parseAudioSpecificConfig,
} from '../codecs/aac.ts';
import type { AudioCodec, Codec } from '../codecs/codec.ts';
import type { Packet } from '../core/model.ts';
import { Slab } from '../util/slab.ts';
import {
  type Depacketizer,
  type EmitUnit,
  type PacketSink,
  type PayloadFormat,
  type RtpFormat,
  rtpFormat,
} from './payload.ts';

const HBR_HEADER_BYTES = 4;
const HBR_SIZE_BITS = 13;
const MAX_HBR_BYTES = (1 << HBR_SIZE_BITS) - 1;
const MAX_AU_BYTES = 64 << 10;
const MAX_AUS = 64;
const AUDIO_SLAB_BYTES = 32 << 10;
const DEFAULT_FRAME_LENGTH = 1024;
/** Of an ADTS header: sync word, layer 0. */
const ADTS_SYNC = 0xfff0;
const ADTS_SYNC_MASK = 0xfff6;

export const aacPayload: PayloadFormat = {
  codec: 'aac',
  kind: 'audio',
  encodings: ['MPEG4-GENERIC'],
  parse: codecOf,
  describe,
  packetize,
  createDepacketizer: (format, emit) => new AacDepacketizer(format, emit),
};

/** Undefined for other uses of mpeg4-generic (video, CELP). */
function codecOf(format: RtpFormat): AudioCodec | undefined {
  const mode = format.parameters.get('mode')?.toLowerCase() ?? 'aac-hbr';
  if (!mode.startsWith('aac') && mode !== 'generic') return undefined;
  const config = Buffer.from(format.parameters.get('config') ?? '', 'hex');
  return (config.length >= 2 && aacCodec(config)) || lowComplexity(format.clockRate, format.channels);
}

function lowComplexity(sampleRate: number, channels: number): AudioCodec | undefined {
  return aacCodec(buildAudioSpecificConfig({ objectType: AAC_OBJECT_TYPE.lc, sampleRate, channels }));
}

function describe(codec: Codec, payloadType: number): RtpFormat {
  const { extradata, sampleRate, channels } = codec as AudioCodec;
  const config = extradata ?? lowComplexity(sampleRate, channels)?.extradata;
  return rtpFormat(payloadType, 'MPEG4-GENERIC', sampleRate, {
    channels,
    parameters: {
      streamtype: '5',
      'profile-level-id': '1',
      mode: 'AAC-hbr',
      sizelength: '13',
      indexlength: '3',
      indexdeltalength: '3',
      ...(config ? { config: config.toString('hex').toUpperCase() } : {}),
    },
  });
}

function packetize({ data }: Packet, sink: PacketSink): boolean {
  if (data.length > MAX_HBR_BYTES || data.length === 0) return false;
  const step = sink.maxPayload - HBR_HEADER_BYTES;
  for (let from = 0; from < data.length; from += step) {
    const to = Math.min(from + step, data.length);
    const at = sink.add(HBR_HEADER_BYTES + to - from);
    const { buffer } = sink;
    buffer.writeUInt16BE(16, at);
    buffer.writeUInt16BE(data.length << 3, at + 2);
    data.copy(buffer, at + HBR_HEADER_BYTES, from, to);
  }
  sink.mark();
  return true;
}

/** Lengths in bits of the fields of an AU header, from fmtp; 0 = the field is not there. */
interface HeaderLayout {
  readonly size: number;
  readonly index: number;
  readonly indexDelta: number;
  readonly ctsDelta: number;
  readonly dtsDelta: number;
  readonly randomAccess: number;
  readonly streamState: number;
  readonly auxiliarySize: number;
  /** Bytes of each AU where headers have no size. */
  readonly constantSize: number;
}

function headerLayout(format: RtpFormat): HeaderLayout {
  const number = (name: string, most: number): number =>
    Math.min(Number.parseInt(format.parameters.get(name) ?? '', 10) || 0, most);
  const layout = {
    size: number('sizelength', 32),
    index: number('indexlength', 32),
    indexDelta: number('indexdeltalength', 32),
    ctsDelta: number('ctsdeltalength', 32),
    dtsDelta: number('dtsdeltalength', 32),
    randomAccess: number('randomaccessindication', 1),
    streamState: number('streamstateindication', 32),
    auxiliarySize: number('auxiliarydatasizelength', 32),
    constantSize: number('constantsize', MAX_AU_BYTES),
  };
  if (layout.size || layout.constantSize) return layout;
  const lowRate = format.parameters.get('mode')?.toLowerCase() === 'aac-lbr';
  const [size, index] = lowRate ? [6, 2] : [HBR_SIZE_BITS, 3];
  return { ...layout, size, index, indexDelta: index };
}

class AacDepacketizer implements Depacketizer {
  readonly #emit: EmitUnit;
  readonly #layout: HeaderLayout;
  readonly #declared: boolean;
  readonly #frameLength: number;
  readonly #slab = new Slab({ slabBytes: AUDIO_SLAB_BYTES });
  #codec: AudioCodec | undefined;
  /** Size of the AU of which a part is in the slab; 0 = none. */
  #partOf = 0;
  #timestamp = 0;
  /** Read position in the AU headers, in bits. */
  #bit = 0;
  corrupt = 0;
  collectedTicks = 0;

  constructor(format: RtpFormat, emit: EmitUnit) {
    this.#emit = emit;
    this.#layout = headerLayout(format);
    this.#declared = format.parameters.has('config');
    this.#codec = codecOf(format);
    const config = this.#codec?.extradata && parseAudioSpecificConfig(this.#codec.extradata);
    this.#frameLength = config?.frameLength ?? DEFAULT_FRAME_LENGTH;
  }

  get codec(): AudioCodec | undefined {
    return this.#codec;
  }

  lost(): void {
    if (this.#partOf) this.#fail();
  }

  push(bytes: Buffer, start: number, end: number, timestamp: number, marker: boolean): void {
    if (this.#partOf && timestamp !== this.#timestamp) this.#fail();
    this.#timestamp = timestamp;
    if (!this.#read(bytes, start, end, marker)) this.#fail();
  }

  /** False: the packet is corrupt. */
  #read(bytes: Buffer, start: number, end: number, marker: boolean): boolean {
    const layout = this.#layout;
    const hasHeaders = layout.size + layout.index + layout.ctsDelta + layout.dtsDelta > 0;
    const headersAt = hasHeaders ? start + 2 : start;
    if (headersAt > end) return false;
    const headerBits = hasHeaders ? bytes.readUInt16BE(start) : 0;
    let at = headersAt + ((headerBits + 7) >> 3);
    if (layout.auxiliarySize)
      at += (layout.auxiliarySize + readBits(bytes, at * 8, layout.auxiliarySize, end) + 7) >>> 3;
    if (at > end) return false;
    this.collectedTicks =
      this.#frameLength * Math.max(1, Math.floor(headerBits / (layout.size + layout.index || 1)));
    this.#bit = headersAt * 8;
    const lastBit = this.#bit + headerBits;
    for (let index = 0; index < MAX_AUS && at < end; index++) {
      if (hasHeaders && this.#bit >= lastBit) break;
      const size = this.#readHeader(bytes, index, end);
      const next = at + size;
      const alone = index === 0 && this.#bit >= lastBit;
      if (this.#partOf || (next > end && alone)) return this.#part(bytes, at, end, size, marker);
      if (next > end) return false;
      this.#unit(bytes, at, next, index * this.#frameLength);
      at = next;
    }
    return true;
  }

  /** Reads one AU header; returns the size of its AU. */
  #readHeader(bytes: Buffer, index: number, end: number): number {
    const layout = this.#layout;
    const take = (count: number): number => {
      this.#bit += count;
      return readBits(bytes, this.#bit - count, count, end);
    };
    const size = layout.size ? take(layout.size) : layout.constantSize;
    take(index === 0 ? layout.index : layout.indexDelta);
    if (layout.ctsDelta && take(1)) take(layout.ctsDelta);
    if (layout.dtsDelta && take(1)) take(layout.dtsDelta);
    take(layout.randomAccess + layout.streamState);
    return size;
  }

  /** A part of an AU. False: it doesn't fit what it should be a part of. */
  #part(bytes: Buffer, start: number, end: number, size: number, marker: boolean): boolean {
    if (this.#slab.length + end - start > Math.min(size, MAX_AU_BYTES)) return false;
    this.#slab.append(bytes, start, end);
    this.#partOf = size;
    if (this.#slab.length < size) return !marker;
    this.#partOf = 0;
    this.#emit(this.#slab.take(), this.#timestamp, true, this.#frameLength, 0);
    return true;
  }

  #unit(bytes: Buffer, start: number, end: number, ticks: number): void {
    const from = start + this.#adtsHeaderLength(bytes, start, end);
    if (from >= end) return;
    this.#slab.append(bytes, from, end);
    this.#emit(this.#slab.take(), this.#timestamp, true, this.#frameLength, ticks);
  }

  #adtsHeaderLength(bytes: Buffer, start: number, end: number): number {
    if (end - start < 7 || (bytes.readUInt16BE(start) & ADTS_SYNC_MASK) !== ADTS_SYNC) return 0;
    const header = parseAdtsHeader(bytes, start);
    if (header?.frameLength !== end - start) return 0;
    const { objectType, sampleRate, channels } = header;
    if (!this.#declared && (sampleRate !== this.#codec?.sampleRate || channels !== this.#codec.channels))
      this.#codec = aacCodec(buildAudioSpecificConfig({ objectType, sampleRate, channels })) ?? this.#codec;
    return header.headerLength;
  }

  #fail(): void {
    this.corrupt++;
    this.#partOf = 0;
    this.#slab.drop();
  }
}

/** `count` bits (up to 32) from the bit offset `at`; zero past `end`. */
function readBits(bytes: Buffer, at: number, count: number, end: number): number {
  let value = 0;
  for (let bit = at; bit < at + count; bit++) {
    const byte = bit >> 3 < end ? bytes[bit >> 3]! : 0;
    value = value * 2 + ((byte >> (7 - (bit & 7))) & 1);
  }
  return value;
}
