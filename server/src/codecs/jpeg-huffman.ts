/**
 * Rewrites the entropy-coded bytes of a baseline JPEG with the typical Huffman tables, without loss: cameras that
 * optimize their tables send pictures that RTP has no type for (RFC 2435 §3.1).
 *
 *   camera's code │ extra bits  →  symbol  →  typical code │ the same extra bits
 *
 * Source of truth: ITU-T T.81 §F.1.2 (coding), Annex C (code tables from their lengths), Annex K.3 (typical tables).
 */
import { JPEG_HUFFMAN_TABLES } from './mjpeg.ts';

const MARKER = {
  sof0: 0xc0,
  dht: 0xc4,
  rst0: 0xd0,
  rst7: 0xd7,
  sof15: 0xcf,
  eoi: 0xd9,
  sos: 0xda,
  dri: 0xdd,
} as const;
const CODE_LENGTHS = 16;
const COEFFICIENTS = 64;
const ZERO_RUN = 0xf0;
const MAX_BLOCKS_IN_MCU = 10;

/** By code length − 1 (decoding) and by symbol (encoding). */
interface Table {
  /** Largest code of this length; -1 where there is none. */
  readonly largest: Int32Array;
  /** What is to be added to a code of this length for the place of its symbol. */
  readonly delta: Int32Array;
  readonly symbols: Buffer;
  readonly codes: Uint16Array;
  readonly lengths: Uint8Array;
}

interface Block {
  readonly dc: Table;
  readonly ac: Table;
  readonly typicalDc: Table;
  readonly typicalAc: Table;
}

interface Picture {
  /** Of one MCU, in order. */
  readonly blocks: readonly Block[];
  readonly mcus: number;
  readonly restartInterval: number;
  /** All segments up to the scan but those with tables, and the header of the scan. */
  readonly head: readonly Buffer[];
  readonly scanStart: number;
}

/** The picture with the typical tables. Undefined for what is not baseline with three components in one scan, and for corrupt ones. */
export function withTypicalHuffmanTables(jpeg: Buffer): Buffer | undefined {
  const picture = readHead(jpeg);
  const scan = picture && recodeScan(jpeg, picture);
  return scan && Buffer.concat([...picture.head, scan, Buffer.from([0xff, MARKER.eoi])]);
}

function readHead(jpeg: Buffer): Picture | undefined {
  const tables = new Map<number, Table>();
  const head: Buffer[] = [jpeg.subarray(0, 2)];
  let frame: Buffer | undefined;
  let restartInterval = 0;
  let at = 2;
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    const content = jpeg.subarray(at + 4, end);
    if (end > jpeg.length) return undefined;
    if (marker === MARKER.sos) {
      const blocks = frame && readScanHeader(frame, content, tables);
      if (!blocks) return undefined;
      head.push(JPEG_HUFFMAN_TABLES, scanHeader(jpeg.subarray(at, end)));
      return { blocks, mcus: countMcus(frame!), restartInterval, head, scanStart: end };
    }
    if (marker === MARKER.dht) {
      if (!readTables(content, tables)) return undefined;
    } else head.push(jpeg.subarray(at, end));
    if (marker === MARKER.dri && content.length >= 2) restartInterval = content.readUInt16BE(0);
    if (marker === MARKER.sof0) frame = content;
    else if (marker > MARKER.sof0 && marker <= MARKER.sof15 && marker !== MARKER.dht) return undefined;
    at = end;
  }
  return undefined;
}

/** Frame header (T.81 §B.2.2): precision, height:16, width:16, components × (id, sampling, quantization table). */
function readScanHeader(
  frame: Buffer,
  scan: Buffer,
  tables: ReadonlyMap<number, Table>,
): Block[] | undefined {
  if (frame.length < 15 || frame[0] !== 8 || frame[5] !== 3 || scan.length < 10 || scan[0] !== 3)
    return undefined;
  const blocks: Block[] = [];
  for (let index = 0; index < 3; index++) {
    const sampling = frame[7 + 3 * index]!;
    const selectors = scan[2 + 2 * index]!;
    const dc = tables.get(selectors >> 4);
    const ac = tables.get(0x10 | (selectors & 0x0f));
    const count = (sampling >> 4) * (sampling & 0x0f);
    if (scan[1 + 2 * index] !== frame[6 + 3 * index] || !dc || !ac || count === 0) return undefined;
    const typical = index === 0 ? 0 : 1;
    const block = { dc, ac, typicalDc: TYPICAL.get(typical)!, typicalAc: TYPICAL.get(0x10 | typical)! };
    for (let copy = 0; copy < count && blocks.length <= MAX_BLOCKS_IN_MCU; copy++) blocks.push(block);
  }
  return blocks.length <= MAX_BLOCKS_IN_MCU ? blocks : undefined;
}

/** The header of the scan with the typical tables: 0 for luma, 1 for chroma. */
function scanHeader(segment: Buffer): Buffer {
  const copy = Buffer.from(segment);
  copy[6] = 0x00;
  copy[8] = 0x11;
  copy[10] = 0x11;
  return copy;
}

function countMcus(frame: Buffer): number {
  const samplings = [frame[7]!, frame[10]!, frame[13]!];
  const across = 8 * Math.max(...samplings.map((sampling) => sampling >> 4));
  const down = 8 * Math.max(...samplings.map((sampling) => sampling & 0x0f));
  return Math.ceil(frame.readUInt16BE(3) / across) * Math.ceil(frame.readUInt16BE(1) / down);
}

