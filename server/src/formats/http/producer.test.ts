/** HTTP servers as cameras have them: each row is one that was met, or that the specification allows. */
import assert from 'node:assert/strict';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ffmpeg } from '../../../../test/helpers/ffmpeg-sync.ts';
import { splitJpegs } from '../../codecs/mjpeg.ts';
import type { Packet, Producer } from '../../core/model.ts';
import { createServerAuth } from '../../net/digest.ts';
import { configureLog, createLogger } from '../../util/log.ts';
import type { OpenContext, Services } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { open } from './producer.ts';

configureLog({ write: undefined });

const jpegs = splitJpegs(
  ffmpeg('-f lavfi -i testsrc2=size=64x48:rate=5 -frames:v 3 -c:v mjpeg -f mjpeg -'),
).frames;
const [jpeg] = jpegs as [Buffer];
const aac = ffmpeg('-f lavfi -i sine=sample_rate=16000:duration=1 -c:a aac -f adts -');
const h264 = ffmpeg(
  '-f lavfi -i testsrc2=size=64x48:rate=5 -frames:v 5 -c:v libx264 -pix_fmt yuv420p -f h264 -',
);
const mulaw = Buffer.alloc(8000, 0x55);

/** Each part with these lines around the picture. */
const parts = (before: (picture: Buffer) => string, after = '\r\n', pictures = jpegs): Buffer =>
  Buffer.concat(pictures.flatMap((picture) => [Buffer.from(before(picture)), picture, Buffer.from(after)]));
const chunked = (...pieces: Buffer[]): Buffer =>
  Buffer.concat(
    pieces.flatMap((piece) => [
      Buffer.from(`${piece.length.toString(16)};x=y\r\n`),
      piece,
      Buffer.from('\r\n'),
    ]),
  );
const MULTIPART = 'HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=--foo\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\n';
const withLength = (picture: Buffer): string =>
  `--foo\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`;
const plain = (): string => '--foo\r\nContent-Type: image/jpeg\r\n\r\n';
const half = Math.floor(h264.length / 2);
/** Without their end markers. */
const cut = jpegs.map((picture) => picture.subarray(0, -2));

