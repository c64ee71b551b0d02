/**
 * RTP payloads of one access unit, the way cameras make them: RFC 6184 (FU-A), RFC 7798 (FU), RFC 3640 (AAC-hbr),
 * RFC 7587 (Opus), RFC 3551 (G.711, L16). Shares nothing with the server's own packetizers.
 */
import type { Clip, Unit } from './clips.ts';

const MAXIMUM_PAYLOAD = 1400;

/** Payloads in order; `parameterSets` go before the unit, each in a packet of its own. */
export function packetize(clip: Clip, unit: Unit, parameterSets: readonly Buffer[]): Buffer[] {
  switch (clip.encoding) {
    case 'H264':
      return [...parameterSets, ...unit.parts].flatMap(fragmentH264);
    case 'H265':
      return [...parameterSets, ...unit.parts].flatMap(fragmentHevc);
    case 'MPEG4-GENERIC':
      return [Buffer.concat([auHeader(unit.parts[0]!.length), unit.parts[0]!])];
    default:
      return [...unit.parts];
  }
}

function fragmentH264(nal: Buffer): Buffer[] {
  if (nal.length <= MAXIMUM_PAYLOAD) return [nal];
  const indicator = (nal[0]! & 0xe0) | 28;
  const type = nal[0]! & 31;
  return slices(nal.subarray(1), MAXIMUM_PAYLOAD - 2).map((slice, index, { length }) =>
    Buffer.concat([Buffer.from([indicator, type | startEnd(index, length)]), slice]),
  );
}

function fragmentHevc(nal: Buffer): Buffer[] {
  if (nal.length <= MAXIMUM_PAYLOAD) return [nal];
  const first = (nal[0]! & 0x81) | (49 << 1);
  const type = (nal[0]! >> 1) & 63;
  return slices(nal.subarray(2), MAXIMUM_PAYLOAD - 3).map((slice, index, { length }) =>
    Buffer.concat([Buffer.from([first, nal[1]!, type | startEnd(index, length)]), slice]),
  );
}

function startEnd(index: number, length: number): number {
  return (index === 0 ? 0x80 : 0) | (index === length - 1 ? 0x40 : 0);
}

function slices(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

/** One AU header: 13 bits of size, 3 bits of index. */
function auHeader(size: number): Buffer {
  return Buffer.from([0, 16, size >> 5, (size & 31) << 3]);
}
