/**
 * Program specific information: which pids carry what.
 *
 *   PAT, pid 0:   program → pid of its PMT
 *   PMT:          stream type, pid and descriptors of each elementary stream
 *
 *   section: tableId:8 │ 1 0 11 length:12 │ id:16 │ 11 version:5 current:1 │ number:8 │ last:8 │ … │ CRC:32
 *   PMT:     … │ 111 pcrPid:13 │ 1111 infoLength:12 info │ { type:8 111 pid:13 1111 length:12 descriptors }… │ CRC
 *
 * Source of truth: ISO 13818-1 §2.4.4. Writer and reader are side by side, and share a test.
 */
import { NULL_PID, PACKET_BYTES, PAT_PID, SYNC_BYTE } from './transport.ts';

/** One stream of a PMT. */
export interface ElementaryStream {
  readonly pid: number;
  readonly streamType: number;
  /** The bytes of its descriptors: { tag:8 length:8 … }… */
  readonly descriptors: Buffer;
}

export interface Section {
  readonly tableId: number;
  /** transport_stream_id of a PAT, program_number of a PMT. */
  readonly id: number;
  readonly version: number;
  readonly current: boolean;
  readonly number: number;
  readonly lastNumber: number;
  /** Behind the head, without the CRC: a view. */
  readonly body: Buffer;
}

export interface ProgramMap {
  readonly pcrPid: number;
  readonly streams: readonly ElementaryStream[];
}

export const TABLE_ID = { pat: 0, pmt: 2 } as const;

const DESCRIPTOR = { registration: 0x05, extension: 0x7f } as const;
const HEAD_BYTES = 8;
const CRC_BYTES = 4;
/** section_length of PAT and PMT: its first two bits are zero, and it is no more than this. */
export const MAXIMUM_SECTION_BYTES = 3 + 1021;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** CRC-32 of Annex A: not reflected, and not inverted at the end. A section with its CRC gives 0. */
export function crc32Mpeg(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ byte]!;
  return crc >>> 0;
}

/** Whether a whole section is as it was sent, by the CRC at its end. */
export function isIntact(data: Buffer): boolean {
  return crc32Mpeg(data) === 0;
}

/** Reads a whole section; undefined if it is cut short or has no such head. */
export function parseSection(data: Buffer): Section | undefined {
  if (data.length < HEAD_BYTES + CRC_BYTES || !(data[1]! & 0x80)) return undefined;
  return {
    tableId: data[0]!,
    id: data.readUInt16BE(3),
    version: (data[5]! >> 1) & 31,
    current: (data[5]! & 1) === 1,
    number: data[6]!,
    lastNumber: data[7]!,
    body: data.subarray(HEAD_BYTES, data.length - CRC_BYTES),
  };
}

/** Pids of the PMTs in the body of a PAT, in order. */
export function parsePat(body: Buffer): number[] {
  const pids: number[] = [];
  for (let at = 0; at + 4 <= body.length; at += 4) {
    const isNetwork = body.readUInt16BE(at) === 0;
    if (!isNetwork) pids.push(body.readUInt16BE(at + 2) & 0x1fff);
  }
  return pids;
}

/** Reads the body of a PMT; undefined if its lengths do not fit. Descriptors are copies. */
export function parsePmt(body: Buffer): ProgramMap | undefined {
  if (body.length < 4) return undefined;
  const pcrPid = body.readUInt16BE(0) & 0x1fff;
  const streams: ElementaryStream[] = [];
  let at = 4 + (body.readUInt16BE(2) & 0xfff);
  while (at < body.length) {
    if (at + 5 > body.length) return undefined;
    const end = at + 5 + (body.readUInt16BE(at + 3) & 0xfff);
    if (end > body.length) return undefined;
    const pid = body.readUInt16BE(at + 1) & 0x1fff;
    if (pid !== NULL_PID)
      streams.push({ pid, streamType: body[at]!, descriptors: Buffer.from(body.subarray(at + 5, end)) });
    at = end;
  }
  return at === body.length ? { pcrPid, streams } : undefined;
}

