/**
 * JPEG in RTP: RFC 2435.
 *
 *   main header     type-specific 8 │ fragment offset 24 │ type 8 │ Q 8 │ width/8 8 │ height/8 8
 *   type 64–127     restart interval 16 │ F L count 16
 *   Q ≥ 128, offset 0   zero 8 │ precision 8 │ length 16 │ tables
 *   then a part of the scan
 *
 * Types 0 and 1 are 4:2:2 and 4:2:0 with the standard Huffman tables; 64 and 65 are the same with restart markers.
 * Pictures with tables of their own are rewritten (codecs/jpeg-huffman.ts).
 * Pictures wider or higher than 2040 don't fit the header: the size then comes from SDP (`a=x-dimensions:W,H`), or is
 * guessed for cameras that just let the byte wrap.
 */
import { type Codec, type VideoCodec, videoCodec } from '../codecs/codec.ts';
import { withTypicalHuffmanTables } from '../codecs/jpeg-huffman.ts';
import type { Packet } from '../core/model.ts';
import { Slab } from '../util/slab.ts';
import { buildJpegHeader, quantizationOfQuality } from './jpeg-header.ts';
import { parseJpeg } from './jpeg-parts.ts';
import {
  type Depacketizer,
  type EmitUnit,
  type PacketSink,
  type PayloadFormat,
  type RtpFormat,
  rtpFormat,
} from './payload.ts';

const MAIN_HEADER_BYTES = 8;
const RESTART_HEADER_BYTES = 4;
const TABLE_HEADER_BYTES = 4;
const TYPE_420 = 1;
const TYPE_RESTART = 64;
const QUALITY_IN_BAND = 128;
const QUALITY_TABLES_FOLLOW = 255;
/** Restart header of a whole frame: first and last, count unknown. */
const WHOLE_FRAME = 0xffff;
const MAX_FIELD_PIXELS = 2040;
const WRAP_PIXELS = 2048;
const MAX_FRAME_BYTES = 16 << 20;
const EOI = Buffer.from('ffd9', 'hex');

export const jpegPayload: PayloadFormat = {
  codec: 'mjpeg',
  kind: 'video',
  encodings: ['JPEG'],
  parse: (format) => videoCodec('mjpeg', dimensionsOf(format)),
  describe,
  packetize,
  createDepacketizer: (format, emit) => new JpegDepacketizer(format, emit),
};

function describe(codec: Codec, payloadType: number): RtpFormat {
  const { width, height } = codec as VideoCodec;
  const large = width > MAX_FIELD_PIXELS || height > MAX_FIELD_PIXELS;
  return rtpFormat(payloadType, 'JPEG', 90000, {
    parameters: large ? { 'x-dimensions': `${width},${height}` } : {},
  });
}

function dimensionsOf(format: RtpFormat): { width: number; height: number } {
  const match = /^(\d{1,5})[,-](\d{1,5})$/.exec(format.parameters.get('x-dimensions') ?? '');
  return { width: Number(match?.[1] ?? 0), height: Number(match?.[2] ?? 0) };
}