const SERVERS: readonly (readonly [
  name: string,
  head: string,
  body: Buffer,
  codec: string,
  packets: number,
])[] = [
  ['multipart as it should be', MULTIPART, parts(withLength), 'mjpeg', 3],
  [
    'a boundary without the dashes of the header',
    MULTIPART,
    parts((p) => withLength(p).replace('--foo', 'foo')),
    'mjpeg',
    3,
  ],
  ['a boundary with two more dashes', MULTIPART, parts((p) => `--${withLength(p)}`), 'mjpeg', 3],
  ['another boundary than it says', MULTIPART.replace('--foo', '"bar"'), parts(withLength), 'mjpeg', 3],
  ['multipart without lengths', MULTIPART, parts(plain), 'mjpeg', 3],
  [
    'multipart with line feeds alone',
    MULTIPART.replaceAll('\r', ''),
    parts((p) => withLength(p).replaceAll('\r', ''), '\n'),
    'mjpeg',
    3,
  ],
  ['parts without a header', MULTIPART, parts(() => '--foo\r\n\r\n'), 'mjpeg', 3],
  ['a boundary line of its own', MULTIPART, parts((p) => `--foo\r\n\r\n${withLength(p)}`), 'mjpeg', 3],
  [
    'text before the first part',
    MULTIPART,
    Buffer.concat([Buffer.from('Welcome\r\n\r\n'), parts(withLength)]),
    'mjpeg',
    3,
  ],
  [
    'lengths that are too short',
    MULTIPART,
    parts((p) => withLength(p).replace(/(\d+)\r\n\r\n$/, '100\r\n\r\n')),
    'mjpeg',
    3,
  ],
  [
    'lengths that are too long',
    MULTIPART,
    Buffer.concat([
      parts((p) => withLength(p).replace(/(\d+)\r\n\r\n$/, '9000\r\n\r\n')),
      Buffer.alloc(10000),
    ]),
    'mjpeg',
    3,
  ],
  ['pictures without end markers', MULTIPART, parts(plain, '\r\n', [...cut, jpeg]), 'mjpeg', 4],
  [
    'upper and lower case',
    'HTTP/1.1 200 ok\r\nCONTENT-TYPE: Multipart/X-Mixed-Replace; Boundary=foo\r\n\r\n',
    parts((p) => withLength(p).toLowerCase()),
    'mjpeg',
    3,
  ],
  ['no content type, multipart', `${OK}\r\n`, parts(withLength), 'mjpeg', 3],
  ['HTTP/1.0 without a length', 'HTTP/1.0 200 OK\r\nContent-Type: audio/aac\r\n\r\n', aac, 'aac', 17],
  ['ICY 200 OK', 'ICY 200 OK\r\nicy-name: x\r\nContent-Type: audio/aacp\r\n\r\n', aac, 'aac', 17],
  ['ICY with line feeds and no type', 'ICY 200 OK\n\n', aac, 'aac', 17],
  ['no head at all', '', Buffer.concat(jpegs), 'mjpeg', 3],
  ['blanks before the colon', `${OK}Content-Type : audio/aac\r\n\r\n`, aac, 'aac', 17],
  ['a header line that is none', `${OK}garbage\r\nContent-Type: audio/aac\r\n\r\n`, aac, 'aac', 17],
  ['two lengths', `${OK}Content-Length: 5\r\nContent-Length: 7\r\n\r\n`, aac, 'aac', 17],
  ['a length of -1', `${OK}Content-Length: -1\r\n\r\n`, aac, 'aac', 17],
  ['an endless length', `${OK}Content-Length: 99999999999999999999\r\n\r\n`, aac, 'aac', 17],
  ['a head of 40 kB', `${OK}X: ${'y'.repeat(40_000)}\r\n\r\n`, aac, 'aac', 17],
  ['no reason phrase', 'HTTP/1.1 200\r\n\r\n', aac, 'aac', 17],
  [
    'chunks with extensions',
    `${OK}Transfer-Encoding: chunked\r\n\r\n`,
    Buffer.concat([chunked(h264.subarray(0, half), h264.subarray(half)), Buffer.from('0\r\n\r\n')]),
    'h264',
    5,
  ],
  [
    'chunked and a length',
    `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
    Buffer.concat([chunked(h264), Buffer.from('0\r\n\r\n')]),
    'h264',
    5,
  ],
  ['octet-stream', `${OK}Content-Type: application/octet-stream\r\n\r\n`, h264, 'h264', 5],
  ['gzip that nobody asked for', `${OK}Content-Encoding: gzip\r\n\r\n`, gzipSync(h264), 'h264', 5],
  ['audio/basic', `${OK}Content-Type: audio/basic\r\n\r\n`, mulaw, 'pcm_mulaw', 50],
];

async function listen(t: TestContext, server: Server): Promise<number> {
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A server that answers every connection with these bytes; gives the requests that it got. */
async function rawServer(t: TestContext, answer: Buffer): Promise<{ port: number; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      requests.push(bytes.toString());
      socket.end(answer);
    });
  });
  return { port: await listen(t, server), requests };
}

async function httpServer(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createHttpServer(listener);
  t.after(() => server.closeAllConnections());
  return listen(t, server);
}

function contextOf(services: Partial<Services> = {}, signal = new AbortController().signal): OpenContext {
  return { stream: 'test', signal, log: createLogger('test'), services: services as Services };
}

const openText = (text: string, context = contextOf()): Promise<Producer> =>
  open(parseSourceText(text), context);

/** Packets to the end of the input, which may be a failure. */
async function packetsOf(producer: Producer): Promise<Packet[]> {
  const packets: Packet[] = [];
  await producer.run((packet) => packets.push(packet), new AbortController().signal).catch(() => {});
  return packets;
}

for (const [name, head, body, codec, count] of SERVERS) {
  test(`server: ${name}`, async (t) => {
    const { port, requests } = await rawServer(t, Buffer.concat([Buffer.from(head), body]));
    const producer = await openText(`http://127.0.0.1:${port}/video?a=b#header=X-Key: 1`);
    assert.equal(producer.tracks[0]!.codec.name, codec);
    assert.match(producer.peer.remoteAddress ?? '', /^127\.0\.0\.1:\d+$/);
    const packets = await packetsOf(producer);
    assert.equal(packets.length, count);
    for (const request of requests) {
      assert.match(request, /^GET \/video\?a=b HTTP\/1\.[01]\r\n/);
      assert.match(request, new RegExp(`\\r\\nhost: 127\\.0\\.0\\.1:${port}\\r\\n`, 'i'));
      assert.match(request, /\r\nx-key: 1\r\n/i);
    }
  });
}

test('pictures of a multipart stream are those that were sent', async (t) => {
  for (const before of [
    withLength,
    plain,
    (p: Buffer) => withLength(p).replace(/(\d+)\r\n\r\n$/, '100\r\n\r\n'),
  ]) {
    const { port } = await rawServer(t, Buffer.concat([Buffer.from(MULTIPART), parts(before)]));
    const packets = await packetsOf(await openText(`http://127.0.0.1:${port}/`));
    const begins = (data: Buffer, index: number): boolean => data.indexOf(jpegs[index]!) === 0;
    assert.ok(packets.every(({ data }, index) => begins(data, index)));
  }
});

