/**
 * The JPEG header that RTP leaves out (RFC 2435 §4 and appendices A, B): quantization tables by quality factor,
 * the standard Huffman tables, and the markers around them.
 *
 *   SOI APP0(JFIF) DQT DQT [DRI] SOF0 DHT SOS scan … EOI
 */
import { JPEG_HUFFMAN_TABLES } from '../codecs/mjpeg.ts';

/** What an RTP/JPEG frame says of itself. */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  /** Samples of luma for one of chroma: 4:2:2 (horizontally) or 4:2:0. */
  readonly subsampling: '4:2:2' | '4:2:0';
  /** Tables in zigzag order of 64 bytes each, or 128 where `precision` has the bit (1 << index) set; one or two. */
  readonly quantization: Buffer;
  readonly precision: number;
  /** MCUs between restart markers; 0 = none. */
  readonly restartInterval: number;
}

const LUMA_QUANTIZATION = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58,
  51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103,
  62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];
const CHROMA_QUANTIZATION = [
  17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/** The tables of a quality factor 1–99, luma then chroma (RFC 2435 §4.2). */
export function quantizationOfQuality(quality: number): Buffer {
  const factor = Math.min(Math.max(quality, 1), 99);
  const scale = factor < 50 ? Math.floor(5000 / factor) : 200 - factor * 2;
  const scaled = (value: number): number =>
    Math.min(Math.max(Math.floor((value * scale + 50) / 100), 1), 255);
  return Buffer.from([...LUMA_QUANTIZATION, ...CHROMA_QUANTIZATION].map(scaled));
}

const HUFFMAN_COUNTS_BYTES = 16;

/** Length of the table at the start of these bytes: class and id, counts of codes of 1–16 bits, values; 0 if it is cut off. */
export function huffmanTableLength(bytes: Buffer): number {
  let length = 1 + HUFFMAN_COUNTS_BYTES;
  for (let index = 1; index <= HUFFMAN_COUNTS_BYTES; index++) length += bytes[index] ?? 0;
  return length <= bytes.length ? length : 0;
}

const STANDARD_TABLES: Buffer[] = [];
for (
  let rest = JPEG_HUFFMAN_TABLES.subarray(4);
  rest.length > 0;
  rest = rest.subarray(huffmanTableLength(rest))
)
  STANDARD_TABLES.push(rest.subarray(0, huffmanTableLength(rest)));

/** Whether this is one of the tables that RTP/JPEG presumes. */
export function isStandardHuffmanTable(table: Buffer): boolean {
  return STANDARD_TABLES.some((standard) => standard.equals(table));
}

const SOI = Buffer.from('ffd8', 'hex');
const JFIF = Buffer.from('ffe000104a46494600010100000100010000', 'hex');
const SOS = Buffer.from('ffda000c03010002110311003f00', 'hex');
const RESTART_INTERVAL_BYTES = 2;

/** Everything before the scan. */
export function buildJpegHeader(frame: JpegFrame): Buffer {
  const { width, height, subsampling, restartInterval } = frame;
  const luma = subsampling === '4:2:0' ? 0x22 : 0x21;
  const chromaTable = frame.quantization.length > tableBytes(frame.precision, 0) ? 1 : 0;
  const sof = Buffer.from([8, 0, 0, 0, 0, 3, 1, luma, 0, 2, 0x11, chromaTable, 3, 0x11, chromaTable]);
  sof.writeUInt16BE(height, 1);
  sof.writeUInt16BE(width, 3);
  const parts = [SOI, JFIF, ...quantizationSegments(frame)];
  if (restartInterval) {
    const interval = Buffer.alloc(RESTART_INTERVAL_BYTES);
    interval.writeUInt16BE(restartInterval);
    parts.push(segment(0xdd, interval));
  }
  return Buffer.concat([...parts, segment(0xc0, sof), JPEG_HUFFMAN_TABLES, SOS]);
}

const tableBytes = (precision: number, index: number): number => (precision & (1 << index) ? 128 : 64);

function quantizationSegments({ quantization, precision }: JpegFrame): Buffer[] {
  const segments: Buffer[] = [];
  let at = 0;
  for (let index = 0; index < 2 && at + tableBytes(precision, index) <= quantization.length; index++) {
    const end = at + tableBytes(precision, index);
    const wide = precision & (1 << index) ? 0x10 : 0;
    segments.push(
      segment(0xdb, Buffer.concat([Buffer.from([wide | index]), quantization.subarray(at, end)])),
    );
    at = end;
  }
  return segments;
}

function segment(marker: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}