/** The content of the first descriptor of this tag; undefined if there is none. */
function findDescriptor(descriptors: Buffer, tag: number, extension = -1): Buffer | undefined {
  for (let at = 0; at + 2 <= descriptors.length; ) {
    const end = at + 2 + descriptors[at + 1]!;
    if (end > descriptors.length) return undefined;
    const content = descriptors.subarray(at + 2, end);
    if (descriptors[at] === tag && (extension < 0 || content[0] === extension)) return content;
    at = end;
  }
  return undefined;
}

/** format_identifier of the registration descriptor, four characters; undefined without one. */
export function registrationOf({ descriptors }: ElementaryStream): string | undefined {
  const content = findDescriptor(descriptors, DESCRIPTOR.registration);
  return content && content.length >= 4 ? content.toString('latin1', 0, 4) : undefined;
}

const OPUS_EXTENSION = 0x80;

/** channel_config_code of the Opus descriptor: the number of channels, 0 for two of their own; undefined without one. */
export function opusChannelsOf({ descriptors }: ElementaryStream): number | undefined {
  return findDescriptor(descriptors, DESCRIPTOR.extension, OPUS_EXTENSION)?.[1];
}

/** A registration descriptor. */
export function registrationDescriptor(format: string): Buffer {
  return Buffer.from([DESCRIPTOR.registration, format.length, ...Buffer.from(format, 'latin1')]);
}

/** The descriptors of an Opus stream of one or two channels. */
export function opusDescriptors(channels: number): Buffer {
  const extension = Buffer.from([DESCRIPTOR.extension, 2, OPUS_EXTENSION, channels]);
  return Buffer.concat([registrationDescriptor('Opus'), extension]);
}

function buildSection(tableId: number, id: number, version: number, body: Buffer): Buffer {
  const section = Buffer.alloc(HEAD_BYTES + body.length + CRC_BYTES);
  section[0] = tableId;
  section.writeUInt16BE(0xb000 | (section.length - 3), 1);
  section.writeUInt16BE(id, 3);
  section[5] = 0xc0 | (version << 1) | 1;
  body.copy(section, HEAD_BYTES);
  section.writeUInt32BE(crc32Mpeg(section.subarray(0, -CRC_BYTES)), section.length - CRC_BYTES);
  return section;
}

/** A section that fits into one packet, in one; its continuity counter is 0. */
function packetOf(pid: number, section: Buffer): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES, 0xff);
  packet[0] = SYNC_BYTE;
  packet.writeUInt16BE(0x4000 | pid, 1);
  packet[3] = 0x10;
  packet[4] = 0;
  section.copy(packet, 5);
  return packet;
}

/** What a stream with one program says of itself. */
export interface ProgramTables {
  readonly programMapPid: number;
  readonly pcrPid: number;
  /** 0–31; another one when something has changed. */
  readonly version: number;
  readonly streams: readonly ElementaryStream[];
}

/** Two packets, a PAT and a PMT, with continuity counters of 0. The streams are as many as a packet has room for: a dozen. */
export function buildTables({ programMapPid, pcrPid, version, streams }: ProgramTables): Buffer {
  const program = 1;
  const pat = Buffer.alloc(4);
  pat.writeUInt16BE(program, 0);
  pat.writeUInt16BE(0xe000 | programMapPid, 2);
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xe000 | pcrPid, 0);
  head.writeUInt16BE(0xf000, 2);
  const entries = streams.flatMap(({ pid, streamType, descriptors }) => {
    const entry = Buffer.alloc(5);
    entry[0] = streamType;
    entry.writeUInt16BE(0xe000 | pid, 1);
    entry.writeUInt16BE(0xf000 | descriptors.length, 3);
    return [entry, descriptors];
  });
  const pmt = Buffer.concat([head, ...entries]);
  return Buffer.concat([
    packetOf(PAT_PID, buildSection(TABLE_ID.pat, program, version, pat)),
    packetOf(programMapPid, buildSection(TABLE_ID.pmt, program, version, pmt)),
  ]);
}
