import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import type { StreamError } from '../core/errors.ts';
import type { ByteStreamHandlers } from './byte-stream.ts';
import { createServerAuth } from './digest.ts';
import { parseAddress } from './url.ts';
import { connectWebSocket } from './websocket-stream.ts';

const credentials = { username: 'root', password: 'pass' };
const ignore: ByteStreamHandlers = { onData: () => {}, onClose: () => {} };

/** Echoes bytes; each message in two. */
async function startServer(schemes?: readonly ('basic' | 'digest' | 'digest-sha-256')[]) {
  const auth = schemes && createServerAuth({ credentials, realm: 'camera', schemes });
  const server = createServer((_, response) => response.writeHead(200).end('not a WebSocket'));
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'binary' });
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      if (data.toString() === 'bye') return socket.close();
      socket.send(data.subarray(0, 2));
      socket.send(data.subarray(2));
    });
  });
  server.on('upgrade', (request, socket, head) => {
    const { url = '', headers } = request;
    if (url === '/gone') return socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    const verdict = auth?.verify(headers.authorization, 'GET', url) ?? 'ok';
    if (verdict === 'ok') {
      sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request));
      return;
    }
    const challenges = auth!.challenges().map((value) => `WWW-Authenticate: ${value}\r\n`);
    socket.end(`HTTP/1.1 401 Unauthorized\r\n${challenges.join('')}\r\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: parseAddress(`ws://127.0.0.1:${port}/rtsp-over-websocket`),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

const settings = { timeoutMs: 1000, signal: new AbortController().signal };

for (const schemes of [undefined, ['basic'], ['digest'], ['digest-sha-256', 'digest']] as const) {
  test(`bytes go both ways; the upgrade is signed by ${schemes?.join(' or ') ?? 'nobody'}`, async () => {
    await using server = await startServer(schemes);
    const { promise: closed, resolve: onClose } = Promise.withResolvers<StreamError | undefined>();
    const { promise: whole, resolve } = Promise.withResolvers<string>();
    let text = '';
    const stream = await connectWebSocket(
      { ...settings, address: server.address, credentials: schemes && credentials },
      {
        onClose,
        onData(bytes, start, end) {
          text += bytes.toString('latin1', start, end);
          if (text.length === 5) resolve(text);
        },
      },
    );
    assert.equal(stream.remoteAddress, `127.0.0.1:${server.port}`);
    assert.equal(stream.localAddress, '127.0.0.1');
    stream.write(Buffer.from('hello'));
    assert.equal(await whole, 'hello');
    stream.write(Buffer.from('bye'));
    assert.equal(await closed, undefined);
  });
}

test('what can go wrong has a name', async () => {
  await using server = await startServer(['digest']);
  const failure = (changes: Partial<Parameters<typeof connectWebSocket>[0]>): Promise<StreamError> =>
    connectWebSocket({ ...settings, address: server.address, credentials, ...changes }, ignore).then(
      () => assert.fail('connected'),
      (error: StreamError) => error,
    );
  const at = (target: string) => ({ ...server.address, target });
  assert.equal((await failure({ credentials: undefined })).code, 'unauthorized');
  assert.equal((await failure({ credentials: { ...credentials, password: 'x' } })).code, 'unauthorized');
  assert.equal((await failure({ address: at('/gone') })).code, 'not_found');
  assert.equal((await failure({ address: { ...server.address, port: 1 } })).code, 'unreachable');
  assert.equal((await failure({ signal: AbortSignal.abort() })).code, 'aborted');

  const silent = createTcpServer((socket) => socket.resume());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  assert.equal((await failure({ address: { ...server.address, port }, timeoutMs: 50 })).code, 'timeout');
  silent.close();
});