function packetize(packet: Packet, sink: PacketSink): boolean {
  let { data } = packet;
  let parts = parseJpeg(data);
  if (!parts) {
    data = withTypicalHuffmanTables(data) ?? data;
    parts = parseJpeg(data);
  }
  if (!parts || parts.scanEnd === parts.scanStart) return false;
  const { width, height, restartInterval, quantization, scanStart, scanEnd } = parts;
  const type = (parts.subsampling === '4:2:0' ? TYPE_420 : 0) | (restartInterval ? TYPE_RESTART : 0);
  const fits = width <= MAX_FIELD_PIXELS && height <= MAX_FIELD_PIXELS;
  const restartBytes = restartInterval ? RESTART_HEADER_BYTES : 0;
  for (let from = scanStart; from < scanEnd; ) {
    const tableBytes = from === scanStart ? TABLE_HEADER_BYTES + quantization.length : 0;
    const headerBytes = MAIN_HEADER_BYTES + restartBytes + tableBytes;
    const to = Math.min(from + sink.maxPayload - headerBytes, scanEnd);
    let at = sink.add(headerBytes + to - from);
    const { buffer } = sink;
    buffer.writeUInt32BE(from - scanStart, at);
    buffer[at + 4] = type;
    buffer[at + 5] = QUALITY_TABLES_FOLLOW;
    buffer[at + 6] = fits ? Math.ceil(width / 8) : 0;
    buffer[at + 7] = fits ? Math.ceil(height / 8) : 0;
    at += MAIN_HEADER_BYTES;
    if (restartInterval) {
      buffer.writeUInt16BE(restartInterval, at);
      buffer.writeUInt16BE(WHOLE_FRAME, at + 2);
      at += RESTART_HEADER_BYTES;
    }
    if (tableBytes) {
      buffer.writeUInt16BE(0, at);
      buffer.writeUInt16BE(quantization.length, at + 2);
      quantization.copy(buffer, at + TABLE_HEADER_BYTES);
      at += tableBytes;
    }
    data.copy(buffer, at, from, to);
    from = to;
  }
  sink.mark();
  return true;
}

/** The fields that decide about the JPEG header; the header is built again when one of them changes. */
interface Shape {
  type: number;
  quality: number;
  width: number;
  height: number;
  restartInterval: number;
}

class JpegDepacketizer implements Depacketizer {
  readonly #emit: EmitUnit;
  readonly #declared: { readonly width: number; readonly height: number };
  readonly #slab = new Slab();
  #codec: VideoCodec | undefined;
  #shape: Shape | undefined;
  #header: Buffer = Buffer.alloc(0);
  /** Tables that came in band, by Q, with their precision in the first byte. */
  readonly #tables = new Map<number, Buffer>();
  #timestamp = 0;
  /** Bytes of the scan so far; -1 = between frames, or in one that lost its beginning. */
  #scanBytes = -1;
  corrupt = 0;

  constructor(format: RtpFormat, emit: EmitUnit) {
    this.#emit = emit;
    this.#declared = dimensionsOf(format);
  }

  get codec(): VideoCodec | undefined {
    return this.#codec;
  }

