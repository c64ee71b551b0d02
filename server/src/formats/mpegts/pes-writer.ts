/**
 * PES packets, cut into transport packets.
 *
 *   000001 streamId:8 length:16 │ 10 … aligned:1 … │ timestamps:2 … │ headerLength:8 │ PTS [DTS] │ payload …
 *   ┌ 47 … [adaptation field: random access, PCR] │ PES header, payload ┐┌ 47 … │ payload ┐ … ┌ 47 … [stuffing] │ the rest ┐
 *
 * Source of truth: ISO 13818-1 §2.4.3.6, §2.4.3.7. The first transport packet has the fields, the last one the stuffing.
 */
import {
  HEADER_BYTES,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  STREAM_ID,
  SYNC_BYTE,
  wrapTicks,
  writePcr,
  writeTimestamp,
} from './transport.ts';

/** A PES packet to be written. Times in ticks of 90 kHz, unwrapped. */
export interface Pes {
  readonly pid: number;
  readonly streamId: number;
  readonly pts: number;
  readonly dts: number;
  /** A decoder can start here. */
  readonly randomAccess: boolean;
  /** A clock reference in front of it. */
  readonly pcr: number | undefined;
  readonly pieces: readonly Buffer[];
  /** Sum of the pieces. */
  readonly bytes: number;
}

/** One counter for each pid, of the packet written last. */
export type ContinuityCounters = Uint8Array;

const PES_HEAD_BYTES = 9;
const TIMESTAMP_BYTES = 5;
/** What PES_packet_length counts of the head. */
const COUNTED_HEAD_BYTES = 3;
const MAX_PES_LENGTH = 0xffff;
/** The most that a PES packet of audio can hold; only video may leave its length open. */
export const MAX_BOUNDED_PAYLOAD = MAX_PES_LENGTH - COUNTED_HEAD_BYTES - TIMESTAMP_BYTES;

const START = 0x4000;
const WITH_ADAPTATION = 0x20;
const WITH_PAYLOAD = 0x10;
const RANDOM_ACCESS = 0x40;
const PCR = 0x10;
const PCR_FIELD_BYTES = 8;
const FLAGS_FIELD_BYTES = 2;

const headerBytes = ({ pts, dts }: Pes): number =>
  PES_HEAD_BYTES + (pts === dts ? TIMESTAMP_BYTES : 2 * TIMESTAMP_BYTES);

/** Bytes of the adaptation field in the first packet, without stuffing. */
function fieldBytes({ pcr, randomAccess }: Pes): number {
  if (pcr !== undefined) return PCR_FIELD_BYTES;
  return randomAccess ? FLAGS_FIELD_BYTES : 0;
}

/** Transport packets that it takes. */
export function countPackets(pes: Pes): number {
  return Math.ceil((fieldBytes(pes) + headerBytes(pes) + pes.bytes) / PAYLOAD_BYTES);
}

/** Writes the transport packets; returns the offset behind them. */
export function writePes(target: Buffer, start: number, pes: Pes, counters: ContinuityCounters): number {
  const { pid, pieces } = pes;
  const packets = countPackets(pes);
  let left = headerBytes(pes) + pes.bytes;
  let piece = 0;
  let pieceAt = 0;
  for (let index = 0; index < packets; index++) {
    const packetStart = start + index * PACKET_BYTES;
    const end = packetStart + PACKET_BYTES;
    const field = index === 0 ? fieldBytes(pes) : 0;
    const stuffing = Math.max(0, PAYLOAD_BYTES - field - left);
    let at = writeHeader(target, packetStart, pid, index === 0, field + stuffing > 0, counters);
    if (field + stuffing > 0) at = writeField(target, at, field + stuffing, index === 0 ? pes : undefined);
    if (index === 0) at = writePesHeader(target, at, pes);
    left -= end - at + (index === 0 ? headerBytes(pes) : 0);
    while (at < end) {
      const source = pieces[piece]!;
      const size = Math.min(end - at, source.length - pieceAt);
      source.copy(target, at, pieceAt, pieceAt + size);
      at += size;
      pieceAt += size;
      if (pieceAt === source.length) {
        piece++;
        pieceAt = 0;
      }
    }
  }
  return start + packets * PACKET_BYTES;
}

/** Writes a packet that has a clock reference and nothing else; its pid's counter stays. */
export function writePcrPacket(
  target: Buffer,
  start: number,
  pid: number,
  pcr: number,
  counters: ContinuityCounters,
): number {
  target[start] = SYNC_BYTE;
  target.writeUInt16BE(pid, start + 1);
  target[start + 3] = WITH_ADAPTATION | counters[pid]!;
  target[start + 4] = PAYLOAD_BYTES - 1;
  target[start + 5] = PCR;
  const at = writePcr(target, start + 6, wrapTicks(pcr));
  target.fill(0xff, at, start + PACKET_BYTES);
  return start + PACKET_BYTES;
}

function writeHeader(
  target: Buffer,
  at: number,
  pid: number,
  first: boolean,
  adaptation: boolean,
  counters: ContinuityCounters,
): number {
  const counter = (counters[pid]! + 1) & 15;
  counters[pid] = counter;
  target[at] = SYNC_BYTE;
  target.writeUInt16BE((first ? START : 0) | pid, at + 1);
  target[at + 3] = (adaptation ? WITH_ADAPTATION : 0) | WITH_PAYLOAD | counter;
  return at + HEADER_BYTES;
}

/** An adaptation field of `bytes`: one byte is a length of zero. */
function writeField(target: Buffer, start: number, bytes: number, pes: Pes | undefined): number {
  const end = start + bytes;
  target[start] = bytes - 1;
  if (bytes === 1) return end;
  const { pcr, randomAccess = false } = pes ?? {};
  target[start + 1] = (randomAccess ? RANDOM_ACCESS : 0) | (pcr === undefined ? 0 : PCR);
  const at = pcr === undefined ? start + 2 : writePcr(target, start + 2, wrapTicks(pcr));
  target.fill(0xff, at, end);
  return end;
}

function writePesHeader(target: Buffer, start: number, pes: Pes): number {
  const { streamId, pts, dts, bytes } = pes;
  const timestamps = pts === dts ? 1 : 2;
  const length = COUNTED_HEAD_BYTES + timestamps * TIMESTAMP_BYTES + bytes;
  let at = target.writeUInt32BE(0x00000100 | streamId, start);
  at = target.writeUInt16BE(length > MAX_PES_LENGTH ? 0 : length, at);
  target[at++] = streamId === STREAM_ID.video ? 0x84 : 0x80;
  target[at++] = timestamps === 1 ? 0x80 : 0xc0;
  target[at++] = timestamps * TIMESTAMP_BYTES;
  at = writeTimestamp(target, at, timestamps === 1 ? 2 : 3, wrapTicks(pts));
  return timestamps === 1 ? at : writeTimestamp(target, at, 1, wrapTicks(dts));
}
