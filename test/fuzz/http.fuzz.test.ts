/** HTTP answers: whatever a server says, a request ends with a body that can be read, or a StreamError. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { StreamError } from '../../server/src/core/errors.ts';
import { httpGet } from '../../server/src/net/http-get.ts';
import { createRandom, mutate } from './mutate.ts';

const ROUNDS = 300;
const BODY = Buffer.alloc(500, 'picture');
const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 500\r\n\r\n',
  'HTTP/1.0 200 OK\nServer: x\n\n',
  'ICY 200 OK\r\nicy-br: 128\r\nContent-Type : audio/aac\r\n\r\n',
  'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256\r\n\r\n',
  'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n',
  'HTTP/1.1 302 Found\r\nLocation: rtsp://camera/\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n',
].map((head) => Buffer.concat([Buffer.from(head), BODY]));
const GZIPPED = Buffer.concat([
  Buffer.from('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n'),
  gzipSync(BODY),
]);

test('answers of every kind, damaged', async () => {
  const random = createRandom(20261127);
  let answer: Buffer = ANSWERS[0]!;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const seeds = [...ANSWERS, GZIPPED];
  const outcomes = { answered: 0, refused: 0 };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      answer = mutate(seeds[round % seeds.length]!, random);
      const options = { timeoutMs: 2000, signal: AbortSignal.timeout(5000) };
      try {
        const { body } = await httpGet(`http://user:password@127.0.0.1:${port}/`, options);
        let bytes = 0;
        for await (const chunk of body) bytes += (chunk as Buffer).length;
        assert.ok(bytes <= 10 * answer.length + 1000);
        outcomes.answered++;
      } catch (error) {
        const isCutOff = /aborted|incorrect|invalid|unexpected end|Parse Error/i.test(`${error}`);
        assert.ok(error instanceof StreamError || isCutOff, `${error}`);
        if (error instanceof StreamError) assert.doesNotMatch(error.message, /password@/);
        outcomes.refused++;
      }
    }
  } finally {
    server.close();
  }
  assert.ok(outcomes.answered > ROUNDS / 5 && outcomes.refused > ROUNDS / 5, JSON.stringify(outcomes));
});