/** Reads the content of a DHT segment; false if it is corrupt. Keys: class << 4 | id. */
function readTables(content: Buffer, tables: Map<number, Table>): boolean {
  for (let at = 0; at < content.length; ) {
    const counts = content.subarray(at + 1, at + 1 + CODE_LENGTHS);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const end = at + 1 + CODE_LENGTHS + total;
    if (counts.length < CODE_LENGTHS || total > 256 || end > content.length) return false;
    tables.set(content[at]!, createTable(counts, content.subarray(end - total, end)));
    at = end;
  }
  return true;
}

function createTable(counts: Buffer, symbols: Buffer): Table {
  const largest = new Int32Array(CODE_LENGTHS).fill(-1);
  const delta = new Int32Array(CODE_LENGTHS);
  const codes = new Uint16Array(256);
  const lengths = new Uint8Array(256);
  let code = 0;
  let place = 0;
  for (let index = 0; index < CODE_LENGTHS; index++) {
    delta[index] = place - code;
    for (let count = counts[index]!; count > 0; count--) {
      codes[symbols[place]!] = code++;
      lengths[symbols[place++]!] = index + 1;
    }
    if (counts[index]! > 0) largest[index] = code - 1;
    code <<= 1;
  }
  return { largest, delta, symbols, codes, lengths };
}

const TYPICAL = new Map<number, Table>();
readTables(JPEG_HUFFMAN_TABLES.subarray(4), TYPICAL);

function recodeScan(jpeg: Buffer, { blocks, mcus, restartInterval, scanStart }: Picture): Buffer | undefined {
  const reader = new BitReader(jpeg, scanStart);
  const writer = new BitWriter(2 * (jpeg.length - scanStart) + 1024);
  for (let mcu = 0; mcu < mcus; mcu++) {
    if (restartInterval > 0 && mcu > 0 && mcu % restartInterval === 0) {
      const marker = reader.restart();
      if (marker === undefined) return undefined;
      writer.marker(marker);
    }
    for (let index = 0; index < blocks.length; index++) {
      if (!recodeBlock(blocks[index]!, reader, writer)) return undefined;
    }
  }
  return writer.finish();
}

function recodeBlock({ dc, ac, typicalDc, typicalAc }: Block, reader: BitReader, writer: BitWriter): boolean {
  const size = reader.symbol(dc);
  if (size < 0 || size > 11) return false;
  writer.put(typicalDc.codes[size]!, typicalDc.lengths[size]!);
  writer.put(reader.bits(size), size);
  for (let index = 1; index < COEFFICIENTS; index++) {
    const symbol = reader.symbol(ac);
    const length = symbol < 0 ? 0 : typicalAc.lengths[symbol]!;
    if (length === 0) return false;
    writer.put(typicalAc.codes[symbol]!, length);
    const extra = symbol & 0x0f;
    if (extra > 0) writer.put(reader.bits(extra), extra);
    else if (symbol !== ZERO_RUN) break;
    index += symbol >> 4;
  }
  return !reader.exhausted;
}

/** Bits of an entropy-coded segment: FF 00 stands for FF, any other FF ends it. */
class BitReader {
  readonly #bytes: Buffer;
  #at: number;
  #value = 0;
  #count = 0;
  /** More bits were read than there are. */
  exhausted = false;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** The next symbol; -1 if the bits are no code of the table. */
  symbol({ largest, delta, symbols }: Table): number {
    let code = 0;
    for (let index = 0; index < CODE_LENGTHS; index++) {
      code = (code << 1) | this.bits(1);
      if (code <= largest[index]!) return symbols[code + delta[index]!] ?? -1;
    }
    return -1;
  }

  /** The next bits, at most 16. */
  bits(count: number): number {
    while (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#value >>> this.#count) & ((1 << count) - 1);
  }

  /** Passes over the padding and a restart marker; its second byte, or undefined if there is none. */
  restart(): number | undefined {
    this.#count = 0;
    const marker = this.#bytes[this.#at] === 0xff ? this.#bytes[this.#at + 1] : undefined;
    if (marker === undefined || marker < MARKER.rst0 || marker > MARKER.rst7) return undefined;
    this.#at += 2;
    return marker;
  }

  #fill(): void {
    const byte = this.#bytes[this.#at];
    const stuffed = byte === 0xff && this.#bytes[this.#at + 1] === 0;
    const over = byte === undefined || (byte === 0xff && !stuffed);
    if (over) this.exhausted = true;
    else this.#at += stuffed ? 2 : 1;
    this.#value = ((this.#value & 0xffff) << 8) | (over ? 0 : byte);
    this.#count += 8;
  }
}

class BitWriter {
  #bytes: Buffer;
  #at = 0;
  #value = 0;
  #count = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  /** Writes the last `length` bits of a value, at most 16. */
  put(value: number, length: number): void {
    this.#value = ((this.#value & 0xffff) << length) | value;
    this.#count += length;
    while (this.#count >= 8) {
      this.#count -= 8;
      this.#byte((this.#value >>> this.#count) & 0xff);
    }
  }

  marker(second: number): void {
    this.#pad();
    this.#reserve();
    this.#bytes[this.#at++] = 0xff;
    this.#bytes[this.#at++] = second;
  }

  finish(): Buffer {
    this.#pad();
    return this.#bytes.subarray(0, this.#at);
  }

  #pad(): void {
    if (this.#count > 0) this.put((1 << (8 - this.#count)) - 1, 8 - this.#count);
    this.#value = 0;
  }

  #byte(byte: number): void {
    this.#reserve();
    this.#bytes[this.#at++] = byte;
    if (byte === 0xff) this.#bytes[this.#at++] = 0;
  }

  #reserve(): void {
    if (this.#at + 2 <= this.#bytes.length) return;
    this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(this.#bytes.length)]);
  }
}
