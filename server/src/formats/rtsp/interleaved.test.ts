import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../core/errors.ts';
import { InterleavedReader } from './interleaved.ts';
import { formatResponse, type RtspMessage } from './message.ts';

interface Seen {
  readonly frames: string[];
  readonly messages: RtspMessage[];
  resyncs: number;
}

function createReader(): { reader: InterleavedReader; seen: Seen } {
  const seen: Seen = { frames: [], messages: [], resyncs: 0 };
  const reader = new InterleavedReader({
    onFrame: (channel, bytes, start, end) =>
      seen.frames.push(`${channel}:${bytes.toString('hex', start, end)}`),
    onMessage: (message) => seen.messages.push(message),
    onResync: () => {
      seen.resyncs++;
    },
  });
  return { reader, seen };
}

/** A frame whose payload begins like RTP version 2. */
function frame(channel: number, size: number, fill = channel + 1): Buffer {
  const bytes = Buffer.alloc(4 + size, fill);
  bytes.set([0x24, channel, size >> 8, size & 255]);
  if (size > 0) bytes[4] = 0x80;
  return bytes;
}

const stream = Buffer.concat([
  formatResponse(200, { CSeq: 1 }, Buffer.from('body $ with a dollar')),
  frame(0, 10),
  frame(1, 0),
  Buffer.from('\r\n'),
  frame(0, 300),
  Buffer.from('OPTIONS * RTSP/1.0\nCSeq: 7\n\n'),
  frame(2, 70, 0x24),
]);

for (const step of [1, 2, 3, 5, 64, 333, 10_000]) {
  test(`frames and messages survive reads of ${step} bytes`, () => {
    const { reader, seen } = createReader();
    const lent = Buffer.alloc(step);
    for (let at = 0; at < stream.length; at += step) {
      const bytes = lent.subarray(0, stream.copy(lent, 0, at, at + step));
      reader.push(bytes);
      lent.fill(0xee);
    }
    const payload = (bytes: Buffer) => bytes.toString('hex', 4);
    assert.deepEqual(seen.frames, [
      `0:${payload(frame(0, 10))}`,
      '1:',
      `0:${payload(frame(0, 300))}`,
      `2:${payload(frame(2, 70, 0x24))}`,
    ]);
    assert.deepEqual(
      seen.messages.map((message) => [
        message.kind,
        message.headers.get('cseq')?.[0],
        message.body.toString(),
      ]),
      [
        ['response', '1', 'body $ with a dollar'],
        ['request', '7', ''],
      ],
    );
    assert.equal(seen.resyncs, 0);
  });
}

test('finds the next frame after bytes were lost in the middle of one', () => {
  const whole = Buffer.concat([frame(0, 200), frame(0, 500), frame(0, 100, 7), frame(1, 40, 9)]);
  const damaged = Buffer.concat([whole.subarray(0, 300), whole.subarray(350)]);
  for (const step of [7, 90, damaged.length]) {
    const { reader, seen } = createReader();
    for (let at = 0; at < damaged.length; at += step) reader.push(damaged.subarray(at, at + step));
    assert.equal(seen.frames.length, 3, `step ${step}`);
    assert.match(seen.frames[2]!, /^1:80(09)+$/);
    assert.equal(seen.resyncs, 1);
  }
});

test('finds a response after garbage', () => {
  const { reader, seen } = createReader();
  const garbage = Buffer.alloc(3000, 0x99);
  reader.push(Buffer.concat([frame(0, 20), garbage, formatResponse(404, { CSeq: 9 })]));
  assert.equal(seen.resyncs, 1);
  assert.equal(seen.messages[0]?.kind === 'response' && seen.messages[0].status, 404);
});

test('text inside garbage that only looks like a request does not hold the stream up', () => {
  const { reader, seen } = createReader();
  reader.push(Buffer.concat([frame(0, 20), Buffer.from('GET / HTTP/1.1\r\n\r\n'), frame(0, 30)]));
  assert.equal(seen.frames.length, 2);
});

for (const greeting of [
  'SSH-2.0-OpenSSH_9.2\r\n',
  'HTTP/1.1 400 Bad Request\r\n',
  '220 ftp ready\r\n',
  '\x16\x03\x01\x02',
]) {
  test(`says what answered instead of RTSP: ${JSON.stringify(greeting)}`, () => {
    const { reader } = createReader();
    assert.throws(
      () => reader.push(Buffer.from(greeting, 'latin1')),
      (error: StreamError) => error.code === 'protocol' && /^not RTSP: "/.test(error.message),
    );
  });
}

test('gives up after a MiB without a frame, and holds no memory for it', () => {
  const { reader, seen } = createReader();
  reader.push(frame(0, 20));
  const garbage = Buffer.alloc(64 * 1024, 0x80);
  assert.throws(
    () => {
      for (let i = 0; i < 100; i++) reader.push(garbage);
    },
    (error: unknown) => error instanceof StreamError && error.code === 'protocol',
  );
  assert.equal(seen.resyncs, 1);
});

test('refuses a header without end', () => {
  const { reader } = createReader();
  const line = Buffer.from(`X-Filler: ${'a'.repeat(1000)}\r\n`);
  reader.push(Buffer.from('RTSP/1.0 200 OK\r\n'));
  assert.throws(() => {
    for (let i = 0; i < 100; i++) reader.push(line);
  }, /header longer than/);
});
