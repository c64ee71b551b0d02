/** RTMP: whatever comes in, values and messages are whole or not there, failures are StreamErrors, and memory stays within limits. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { StreamError } from '../../server/src/core/errors.ts';
import { fakeStream } from '../../server/src/core/testing.ts';
import { type AmfValue, decodeAmf0, encodeAmf0 } from '../../server/src/formats/flv/amf0.ts';
import { TagReader } from '../../server/src/formats/flv/tag-reader.ts';
import { ChunkReader } from '../../server/src/formats/rtmp/chunk-reader.ts';
import { splitAggregate } from '../../server/src/formats/rtmp/message.ts';
import { startRtmpServer } from '../../server/src/formats/rtmp/server.ts';
import { createLogger } from '../../server/src/util/log.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const HANDSHAKE_BYTES = 1 + 2 * 1536;

const depthOf = (value: AmfValue): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

test('AMF0 values', () => {
  const corpus = readCorpus('amf0');
  const random = createRandom(20261127);
  for (const whole of corpus) assert.ok(decodeAmf0(whole).length > 1);
  for (let round = 0; round < 3000; round++) {
    const input = mutate(corpus[random(corpus.length)]!, random);
    const values = decodeAmf0(input);
    assert.ok(values.length <= input.length);
    for (const value of values) assert.ok(depthOf(value) <= 10);
    const again = decodeAmf0(encodeAmf0(...values));
    assert.equal(again.length, values.length);
  }
});

test('a nest of objects without end, and an array that claims more than there is', () => {
  const nest = Buffer.from('03000161'.repeat(100_000), 'hex');
  assert.deepEqual(decodeAmf0(nest), []);
  assert.deepEqual(decodeAmf0(Buffer.from('0affffffff00', 'hex')), []);
  assert.deepEqual(decodeAmf0(Buffer.from(`0affffffff${'05'.repeat(5000)}`, 'hex')), []);
  const [object] = decodeAmf0(Buffer.from('0300095f5f70726f746f5f5f020001780000 09'.replace(' ', ''), 'hex'));
  assert.equal(Object.getPrototypeOf(object), null);
});

test('chunks, and the tags in their messages', () => {
  const corpus = readCorpus('rtmp').map((bytes) => bytes.subarray(HANDSHAKE_BYTES));
  const random = createRandom(1);
  for (let round = 0; round < 2000; round++) {
    const input = mutate(corpus[random(corpus.length)]!, random);
    const tags = new TagReader();
    let bytes = 0;
    const reader = new ChunkReader((message) => {
      bytes += message.body.length;
      for (const { type, timestamp, body } of [message, ...splitAggregate(message)])
        tags.push(type, timestamp, body, (packet) =>
          assert.ok(packet.data.length > 0 && packet.pts >= packet.dts),
        );
    });
    try {
      for (let at = 0; at < input.length; ) {
        const end = Math.min(input.length, at + 1 + random(300));
        reader.push(input, at, end);
        at = end;
      }
    } catch (error) {
      assert.ok(error instanceof StreamError, `${error}`);
    }
    assert.ok(bytes <= input.length);
  }
});

test('the server outlives its clients, and forgets them', async () => {
  const corpus = readCorpus('rtmp');
  const random = createRandom(5);
  const streams = new Map([['cam', fakeStream({})]]);
  const server = await startRtmpServer({ listen: '127.0.0.1:0', streams, log: createLogger('test') });
  for (let round = 0; round < 150; round++) {
    const whole = corpus[random(corpus.length)]!;
    const handshake = whole.subarray(0, HANDSHAKE_BYTES);
    const input = Buffer.concat([
      random(8) ? handshake : mutate(handshake, random),
      mutate(whole.subarray(HANDSHAKE_BYTES), random),
    ]);
    const socket = connect({ host: '127.0.0.1', port: server.port });
    socket.on('error', () => {});
    socket.resume();
    socket.end(input);
    await once(socket, 'close');
  }
  const socket = connect({ host: '127.0.0.1', port: server.port });
  socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.equal(answer[0], 3);
  socket.destroy();
  for (const stream of streams.values()) stream.close();
  await server.close();
});
