/**
 * Takes a baseline JPEG apart into what RTP carries (RFC 2435 §3): size, subsampling, quantization tables, restart
 * interval, and the scan.
 */
import { huffmanTableLength, isStandardHuffmanTable } from './jpeg-header.ts';

export interface JpegParts {
  readonly width: number;
  readonly height: number;
  readonly subsampling: '4:2:2' | '4:2:0';
  /** Luma and chroma table, 64 bytes each. */
  readonly quantization: Buffer;
  readonly restartInterval: number;
  /** The entropy-coded bytes are `[scanStart, scanEnd)`, without EOI. */
  readonly scanStart: number;
  readonly scanEnd: number;
}

const SOF0 = 0xc0;
const DHT = 0xc4;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const QUANTIZATION_BYTES = 64;

interface Draft {
  width: number;
  height: number;
  luma: number;
  tables: (Buffer | undefined)[];
  tableIds: number[];
  restartInterval: number;
}

/**
 * Undefined for a JPEG that RFC 2435 has no type for: not baseline, not 4:2:0 or 4:2:2 with three components, tables
 * of 16 bits, other than the standard Huffman tables.
 */
export function parseJpeg(jpeg: Buffer): JpegParts | undefined {
  if (jpeg[0] !== 0xff || jpeg[1] !== SOI) return undefined;
  const draft: Draft = { width: 0, height: 0, luma: 0, tables: [], tableIds: [], restartInterval: 0 };
  let at = 2;
  while (at + 4 <= jpeg.length) {
    if (jpeg[at] !== 0xff) return undefined;
    const marker = jpeg[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    if (end > jpeg.length) return undefined;
    if (marker === SOS) return finish(draft, jpeg, end);
    if (!readSegment(draft, marker, jpeg.subarray(at + 4, end))) return undefined;
    at = end;
  }
  return undefined;
}

function readSegment(draft: Draft, marker: number, content: Buffer): boolean {
  if (marker === DQT) return readQuantization(draft, content);
  if (marker === DHT) return readHuffman(content);
  if (marker === DRI) draft.restartInterval = content.length >= 2 ? content.readUInt16BE(0) : 0;
  if (marker === SOF0) return readFrame(draft, content);
  return !(marker > SOF0 && marker < 0xd0 && marker !== 0xcc && marker !== 0xc8);
}

function readFrame(draft: Draft, content: Buffer): boolean {
  if (content.length < 15 || content[0] !== 8 || content[5] !== 3) return false;
  if (content[10] !== 0x11 || content[13] !== 0x11) return false;
  draft.height = content.readUInt16BE(1);
  draft.width = content.readUInt16BE(3);
  draft.luma = content[7]!;
  draft.tableIds = [content[8]!, content[11]!];
  return draft.width > 0 && draft.height > 0;
}

function readQuantization(draft: Draft, content: Buffer): boolean {
  for (let at = 0; at < content.length; at += 1 + QUANTIZATION_BYTES) {
    if (content[at]! > 3 || at + 1 + QUANTIZATION_BYTES > content.length) return false;
    draft.tables[content[at]!] = content.subarray(at + 1, at + 1 + QUANTIZATION_BYTES);
  }
  return true;
}

function readHuffman(content: Buffer): boolean {
  let rest = content;
  while (rest.length > 0) {
    const length = huffmanTableLength(rest);
    if (length === 0 || !isStandardHuffmanTable(rest.subarray(0, length))) return false;
    rest = rest.subarray(length);
  }
  return true;
}

function finish(draft: Draft, jpeg: Buffer, scanStart: number): JpegParts | undefined {
  const [luma, chroma] = draft.tableIds.map((id) => draft.tables[id]);
  if (!luma || !chroma || (draft.luma !== 0x21 && draft.luma !== 0x22)) return undefined;
  let scanEnd = jpeg.length;
  while (scanEnd > scanStart && jpeg[scanEnd - 1] === 0) scanEnd--;
  if (scanEnd - 2 >= scanStart && jpeg[scanEnd - 1] === EOI && jpeg[scanEnd - 2] === 0xff) scanEnd -= 2;
  return {
    width: draft.width,
    height: draft.height,
    subsampling: draft.luma === 0x22 ? '4:2:0' : '4:2:2',
    quantization: Buffer.concat([luma, chroma]),
    restartInterval: draft.restartInterval,
    scanStart,
    scanEnd,
  };
}
