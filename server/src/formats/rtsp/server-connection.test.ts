/** When the server gives up on a client that is silent. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { RawRtsp } from '../../../../test/helpers/rtsp-raw.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { createLogger } from '../../util/log.ts';
import { Connection, type ConnectionHost } from './server-connection.ts';
import type { ServerSession } from './server-session.ts';

const reply = { status: 200 };
const session: ServerSession = {
  setup: async () => reply,
  start: async (_, answer) => answer(reply),
  pause: () => reply,
  frame() {},
  aliveMs: 0,
  timeoutMs: 15_000,
  close() {},
};
const HOST: ConnectionHost = {
  log: createLogger('rtsp'),
  authorize: () => ({}),
  play: async () => {
    throw new Error('not asked for');
  },
  record: () => session,
};

/** A client and the server's end of its connection. */
async function connect(): Promise<{
  client: RawRtsp;
  connection: Connection;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const server = createServer();
  const accepted = once(server.listen(0, '127.0.0.1'), 'connection');
  await once(server, 'listening');
  const client = await RawRtsp.connect((server.address() as AddressInfo).port);
  const [socket] = (await accepted) as [Socket];
  return {
    client,
    connection: new Connection(socket, HOST),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      server.close();
    },
  };
}

const later = (seconds: number): number => performance.now() + seconds * 1000;

test('a client that sends no request is dropped after ten seconds, slow bytes or not', async () => {
  await using pair = await connect();
  pair.client.socket.write('OPT');
  pair.connection.checkSilence(later(9));
  assert.equal(pair.client.closed, false);
  pair.client.socket.write('IONS');
  pair.connection.checkSilence(later(11));
  await until('the connection to be closed', () => pair.client.closed);
});

test('a client that has sent one may be silent for a minute', async () => {
  await using pair = await connect();
  assert.equal((await pair.client.request('OPTIONS', '*')).status, 200);
  pair.connection.checkSilence(later(55));
  assert.equal((await pair.client.request('OPTIONS', '*')).status, 200);
  pair.connection.checkSilence(later(61));
  await until('the connection to be closed', () => pair.client.closed);
});

test('a session has a time-out of its own', async () => {
  await using pair = await connect();
  assert.equal((await pair.client.request('ANNOUNCE', 'rtsp://h/push', [], 'v=0')).status, 200);
  pair.connection.checkSilence(later(14));
  assert.equal((await pair.client.request('RECORD', 'rtsp://h/push')).status, 200);
  pair.connection.checkSilence(later(16));
  await until('the connection to be closed', () => pair.client.closed);
});
