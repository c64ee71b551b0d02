/**
 * JPEG as cameras send it: size, the Huffman tables they leave out, and where one picture ends.
 *
 * Source of truth: ITU-T T.81 Annex B (markers), Annex K.3 (the typical Huffman tables).
 *
 *   FFD8  { FF marker:8 length:16 … }…  FFDA length:16 …  entropy-coded bytes (FF00 is FF, FFD0…D7 restart)  FFD9
 */
import { type VideoCodec, videoCodec } from './codec.ts';

const MARKER = {
  sof0: 0xc0,
  dht: 0xc4,
  jpg: 0xc8,
  dac: 0xcc,
  sof15: 0xcf,
  rst0: 0xd0,
  rst7: 0xd7,
  soi: 0xd8,
  eoi: 0xd9,
  sos: 0xda,
  dnl: 0xdc,
} as const;
/** Between scans; any other marker among entropy-coded bytes is damage, and says nothing of a length. */
const SCAN_SEGMENTS: ReadonlySet<number> = new Set([MARKER.dht, MARKER.sos, MARKER.dnl]);
/** All the Huffman tables that there can be, and some. */
const MAXIMUM_SCAN_SEGMENT_BYTES = 2048;
const START_OF_IMAGE = Buffer.from([0xff, MARKER.soi, 0xff]);

const DC_VALUES = '000102030405060708090a0b';

/** A DHT segment with the four tables of T.81 Annex K.3, which Motion JPEG (AVI1, RTP) presumes. Shared: not to be changed. */
export const JPEG_HUFFMAN_TABLES: Buffer = Buffer.from(
  'ffc401a2' +
    `00${'00010501010101010100000000000000'}${DC_VALUES}` +
    `01${'00030101010101010101010000000000'}${DC_VALUES}` +
    `10${'0002010303020403050504040000017d'}` +
    '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a' +
    '25262728292a3435363738393a434445464748494a535455565758595a636465666768696a73747576777879' +
    '7a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9' +
    'cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa' +
    `11${'00020102040403040705040400010277'}` +
    '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f117' +
    '18191a262728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778' +
    '797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7' +
    'c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
  'hex',
);

/** Size in pixels, of the first frame header; undefined if there is none. */
export function parseJpegSize(data: Buffer): { width: number; height: number } | undefined {
  const at = findSegment(data, isFrameHeader);
  if (at < 0 || at + 9 > data.length) return undefined;
  const height = data.readUInt16BE(at + 5);
  const width = data.readUInt16BE(at + 7);
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** The codec of these pictures; size 0 where it cannot be read. */
export function mjpegCodec(data: Buffer): VideoCodec {
  return videoCodec('mjpeg', parseJpegSize(data));
}

/** Puts the typical Huffman tables before the scan of a picture that has none; others are given back as they are. */
export function withHuffmanTables(data: Buffer): Buffer {
  const at = findSegment(data, (marker) => marker === MARKER.dht || marker === MARKER.sos);
  if (at < 0 || data[at + 1] !== MARKER.sos) return data;
  return Buffer.concat([data.subarray(0, at), JPEG_HUFFMAN_TABLES, data.subarray(at)]);
}

/**
 * Where the JPEG that begins at `start` ends: behind its end marker, or at the start marker of the next one where a
 * camera left the end marker out. -1 if the bytes end before that. Pictures within (thumbnails in APPn) are passed over.
 */
export function findJpegEnd(data: Buffer, start = 0): number {
  let offset = start + 2;
  let inScan = false;
  while (offset + 2 <= data.length) {
    if (data[offset] !== 0xff) {
      offset = data.indexOf(0xff, offset);
      if (offset < 0) return -1;
      continue;
    }
    const marker = data[offset + 1]!;
    if (marker === MARKER.eoi) return offset + 2;
    if (marker === MARKER.soi) return offset;
    if (marker === 0xff) offset += 1;
    else if (!hasLength(marker) || (inScan && !SCAN_SEGMENTS.has(marker))) offset += 2;
    else if (offset + 4 > data.length) return -1;
    else {
      const length = data.readUInt16BE(offset + 2);
      offset += 2 + (inScan && length > MAXIMUM_SCAN_SEGMENT_BYTES ? 0 : length);
      inScan ||= marker === MARKER.sos;
    }
  }
  return -1;
}

/** Splits JPEGs that follow one another, garbage between them passed over: whole pictures, and what is left of the last one. */
export function splitJpegs(data: Buffer): { frames: Buffer[]; rest: Buffer } {
  const frames: Buffer[] = [];
  let start = data.indexOf(START_OF_IMAGE);
  let done = 0;
  while (start >= 0) {
    const end = findJpegEnd(data, start);
    if (end < 0) return { frames, rest: data.subarray(start) };
    frames.push(data.subarray(start, end));
    start = data.indexOf(START_OF_IMAGE, end);
    done = end;
  }
  return { frames, rest: data.subarray(Math.max(done, data.length - START_OF_IMAGE.length + 1)) };
}

/** Offset of the first segment with such a marker before the entropy-coded bytes, or -1. */
function findSegment(data: Buffer, matches: (marker: number) => boolean): number {
  let offset = 2;
  while (offset >= 0 && offset + 4 <= data.length) {
    if (data[offset] !== 0xff) {
      // Bytes that belong to no segment: decoders pass over them, too.
      offset = data.indexOf(0xff, offset);
      continue;
    }
    const marker = data[offset + 1]!;
    if (matches(marker)) return offset;
    if (marker === MARKER.sos || marker === MARKER.eoi) return -1;
    if (marker === 0xff) offset += 1;
    else if (!hasLength(marker)) offset += 2;
    else offset += 2 + data.readUInt16BE(offset + 2);
  }
  return -1;
}

function isFrameHeader(marker: number): boolean {
  if (marker === MARKER.dht || marker === MARKER.jpg || marker === MARKER.dac) return false;
  return marker >= MARKER.sof0 && marker <= MARKER.sof15;
}

function hasLength(marker: number): boolean {
  return marker > 0x01 && !(marker >= MARKER.rst0 && marker <= MARKER.soi);
}
