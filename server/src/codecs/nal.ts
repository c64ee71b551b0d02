/**
 * NAL units of H.264 and HEVC: the two ways to string them together, and the escape bytes inside.
 *
 *   Annex B (byte streams, MPEG-TS):       00 00 00 01 nal 00 00 01 nal …
 *   length-prefixed (Packet.data, MP4):    length u32 nal length u32 nal …
 *
 * Source of truth: ITU-T H.264 Annex B and §7.4.1, H.265 Annex B, ISO 14496-15 §5.3.2.
 */

const START_CODE = Buffer.from([0, 0, 1]);
const ESCAPE = Buffer.from([0, 0, 3]);

/** NAL units between start codes of 3 or 4 bytes, as views. Bytes before the first start code are no NAL unit; without any there is none. */
export function splitAnnexB(data: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  let start = data.indexOf(START_CODE);
  while (start >= 0) {
    start += 3;
    const next = data.indexOf(START_CODE, start);
    let end = next < 0 ? data.length : next;
    while (end > start && data[end - 1] === 0) end--;
    if (end > start) nals.push(data.subarray(start, end));
    start = next;
  }
  return nals;
}

/** Strings NAL units together with 4-byte lengths; copies once. */
export function joinNals(nals: readonly Buffer[]): Buffer {
  let length = 0;
  for (const nal of nals) length += 4 + nal.length;
  const result = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const nal of nals) {
    offset = result.writeUInt32BE(nal.length, offset);
    offset += nal.copy(result, offset);
  }
  return result;
}

/**
 * Where the NAL unit that begins at `start` ends, by the 4-byte length before it; -1 if there is none or its length is corrupt.
 *
 *   for (let start = 4, end = nalEnd(data, start); end >= 0; start = end + 4, end = nalEnd(data, start)) …
 */
export function nalEnd(data: Buffer, start: number): number {
  if (start > data.length) return -1;
  const end = start + data.readUInt32BE(start - 4);
  return end <= data.length ? end : -1;
}

/** Visits each NAL unit of length-prefixed data, without empty ones; stops at a corrupt length. */
export function forEachNal(data: Buffer, visit: (start: number, end: number) => void): void {
  for (let start = 4, end = nalEnd(data, start); end >= 0; start = end + 4, end = nalEnd(data, start)) {
    if (end > start) visit(start, end);
  }
}

/** NAL units of length-prefixed data with lengths of 1, 2 or 4 bytes (`lengthSize` of avcC or hvcC), as views. */
export function splitLengthPrefixed(data: Buffer, lengthSize = 4): Buffer[] {
  const nals: Buffer[] = [];
  let offset = 0;
  while (offset + lengthSize <= data.length) {
    const start = offset + lengthSize;
    const end = start + data.readUIntBE(offset, lengthSize);
    if (end > data.length) break;
    if (end > start) nals.push(data.subarray(start, end));
    offset = end;
  }
  return nals;
}

/** Takes the emulation prevention bytes out (00 00 03 → 00 00): the NAL unit itself if it has none, else a copy. */
export function unescapeNal(nal: Buffer): Buffer {
  let found = nal.indexOf(ESCAPE);
  if (found < 0) return nal;
  const result = Buffer.allocUnsafe(nal.length);
  let length = 0;
  let from = 0;
  while (found >= 0) {
    length += nal.copy(result, length, from, found + 2);
    from = found + 3;
    found = nal.indexOf(ESCAPE, from);
  }
  length += nal.copy(result, length, from);
  return result.subarray(0, length);
}

const H264_SPS = 7;
const H264_SLICES_AND_HEADERS = new Set([1, 5, 6, 8, 9]);
/** Two bytes: VPS or SPS of layer 0. */
const HEVC_SETS = new Set([0x4001, 0x4201]);
const HEVC_LAYER_0 = 0x01;

/**
 * What bytes in Annex B are, whose first unit may be a parameter set, a delimiter, an SEI or a slice: by the first
 * parameter set among them, else by the header of their first unit. Undefined where they do not begin with a start code.
 */
export function annexBCodec(bytes: Buffer): 'h264' | 'hevc' | undefined {
  const first = bytes.indexOf(START_CODE);
  if (first < 0 || bytes.subarray(0, first).some((byte) => byte !== 0)) return undefined;
  for (let at = first; at >= 0; at = bytes.indexOf(START_CODE, at + 3)) {
    const header = bytes[at + 3] ?? 0x80;
    if (header & 0x80) break;
    if (HEVC_SETS.has((header << 8) | (bytes[at + 4] ?? 0))) return 'hevc';
    if ((header & 0x1f) === H264_SPS) return 'h264';
  }
  const header = bytes[first + 3] ?? 0x80;
  if (header & 0x80) return undefined;
  if ((header & 1) === 0 && bytes[first + 4] === HEVC_LAYER_0) return 'hevc';
  return H264_SLICES_AND_HEADERS.has(header & 0x1f) ? 'h264' : undefined;
}