  lost(): void {
    if (this.#scanBytes >= 0) this.#fail();
  }

  push(bytes: Buffer, start: number, end: number, timestamp: number, marker: boolean): void {
    if (this.#scanBytes >= 0 && timestamp !== this.#timestamp) this.#end();
    if (end - start < MAIN_HEADER_BYTES) {
      this.#fail();
      return;
    }
    const offset = bytes.readUIntBE(start + 1, 3);
    let at = start + MAIN_HEADER_BYTES;
    if (bytes[start + 4]! & TYPE_RESTART) at += RESTART_HEADER_BYTES;
    if (offset === 0) at = this.#begin(bytes, start, end, timestamp);
    if (offset !== 0 && this.#scanBytes < 0) return;
    if (offset !== this.#scanBytes || at > end || offset > MAX_FRAME_BYTES) {
      this.#fail();
      return;
    }
    this.#slab.append(bytes, at, end);
    this.#scanBytes += end - at;
    if (marker) this.#end();
  }

  /** The first packet of a frame: writes the header. Returns where the scan begins. */
  #begin(bytes: Buffer, start: number, end: number, timestamp: number): number {
    if (this.#scanBytes >= 0) this.#fail();
    const type = bytes[start + 4]!;
    const quality = bytes[start + 5]!;
    let at = start + MAIN_HEADER_BYTES;
    let restartInterval = 0;
    if (type & TYPE_RESTART) {
      if (at + RESTART_HEADER_BYTES > end) return end + 1;
      restartInterval = bytes.readUInt16BE(at);
      at += RESTART_HEADER_BYTES;
    }
    let tablesChanged = false;
    if (quality >= QUALITY_IN_BAND) {
      if (at + TABLE_HEADER_BYTES > end) return end + 1;
      const tablesEnd = at + TABLE_HEADER_BYTES + bytes.readUInt16BE(at + 2);
      if (tablesEnd > end) return end + 1;
      tablesChanged = this.#rememberTables(quality, bytes, at, tablesEnd);
      at = tablesEnd;
    }
    const { width, height } = this.#size(bytes[start + 6]! * 8, bytes[start + 7]! * 8);
    const shape: Shape = { type, quality, width, height, restartInterval };
    if (tablesChanged || !sameShape(shape, this.#shape)) {
      const header = this.#buildHeader(shape);
      if (!header) return end + 1;
      this.#shape = shape;
      this.#header = header;
    }
    this.#timestamp = timestamp;
    this.#scanBytes = 0;
    this.#slab.drop();
    this.#slab.append(this.#header, 0, this.#header.length);
    return at;
  }

  #rememberTables(quality: number, bytes: Buffer, at: number, end: number): boolean {
    const known = this.#tables.get(quality);
    const from = at + TABLE_HEADER_BYTES;
    if (end === from) return false;
    const same =
      known &&
      known.length === 1 + end - from &&
      known[0] === bytes[at + 1] &&
      !known.compare(bytes, from, end, 1);
    if (same) return false;
    this.#tables.set(quality, Buffer.concat([bytes.subarray(at + 1, at + 2), bytes.subarray(from, end)]));
    return true;
  }

  #buildHeader(shape: Shape): Buffer | undefined {
    const variant = shape.type & ~TYPE_RESTART;
    const tables = this.#tables.get(shape.quality);
    const quantization =
      shape.quality >= QUALITY_IN_BAND ? tables?.subarray(1) : quantizationOfQuality(shape.quality);
    if (variant > TYPE_420 || shape.quality === 0 || !quantization || quantization.length < 64)
      return undefined;
    if (!shape.width || !shape.height) return undefined;
    return buildJpegHeader({
      width: shape.width,
      height: shape.height,
      subsampling: variant === TYPE_420 ? '4:2:0' : '4:2:2',
      quantization,
      precision: shape.quality >= QUALITY_IN_BAND ? (tables?.[0] ?? 0) : 0,
      restartInterval: shape.restartInterval,
    });
  }

  #size(width: number, height: number): { width: number; height: number } {
    const { width: declaredWidth, height: declaredHeight } = this.#declared;
    const agrees = (field: number, declared: number): boolean =>
      field === 0 || Math.ceil((declared % WRAP_PIXELS) / 8) * 8 === field;
    if (declaredWidth && declaredHeight && agrees(width, declaredWidth) && agrees(height, declaredHeight))
      return this.#declared;
    return unwrapSize(width, height);
  }

  #end(): void {
    const { width, height } = this.#shape ?? { width: 0, height: 0 };
    const { buffer, end } = this.#slab;
    if (buffer[end - 2] !== EOI[0] || buffer[end - 1] !== EOI[1]) this.#slab.append(EOI, 0, EOI.length);
    if (this.#codec?.width !== width || this.#codec.height !== height)
      this.#codec = videoCodec('mjpeg', { width, height });
    this.#scanBytes = -1;
    this.#emit(this.#slab.take(), this.#timestamp, true, 0, 0);
  }

  #fail(): void {
    this.corrupt++;
    this.#scanBytes = -1;
    this.#slab.drop();
  }
}

function sameShape(a: Shape, b: Shape | undefined): boolean {
  return (
    a.type === b?.type &&
    a.quality === b.quality &&
    a.width === b.width &&
    a.height === b.height &&
    a.restartInterval === b.restartInterval
  );
}

/** A camera over 2040 pixels that lets the size byte wrap shows as an impossible shape: the likely one is taken instead. */
function unwrapSize(width: number, height: number): { width: number; height: number } {
  const shapeOf = (w: number, h: number): number => w / h;
  if (!width || !height || (shapeOf(width, height) > 0.4 && shapeOf(width, height) < 4))
    return { width, height };
  const candidates = [
    { width: width + WRAP_PIXELS, height },
    { width, height: height + WRAP_PIXELS },
    { width: width + WRAP_PIXELS, height: height + WRAP_PIXELS },
  ];
  return (
    candidates.find(({ width: w, height: h }) => shapeOf(w, h) > 1.2 && shapeOf(w, h) < 2) ?? {
      width,
      height,
    }
  );
}
