/**
 * What a stranger may send to the listeners: through ingress, with tokens, and as a config file to look at or to take over.
 * Whatever it is, the answer is an answer, nobody becomes more than a viewer, and the server goes on.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { checkConfig } from '../../server/src/api/config-check.ts';
import { planImport } from '../../server/src/api/config-import.ts';
import { startTestApi } from '../../server/src/api/testing.ts';
import { openConfigStore } from '../../server/src/config/store.ts';
import { StreamError } from '../../server/src/core/errors.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 300;

test('requests through ingress and with tokens', async () => {
  const api = await startTestApi('streams: {door: "fail:x"}\napi: {username: a, password: secret-1}', {
    ingress: { host: '127.0.0.1', port: 0, allowFrom: '127.0.0.1', roleOf: async () => 'viewer' },
  });
  const random = createRandom(20261127);
  const user =
    'X-Remote-User-Id: u1\r\nX-Remote-User-Display-Name: Zo\xc3\xab\r\nX-Ingress-Path: /api/hassio_ingress/x';
  const seeds = [
    `GET /api/config HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${user}\r\n\r\n`,
    `DELETE /api/log HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nConnection: close\r\n${user}\r\n\r\n`,
    `GET /api/ws?dst=door HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${user}\r\n\r\n`,
    'GET /api/log/bundle?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&src=door HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    'GET /api/tokens HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer AAAAAAAAAAAA\r\nConnection: close\r\n\r\n',
  ].map((text) => Buffer.from(text, 'latin1'));
  const port = Number(api.ingressHost.split(':')[1]);
  const statuses = new Map<string, number>();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const socket = connect(port, '127.0.0.1');
      let answer = '';
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        answer += bytes;
      });
      socket.setTimeout(100, () => socket.destroy());
      const seed = seeds[round % seeds.length]!;
      // As bytes that may be no HTTP at all, and as HTTP with another value in one of its lines.
      socket.end(round % 2 ? mutate(seed, random) : withOddValue(seed, random));
      await once(socket, 'close');
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'none';
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      assert.doesNotMatch(answer, /secret-1/);
      assert.ok(status !== '500', answer);
    }
    const user = { 'x-remote-user-id': 'u1' };
    assert.equal((await api.ask('/api', { headers: user }, api.ingressHost)).status, 200);
    assert.match(
      (await api.ask('/api/streams', { headers: { authorization: 'Basic YTpzZWNyZXQtMQ==' } })).text,
      /door/,
    );
  } finally {
    await api.close();
  }
  assert.ok((statuses.get('403') ?? 0) > ROUNDS / 5, JSON.stringify([...statuses]));
});

/** One value of a header or of the query replaced by what text may hold. */
function withOddValue(seed: Buffer, random: (below: number) => number): Buffer {
  const text = seed.toString('latin1');
  const values = [...text.matchAll(/(?<=[=:] ?)[^\s=:&]+/g)];
  const { index, 0: value } = values[random(values.length)]!;
  const odd = mutate(Buffer.from(value, 'latin1'), random)
    .toString('latin1')
    .replace(/[^!-~\x80-\xff]/g, '');
  return Buffer.from(text.slice(0, index) + odd + text.slice(index + value.length), 'latin1');
}

test('a config file to look at, and one to take over', () => {
  const corpus = readCorpus('config');
  const random = createRandom(20261128);
  const store = openConfigStore([{ kind: 'document', text: 'streams: {garden: rtsp://garden}' }], {
    environment: {},
  });
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutate(corpus[random(corpus.length)]!, random).toString();
    const { problems } = checkConfig(store, text);
    for (const { line, column, message } of problems)
      assert.ok(line >= 1 && column >= 1 && message !== '', `${line}:${column} ${message}`);
    try {
      const { added, skipped } = planImport(text, '/nonexistent/go2rtc.yaml', (name) => name === 'garden');
      assert.ok(added.every(({ name }) => name !== 'garden'));
      assert.ok(skipped.every(({ reason }) => reason !== ''));
    } catch (error) {
      assert.ok(error instanceof StreamError && error.code === 'invalid', `${error}`);
    }
  }
});