const REFUSED: readonly (readonly [answer: string, code: string, message: RegExp])[] = [
  ['HTTP/1.1 404 Not Found\r\n\r\n', 'not_found', /404/],
  ['HTTP/1.1 403 Forbidden\r\n\r\n', 'unauthorized', /403/],
  ['HTTP/1.1 500 Oops\r\n\r\n', 'protocol', /status 500/],
  [
    'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n',
    'unauthorized',
    /user and password needed/,
  ],
  ['ICY 404 Not Found\r\n\r\n', 'not_found', /404/],
  ['ICY 401 Unauthorized\r\n\r\n', 'unauthorized', /needed/],
  ['SSH-2.0-dropbear\r\n\r\n', 'protocol', /not HTTP: SSH-2.0-dropbear/],
  [`${OK}Content-Type: text/html\r\n\r\n<html><body>Login</body></html>`, 'protocol', /text\/html/],
  [`HTTP/1.1 302 Found\r\nLocation: http://[bad\r\n\r\n`, 'protocol', /redirect to no address/],
  ['HTTP/1.1 302 Found\r\nLocation: exec:rm -rf /\r\n\r\n', 'unsupported', /redirect to exec: refused/],
  [
    'HTTP/1.1 302 Found\r\nLocation: ffmpeg:/etc/passwd\r\n\r\n',
    'unsupported',
    /redirect to ffmpeg: refused/,
  ],
  ['HTTP/1.1 302 Found\r\nLocation: stream:other\r\n\r\n', 'unsupported', /redirect to stream: refused/],
  ['HTTP/1.1 302 Found\r\nLocation: nothing:x\r\n\r\n', 'unsupported', /redirect to nothing: refused/],
  ['HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n', 'protocol', /too many redirects/],
  [`${OK}Content-Type: image/jpeg\r\n\r\n`, 'protocol', /snapshot is empty/],
];

for (const [answer, code, message] of REFUSED) {
  test(`refused: ${JSON.stringify(answer.slice(0, 60))}`, async (t) => {
    const { port } = await rawServer(t, Buffer.from(answer));
    await assert.rejects(openText(`http://127.0.0.1:${port}/`), {
      name: /StreamError|RedirectedElsewhere/,
      code,
      message,
    });
  });
}

test('a server that says nothing', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}));
  const port = await listen(t, server);
  const started = performance.now();
  await assert.rejects(openText(`http://127.0.0.1:${port}/#timeout=300ms`), { code: 'timeout' });
  assert.ok(performance.now() - started < 3000);
});

test('a redirect to another kind of camera is opened as what it is', async (t) => {
  const { port } = await rawServer(
    t,
    Buffer.from('HTTP/1.1 302 Found\r\nLocation: rtsp://10.0.0.1/stream\r\n\r\n'),
  );
  const opened: string[] = [];
  const there = {} as Producer;
  const context = contextOf({
    open: async (text) => {
      opened.push(text);
      return there;
    },
  });
  assert.equal(await openText(`http://127.0.0.1:${port}/`, context), there);
  assert.deepEqual(opened, ['rtsp://10.0.0.1/stream']);
});

test('credentials and secret headers go to the same host only', async (t) => {
  const seen: (string | undefined)[] = [];
  const there = await httpServer(t, ({ headers }, response) => {
    seen.push(headers.authorization, headers.cookie, headers['x-mine'] as string);
    response.writeHead(200, { 'content-type': 'audio/aac' }).end(aac);
  });
  const { port } = await rawServer(
    t,
    Buffer.from(`HTTP/1.1 307 X\r\nLocation: http://localhost:${there}/x\r\n\r\n`),
  );
  const options = '#header=Cookie: secret#header=Authorization: Bearer secret#header=X-Mine: 1';
  await packetsOf(await openText(`http://u:p@127.0.0.1:${port}/${options}`));
  assert.deepEqual(seen, [undefined, undefined, '1']);
});

