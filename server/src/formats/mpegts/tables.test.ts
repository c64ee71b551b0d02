/** Tables in more than one section, packet and program. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgramTables } from './program-tables.ts';
import { SectionReader } from './section-reader.ts';
import {
  buildTables,
  crc32Mpeg,
  type ElementaryStream,
  opusChannelsOf,
  opusDescriptors,
  parsePat,
  registrationOf,
} from './tables.ts';
import { STREAM_TYPE } from './transport.ts';

const NONE = Buffer.alloc(0);

function section(tableId: number, id: number, body: Buffer, number = 0, last = 0, version = 0): Buffer {
  const head = Buffer.from([tableId, 0xb0, 0, id >> 8, id & 0xff, 0xc1 | (version << 1), number, last]);
  const bytes = Buffer.concat([head, body, Buffer.alloc(4)]);
  bytes.writeUInt16BE(0xb000 | (bytes.length - 3), 1);
  bytes.writeUInt32BE(crc32Mpeg(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

const programs = (...pids: readonly number[]): Buffer =>
  Buffer.concat(pids.map((pid, at) => Buffer.from([0, at + 1, 0xe0 | (pid >> 8), pid & 0xff])));

function programMap(streams: readonly (readonly [type: number, pid: number])[], info = 0): Buffer {
  const entries = streams.map(([type, pid]) => Buffer.from([type, 0xe0 | (pid >> 8), pid & 0xff, 0xf0, 0]));
  return Buffer.concat([
    Buffer.from([0xe1, 0, 0xf0 | (info >> 8), info & 0xff]),
    Buffer.alloc(info, 1),
    ...entries,
  ]);
}

/** Program tables with the readers of their pids by hand. */
function follow() {
  const readers = new Map<number, SectionReader>();
  const seen: number[][] = [];
  const pat = createProgramTables({
    onTablePid: (pid, reader) => (reader ? readers.set(pid, reader) : readers.delete(pid)),
    onStreams: (streams) => seen.push(streams.map(({ pid }) => pid)),
    isKnown: ({ streamType }) => streamType === STREAM_TYPE.h264,
  });
  return { pat, readers, seen };
}

/** A section in payloads of this many bytes, the first with its pointer. */
function send(reader: SectionReader, bytes: Buffer, size = 183): void {
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    const payload = at === 0 ? Buffer.concat([Buffer.from([0]), part]) : part;
    reader.push(payload, 0, payload.length, at === 0);
  }
}

test('a PAT in two sections, in any order', () => {
  const { pat, readers } = follow();
  send(pat, section(0, 1, programs(0x101), 1, 1));
  assert.equal(readers.size, 0);
  send(pat, section(0, 1, programs(0x100), 0, 1));
  assert.deepEqual([...readers.keys()], [0x100, 0x101]);
  send(pat, section(0, 1, programs(0x101, 0x102), 0, 0, 1));
  assert.deepEqual([...readers.keys()], [0x101, 0x102]);
});

test('the first program with a stream we know, until it goes', () => {
  const { pat, readers, seen } = follow();
  send(pat, section(0, 1, programs(0x100, 0x101, 0x102)));
  send(readers.get(0x100)!, section(2, 1, programMap([[0x02, 0x200]])));
  assert.deepEqual(seen, []);
  send(readers.get(0x102)!, section(2, 3, programMap([[STREAM_TYPE.h264, 0x220]])));
  send(readers.get(0x101)!, section(2, 2, programMap([[STREAM_TYPE.h264, 0x210]])));
  assert.deepEqual(seen.at(-1), [0x220]);
  send(pat, section(0, 1, programs(0x101), 0, 0, 1));
  assert.deepEqual(seen.at(-1), [0x210]);
});

test('a PMT over several packets, with another section behind it', () => {
  const { pat, readers, seen } = follow();
  send(pat, section(0, 1, programs(0x100)));
  const long = section(2, 1, programMap([[STREAM_TYPE.h264, 0x200]], 700));
  const next = section(2, 1, programMap([[STREAM_TYPE.h264, 0x201]]), 0, 0, 1);
  send(readers.get(0x100)!, Buffer.concat([long, next, Buffer.alloc(50, 0xff)]));
  assert.deepEqual(seen, [[0x200], [0x201]]);
});

test('a section that ends in front of the next one, by the pointer', () => {
  const found: number[] = [];
  const reader = new SectionReader(({ id }) => found.push(id));
  const [a, b] = [section(2, 7, Buffer.alloc(200, 1)), section(2, 8, NONE)];
  const first = Buffer.concat([Buffer.from([0]), a.subarray(0, 183)]);
  const rest = a.subarray(183);
  const second = Buffer.concat([Buffer.from([rest.length]), rest, b, Buffer.alloc(184, 0xff)]).subarray(
    0,
    184,
  );
  reader.push(first, 0, 184, true);
  reader.push(second, 0, 184, true);
  assert.deepEqual([found, reader.corrupt], [[7, 8], 0]);
  reader.push(first, 0, 184, true);
  reader.lost();
  reader.push(rest, 0, rest.length, false);
  assert.equal(found.length, 2, 'nothing is put together over a gap');
});

test('what is written is read', () => {
  const { pat, readers, seen } = follow();
  const streams: ElementaryStream[] = [
    { pid: 0x100, streamType: STREAM_TYPE.h264, descriptors: NONE },
    { pid: 0x101, streamType: STREAM_TYPE.privateData, descriptors: opusDescriptors(1) },
  ];
  const tables = buildTables({ programMapPid: 0x1000, pcrPid: 0x100, version: 3, streams });
  pat.push(tables, 4, 188, true);
  readers.get(0x1000)!.push(tables, 188 + 4, 376, true);
  assert.deepEqual(seen, [[0x100, 0x101]]);
  assert.deepEqual([registrationOf(streams[1]!), opusChannelsOf(streams[1]!)], ['Opus', 1]);
  assert.equal(registrationOf(streams[0]!), undefined);
});

test('a section with a wrong CRC counts when the same bytes come again', () => {
  const wrong = section(0, 1, programs(0x100));
  wrong[wrong.length - 1]! ^= 1;
  const other = section(0, 1, programs(0x200));
  other[other.length - 1]! ^= 1;
  const found: number[] = [];
  const reader = new SectionReader(({ body }) => found.push(...parsePat(body)));
  for (const bytes of [wrong, other, wrong, wrong]) send(reader, bytes);
  assert.deepEqual([found, reader.corrupt], [[0x100], 3]);
});
