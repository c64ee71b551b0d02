import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StreamError } from '../../core/errors.ts';
import { ChunkReader } from './chunk-reader.ts';
import { announceChunkSize, chunkMessage } from './chunk-writer.ts';
import { type Message, splitAggregate, uint32 } from './message.ts';

function read(bytes: Buffer, step = bytes.length): Message[] {
  const messages: Message[] = [];
  const reader = new ChunkReader((message) => messages.push(message));
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes, at, Math.min(bytes.length, at + step));
  return messages;
}

const pattern = (length: number, seed = 1): Buffer =>
  Buffer.from(Array.from({ length }, (_, n) => (n * 7 + seed) & 255));
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** The twins' table: what is written is read. */
const MESSAGES: readonly Message[] = [
  { type: 8, streamId: 1, timestamp: 0, body: Buffer.alloc(0) },
  { type: 9, streamId: 1, timestamp: 40, body: pattern(1) },
  { type: 9, streamId: 1, timestamp: 0xfffffe, body: pattern(4096) },
  { type: 9, streamId: 1, timestamp: 0xffffff, body: pattern(4097) },
  { type: 9, streamId: 7, timestamp: 0xfffffffe, body: pattern(20_000) },
  { type: 20, streamId: 0, timestamp: 3, body: pattern(8192) },
];

describe('chunks', () => {
  for (const step of [1, 3, 1000, 1 << 20]) {
    test(`what is written is read, ${step} bytes at a time`, () => {
      const chunks = MESSAGES.map(({ body, ...head }) => chunkMessage({ ...head, chunkStream: 6 }, body));
      assert.deepEqual(read(Buffer.concat([announceChunkSize(), ...chunks]), step), MESSAGES);
    });
  }

  test('messages of two chunk streams, interleaved', () => {
    const video = pattern(200, 1);
    const audio = pattern(150, 9);
    const bytes = Buffer.concat([
      ...[hex('06 000010 0000c8 09 01000000'), video.subarray(0, 128)],
      ...[hex('04 000011 000096 08 01000000'), audio.subarray(0, 128)],
      ...[hex('c6'), video.subarray(128), hex('c4'), audio.subarray(128)],
    ]);
    for (const step of [1, 50, 1000]) {
      assert.deepEqual(read(bytes, step), [
        { type: 9, streamId: 1, timestamp: 16, body: video },
        { type: 8, streamId: 1, timestamp: 17, body: audio },
      ]);
    }
  });

  test('the heads of all four kinds, and what they leave out (§5.3.2.1, example 1)', () => {
    const bytes = Buffer.concat([
      ...[hex('03 0003e8 000020 08 39300000'), pattern(32, 1)],
      ...[hex('83 000014'), pattern(32, 2), hex('c3'), pattern(32, 3), hex('c3'), pattern(32, 4)],
      ...[hex('43 000001 000002 09'), pattern(2, 5)],
    ]);
    assert.deepEqual(
      read(bytes, 5).map(({ type, streamId, timestamp, body }) => [type, streamId, timestamp, body[0]]),
      [
        [8, 12345, 1000, 1],
        [8, 12345, 1020, 2],
        [8, 12345, 1040, 3],
        [8, 12345, 1060, 4],
        [9, 12345, 1061, 5],
      ],
    );
  });

  test('chunk stream ids of two and three bytes', () => {
    const bytes = Buffer.concat([
      hex('00 00 000001 000001 08 01000000 aa'),
      hex('01 ffff 000002 000001 08 01000000 bb'),
      hex('c0 00 cc'),
    ]);
    assert.deepEqual(
      read(bytes, 1).map(({ timestamp, body }) => [timestamp, body.toString('hex')]),
      [
        [1, 'aa'],
        [2, 'bb'],
        [2, 'cc'],
      ],
    );
  });

  test('extended times: also as a delta, and where the parts that follow leave them out', () => {
    const body = pattern(200, 3);
    const withTimes = Buffer.concat([
      ...[hex('06 ffffff 0000c8 09 01000000 01000000'), body.subarray(0, 128)],
      ...[hex('c6 01000000'), body.subarray(128)],
    ]);
    const without = Buffer.concat([
      ...[hex('06 ffffff 0000c8 09 01000000 01000000'), body.subarray(0, 128)],
      ...[hex('c6'), body.subarray(128)],
    ]);
    for (const bytes of [withTimes, without]) {
      for (const step of [1, 7, 1000])
        assert.deepEqual(read(bytes, step), [{ type: 9, streamId: 1, timestamp: 1 << 24, body }]);
    }
    const delta = Buffer.concat([hex('04 000005 000001 08 01000000 aa'), hex('84 ffffff 01000000 bb')]);
    assert.deepEqual(
      read(delta).map(({ timestamp }) => timestamp),
      [5, 5 + (1 << 24)],
    );
  });

  test('abort drops what is unfinished; another chunk size counts at once', () => {
    const body = pattern(300);
    const bytes = Buffer.concat([
      ...[hex('06 000000 00012c 09 01000000'), body.subarray(0, 128)],
      ...[hex('02 000000 000004 02 00000000'), uint32(6)],
      ...[hex('02 000000 000004 01 00000000'), uint32(1000)],
      ...[hex('06 000028 00012c 09 01000000'), body],
    ]);
    assert.deepEqual(read(bytes), [{ type: 9, streamId: 1, timestamp: 40, body }]);
  });

  const REFUSED: readonly (readonly [string, Buffer, string])[] = [
    ['a chunk size of 0', Buffer.concat([hex('02 000000 000004 01 00000000'), uint32(0)]), 'protocol'],
    [
      'too many chunk streams',
      Buffer.concat(
        Array.from({ length: 70 }, (_, id) => Buffer.from([0, id, ...hex('000000 000001 08 01000000 aa')])),
      ),
      'limit',
    ],
    [
      'too much in unfinished messages',
      Buffer.concat(
        [4, 5].map((id) =>
          Buffer.concat([Buffer.from([id]), hex('000000 ffffff 08 01000000'), pattern(128)]),
        ),
      ),
      'limit',
    ],
  ];
  for (const [what, bytes, code] of REFUSED) {
    test(`refuses ${what}`, () => {
      assert.throws(
        () => read(bytes),
        (error) => error instanceof StreamError && error.code === code,
      );
    });
  }
});

test('an aggregate message: times go on from its own (§7.1.6)', () => {
  const part = (type: string, time: string, byte: string): string =>
    `${type} 000001 ${time} 00 000000 ${byte} 0000000c`;
  const body = hex(`${part('08', '0003e8', 'aa')} ${part('09', '0003f0', 'bb')} ffff`);
  const parts = splitAggregate({ type: 22, streamId: 1, timestamp: 5000, body });
  assert.deepEqual(
    parts.map(({ type, timestamp, body: data }) => [type, timestamp, data.toString('hex')]),
    [
      [8, 5000, 'aa'],
      [9, 5008, 'bb'],
    ],
  );
});
