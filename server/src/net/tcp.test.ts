import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { StreamError } from '../core/errors.ts';
import type { ByteStreamHandlers } from './byte-stream.ts';
import { connectTcp } from './tcp.ts';

const never = new AbortController().signal;
const ignore: ByteStreamHandlers = { onData: () => {}, onClose: () => {} };

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('lends what it receives, tells of the end once, and sends what was written before close', async () => {
  const { promise: received, resolve } = Promise.withResolvers<string>();
  const server = createServer((socket) => {
    socket.write('hello');
    socket.once('data', (data) => resolve(data.toString()));
  });
  const port = await listen(server);
  let text = '';
  const lent = new Set<ArrayBufferLike>();
  const { promise: greeted, resolve: greet } = Promise.withResolvers<void>();
  const stream = await connectTcp(
    { host: 'localhost', port, timeoutMs: 2000, signal: never },
    {
      onData(bytes, start, end) {
        lent.add(bytes.buffer);
        text += bytes.toString('latin1', start, end);
        if (text.length >= 5) greet();
      },
      onClose: () => assert.fail('close() was ours'),
    },
  );
  await greeted;
  assert.equal(text, 'hello');
  assert.equal(lent.size, 1);
  assert.equal(stream.remoteAddress, `127.0.0.1:${port}`);
  stream.write(Buffer.from('bye'));
  stream.close();
  assert.equal(await received, 'bye');
  server.close();
});

for (const [how, code] of [
  ['end', undefined],
  ['resetAndDestroy', 'closed'],
] as const) {
  test(`the other side closes by ${how}`, async () => {
    const server = createServer((socket: Socket) => setTimeout(() => socket[how](), 20));
    const port = await listen(server);
    const closed = Promise.withResolvers<StreamError | undefined>();
    await connectTcp(
      { host: '127.0.0.1', port, timeoutMs: 2000, signal: never },
      { ...ignore, onClose: closed.resolve },
    );
    assert.equal((await closed.promise)?.code, code);
    server.close();
  });
}

test('refused, aborted, silent TLS', async () => {
  const server = createServer((socket) => socket.resume());
  const port = await listen(server);
  const failure = (options: Partial<Parameters<typeof connectTcp>[0]>): Promise<StreamError> =>
    connectTcp({ host: '127.0.0.1', port, timeoutMs: 100, signal: never, ...options }, ignore).then(
      () => assert.fail('connected'),
      (error: StreamError) => error,
    );
  assert.match((await failure({ port: 1 })).message, /^connection refused$/);
  assert.equal((await failure({ host: 'localhost', port: 1 })).code, 'unreachable');
  assert.equal((await failure({ signal: AbortSignal.abort() })).code, 'aborted');
  assert.equal((await failure({ signal: AbortSignal.timeout(10), tls: 'insecure' })).code, 'timeout');
  assert.equal((await failure({ tls: 'verify' })).message, 'no connection within 0.1 s');
  server.close();
  server.unref();
});

test('TLS: a self-signed certificate is refused, or accepted where asked; a plain port is named', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-tls-'));
  context.after(() => rmSync(folder, { recursive: true }));
  try {
    execFileSync(
      'openssl',
      'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=camera'.split(' '),
      { cwd: folder, stdio: 'ignore' },
    );
  } catch {
    context.skip('openssl is not installed');
    return;
  }
  const pem = (name: string) => readFileSync(join(folder, name));
  const server = createTlsServer({ key: pem('key.pem'), cert: pem('cert.pem') }, (socket) =>
    socket.write('secret'),
  );
  server.on('tlsClientError', () => {});
  const port = await listen(server);
  const options = { host: 'localhost', port, timeoutMs: 3000, signal: never };
  await assert.rejects(connectTcp({ ...options, tls: 'verify' }, ignore), /TLS certificate refused/);
  const received = Promise.withResolvers<string>();
  const stream = await connectTcp(
    { ...options, tls: 'insecure' },
    { ...ignore, onData: (bytes, start, end) => received.resolve(bytes.toString('latin1', start, end)) },
  );
  assert.equal(await received.promise, 'secret');
  stream.close();
  server.close();

  const plain = createServer((socket) =>
    socket.on('data', () => socket.write('RTSP/1.0 400 Bad Request\r\n\r\n')),
  );
  const plainPort = await listen(plain);
  await assert.rejects(
    connectTcp({ ...options, port: plainPort, tls: 'insecure' }, ignore),
    /TLS failed: wrong_version_number/,
  );
  plain.close();
});