for (const scheme of ['basic', 'digest', 'digest-sha-256'] as const) {
  test(`login: ${scheme}`, async (t) => {
    const credentials = { username: 'ad"min', password: 'p@ss:w/rd' };
    const auth = createServerAuth({ credentials, realm: 'cam', schemes: [scheme] });
    const port = await httpServer(t, ({ headers, method, url }, response) => {
      if (auth.verify(headers.authorization, method!, url!) === 'ok') {
        response.writeHead(200, { 'content-type': 'audio/aac' }).end(aac);
      } else response.writeHead(401, { 'www-authenticate': auth.challenges() }).end('no');
    });
    const base = `127.0.0.1:${port}/a%20b?c=d`;
    assert.equal((await packetsOf(await openText(`http://ad%22min:p%40ss:w%2Frd@${base}`))).length, 17);
    await assert.rejects(openText(`http://ad%22min:wrong@${base}`), {
      code: 'unauthorized',
      message: /wrong user/,
    });
  });
}

test('login: a 401 that does not say how, a nonce that is stale', async (t) => {
  const basic = `Basic ${Buffer.from('u:p').toString('base64')}`;
  const port = await httpServer(t, ({ headers }, response) => {
    if (headers.authorization === basic) response.writeHead(200, { 'content-type': 'audio/aac' }).end(aac);
    else response.writeHead(401).end();
  });
  assert.equal((await packetsOf(await openText(`http://u:p@127.0.0.1:${port}/`))).length, 17);

  let count = 0;
  const stale = await httpServer(t, ({ headers }, response) => {
    const isNew = headers.authorization?.includes('nonce="second"');
    if (isNew) response.writeHead(200, { 'content-type': 'audio/aac' }).end(aac);
    else {
      const nonce = count++ === 0 ? 'nonce="first"' : 'nonce="second", stale=TRUE';
      response.writeHead(401, { 'www-authenticate': `Digest realm="r", qop="auth", ${nonce}` }).end();
    }
  });
  assert.equal((await packetsOf(await openText(`http://u:p@127.0.0.1:${stale}/`))).length, 17);
  assert.equal(count, 2);
});

/** A snapshot camera: gives the times of its requests. */
async function snapshotCamera(t: TestContext, fails: (count: number) => boolean) {
  const times: number[] = [];
  let unauthorized = 0;
  const auth = createServerAuth({ credentials: { username: 'u', password: 'p' }, realm: 'r' });
  const port = await httpServer(t, ({ headers, method, url }, response) => {
    if (auth.verify(headers.authorization, method!, url!) !== 'ok') {
      unauthorized++;
      response.writeHead(401, { 'www-authenticate': auth.challenges() }).end();
      return;
    }
    times.push(performance.now());
    if (fails(times.length)) response.writeHead(503).end();
    else response.writeHead(200, { 'content-type': 'image/jpeg; charset=x' }).end(jpegs[times.length % 3]);
  });
  return { port, times, unauthorized: () => unauthorized };
}

async function pictures(producer: Producer, wanted: number): Promise<number> {
  const stop = new AbortController();
  let count = 0;
  await producer.run(() => {
    if (++count === wanted) stop.abort();
  }, stop.signal);
  return count;
}

test('a snapshot is asked for again at its interval, and logged in to once', async (t) => {
  const camera = await snapshotCamera(t, () => false);
  const producer = await openText(`http://u:p@127.0.0.1:${camera.port}/snap.jpg#interval=200ms`);
  assert.equal(producer.peer.format, 'mjpeg');
  assert.ok(producer.allowedSilenceMs! > 200);
  assert.equal(await pictures(producer, 4), 4);
  const gaps = camera.times.slice(1).map((time, index) => time - camera.times[index]!);
  assert.ok(
    gaps.every((gap) => gap > 150 && gap < 600),
    `${gaps}`,
  );
  assert.equal(camera.unauthorized(), 1);
});

test('snapshots that fail now and then are tried again; a camera that fails for good has failed', async (t) => {
  const now = await snapshotCamera(t, (count) => count % 3 === 0);
  assert.equal(await pictures(await openText(`http://u:p@127.0.0.1:${now.port}/#interval=20ms`), 5), 5);
  const dead = await snapshotCamera(t, (count) => count > 2);
  const producer = await openText(`http://u:p@127.0.0.1:${dead.port}/#interval=20ms`);
  await assert.rejects(
    producer.run(() => {}, new AbortController().signal),
    { message: /status 503/ },
  );
  assert.equal(dead.times.length, 6);
});

test('options that are none', async () => {
  for (const option of ['interval=x', 'interval=0', 'timeout=2h']) {
    await assert.rejects(openText(`http://127.0.0.1/#${option}`), { code: 'invalid_source' });
  }
});

test('giving up while a server is silent ends the connection', async (t) => {
  const closed = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('close', closed.resolve);
    socket.resume();
  });
  const port = await listen(t, server);
  const stop = new AbortController();
  const opening = openText(`http://127.0.0.1:${port}/`, contextOf({}, stop.signal));
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(opening, { code: 'aborted' });
  await closed.promise;
});
