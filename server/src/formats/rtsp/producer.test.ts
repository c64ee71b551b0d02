import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { WebSocketServer } from 'ws';
import { audioClip, h264Clip, hevcClip } from '../../../../test/fakes/clips.ts';
import { ClipFeed } from '../../../../test/fakes/feed.ts';
import { type CameraOptions, type RtspCamera, startRtspCamera } from '../../../../test/fakes/rtsp-camera.ts';
import type { StreamError } from '../../core/errors.ts';
import type { Packet, Producer } from '../../core/model.ts';
import { configureLog } from '../../util/log.ts';
import { collect, openRtsp } from './testing.ts';

configureLog({ level: 'disabled' });

const video = async (options = {}) => new ClipFeed(await h264Clip(), options);
const audio = async (options = {}) => new ClipFeed(await audioClip('PCMU'), options);

async function startCamera(options: Partial<CameraOptions> = {}): Promise<RtspCamera> {
  return startRtspCamera({ feeds: [await video(), await audio()], ...options });
}

const credentials = { user: 'admin', password: 'p@ss:w/rd', schemes: ['md5'] as const };
const methods = (camera: RtspCamera): string => camera.requests.map(({ method }) => method).join(' ');
/** Ends a collection after this many pictures. */
const pictures =
  (count: number) =>
  (packets: readonly Packet[]): boolean =>
    videoOf(packets).length >= count;
const PATIENCE_MS = 10_000;
const videoOf = (packets: readonly Packet[]) => packets.filter(({ track }) => track.codec.kind === 'video');

async function failure(promise: Promise<Producer>): Promise<StreamError> {
  const producer = await promise.catch((error: StreamError) => error);
  assert.ok(producer instanceof Error, 'the source opened');
  return producer as StreamError;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !condition(); i++) await sleep(10);
  assert.ok(condition());
}

/** Per track: dts never decreases, pts is not before dts. */
function assertOrdered(packets: readonly Packet[]): void {
  const last = new Map<number, number>();
  for (const { track, pts, dts } of packets) {
    assert.ok(dts <= pts, `dts ${dts} is behind pts ${pts}`);
    assert.ok(dts >= (last.get(track.id) ?? Number.NEGATIVE_INFINITY), 'dts steps back');
    last.set(track.id, dts);
  }
}

describe('the RTSP source', { concurrency: 4 }, () => {
  test('plays video and audio, and says goodbye', async () => {
    await using camera = await startCamera();
    const producer = await openRtsp(camera.url);
    assert.deepEqual(
      producer.tracks.map(({ id, codec }) => [id, codec.name]),
      [
        [0, 'h264'],
        [1, 'pcm_mulaw'],
      ],
    );
    const [track] = producer.tracks;
    assert.ok(track?.codec.extradata && track.codec.kind === 'video' && track.codec.width === 640);
    assert.equal(producer.peer.protocol, 'rtsp+tcp');
    assert.equal(producer.backchannel, undefined);
    const packets = await collect(producer, PATIENCE_MS, pictures(30));
    assertOrdered(packets);
    assert.equal(videoOf(packets).length, 30);
    assert.ok(packets.length > 45);
    for (const { time } of packets) assert.ok(Math.abs(time - Date.now()) < 3000);
    assert.ok(
      producer.peer.bytesReceived > 10_000 && producer.peer.bytesSent > 200 && producer.peer.corrupt === 0,
    );
    assert.equal(methods(camera), 'DESCRIBE SETUP SETUP PLAY TEARDOWN');
    await until(() => camera.connections === 0);
  });

  test('parameter sets in band: opens when they are there, and loses no packet of the first key frame', async () => {
    await using camera = await startCamera({
      feeds: [await video({ parameterSets: 'band' }), await audio()],
    });
    const producer = await openRtsp(camera.url);
    assert.equal(producer.tracks.length, 2);
    assert.ok(producer.tracks[0]?.codec.extradata);
    await sleep(300);
    const packets = await collect(producer, PATIENCE_MS, pictures(10));
    const [first, second] = videoOf(packets);
    assert.ok(first?.key);
    assert.equal(second!.pts - first.pts, 3600);
    assertOrdered(packets);
  });

  test('B-frames and HEVC have dts', async () => {
    const feeds = [new ClipFeed(await h264Clip({ bframes: 3 }))];
    await using camera = await startRtspCamera({ feeds });
    const packets = await collect(await openRtsp(camera.url), PATIENCE_MS, pictures(30));
    assertOrdered(packets);
    assert.ok(packets.some(({ pts, dts }) => pts > dts));
    await using modern = await startRtspCamera({ feeds: [new ClipFeed(await hevcClip())] });
    const producer = await openRtsp(modern.url);
    assert.equal(producer.tracks[0]?.codec.name, 'hevc');
    assertOrdered(await collect(producer, PATIENCE_MS, pictures(20)));
  });

  for (const schemes of [
    ['basic'],
    ['md5'],
    ['md5-qop'],
    ['sha-256'],
    ['basic', 'md5', 'sha-256'],
  ] as const) {
    test(`signs in by ${schemes.join(', ')}`, async () => {
      await using camera = await startCamera({ auth: { ...credentials, schemes } });
      const producer = await openRtsp(camera.url);
      assert.ok(!producer.peer.url?.includes('admin'));
      await collect(producer, 100);
      const signed =
        camera.requests.find(({ headers }) => headers.authorization)?.headers.authorization ?? '';
      assert.match(signed, schemes.length > 1 ? /SHA-256/ : /^(Basic|Digest) /);
    });
  }

  test('wrong and missing credentials: unauthorized, after one try', async () => {
    await using camera = await startCamera({ auth: credentials });
    const wrong = await failure(openRtsp(camera.url.replace('admin:', 'admin:x')));
    assert.deepEqual([wrong.code, wrong.message], ['unauthorized', 'wrong user or password']);
    assert.equal(camera.requests.filter(({ headers }) => headers.authorization).length, 1);
    const missing = await failure(openRtsp(camera.url.replace(/\/\/.*@/, '//')));
    assert.equal(missing.code, 'unauthorized');
  });

  test('a nonce that expires in mid-session is answered', async () => {
    await using camera = await startCamera({ auth: credentials, sessionTimeoutSeconds: 1 });
    const producer = await openRtsp(camera.url);
    setTimeout(() => camera.guard?.renewNonce(), 300);
    assert.ok(videoOf(await collect(producer, 2500)).length > 10);
  });

  for (const keepAlive of ['OPTIONS', 'GET_PARAMETER'] as const) {
    test(`keeps the session alive by ${keepAlive} where nothing else helps`, async () => {
      await using camera = await startCamera({ sessionTimeoutSeconds: 1, keepAlive });
      const packets = await collect(await openRtsp(camera.url), 2600);
      assert.ok(packets.at(-1)!.time > packets[0]!.time + 2000);
    });
  }

  test('by UDP', async () => {
    await using camera = await startCamera();
    const producer = await openRtsp(`${camera.url}#transport=udp`);
    assert.equal(producer.peer.protocol, 'rtsp+udp');
    const packets = await collect(producer, PATIENCE_MS, pictures(20));
    assertOrdered(packets);
    assert.ok(videoOf(packets).length === 20 && producer.peer.bytesReceived > 10_000);
  });

  test('packets lost by UDP cost the pictures they belong to, and are counted', async () => {
    await using camera = await startCamera({
      feeds: [await video({ passes: (index: number) => index % 20 !== 7 })],
    });
    const producer = await openRtsp(`${camera.url}#transport=udp`);
    assertOrdered(
      await collect(producer, PATIENCE_MS, (packets) => packets.length > 20 && producer.peer.corrupt > 0),
    );
    assert.ok(producer.peer.corrupt > 0);
  });

  test('the transport that the camera has is taken, unless TCP was asked for', async () => {
    await using udpOnly = await startCamera({ transports: ['udp'] });
    const producer = await openRtsp(udpOnly.url);
    assert.equal(producer.peer.protocol, 'rtsp+udp');
    await collect(producer, 50);
    assert.equal((await failure(openRtsp(`${udpOnly.url}#transport=tcp`))).code, 'unsupported');
    await using tcpOnly = await startCamera({ transports: ['tcp'] });
    const second = await openRtsp(`${tcpOnly.url}#transport=udp`);
    assert.equal(second.peer.protocol, 'rtsp+tcp');
    await collect(second, 50);
  });

  test('UDP that no packet comes by makes way for TCP', async () => {
    const lost = (transport: string) => ({
      status: '200 OK',
      headers: ['Session: 1', `Transport: ${transport};server_port=9-10`],
    });
    await using camera = await startCamera({
      intercept: ({ method, headers }) =>
        method === 'SETUP' && !headers.transport?.includes('TCP') ? lost(headers.transport!) : undefined,
    });
    const producer = await openRtsp(`${camera.url}#transport=udp#timeout=1`);
    assert.equal(producer.peer.protocol, 'rtsp+tcp');
    assert.ok((await collect(producer, PATIENCE_MS, pictures(1))).length > 0);
  });

  test('channels are what the camera says they are', async () => {
    await using camera = await startCamera({ channels: (asked) => asked + 10 });
    const ids = (packets: readonly Packet[]) => new Set(packets.map(({ track }) => track.id));
    const packets = await collect(await openRtsp(camera.url), PATIENCE_MS, (some) => ids(some).size === 2);
    assert.deepEqual([...ids(packets)].sort(), [0, 1]);
  });

  test('follows redirects with the credentials it has, but not out of RTSP', async () => {
    await using camera = await startCamera({ auth: credentials });
    const elsewhere = (location: string): Partial<CameraOptions> => ({
      intercept: ({ method }) =>
        method === 'DESCRIBE' ? { status: '302 Found', headers: [`Location: ${location}`] } : undefined,
    });
    const target = `rtsp://127.0.0.1:${camera.port}/live/main`;
    await using front = await startCamera(elsewhere(target));
    const producer = await openRtsp(front.url.replace('//', '//admin:p%40ss%3Aw%2Frd@'));
    assert.equal(producer.peer.url, target);
    assert.ok((await collect(producer, PATIENCE_MS, pictures(1))).length > 0);

    await using trap = await startCamera(elsewhere('http://127.0.0.1/'));
    assert.match((await failure(openRtsp(trap.url))).message, /redirect to http is not followed/);
    await using loop = await startCamera(elsewhere('/again'));
    assert.match((await failure(openRtsp(loop.url))).message, /more than 5 redirects/);
  });

  test('asks again without the loudspeaker when the question is refused', async () => {
    await using camera = await startCamera({ refusesBackchannel: true });
    const producer = await openRtsp(camera.url);
    assert.equal(producer.backchannel, undefined);
    await collect(producer, 50);
    assert.equal(methods(camera), 'DESCRIBE DESCRIBE SETUP SETUP PLAY TEARDOWN');

    await using mute = await startCamera({
      intercept: ({ headers }) => (headers.require ? { status: '400 Bad Request' } : undefined),
    });
    await collect(await openRtsp(mute.url), 50);
  });

  test('options other than backchannel leave the loudspeaker alone; media picks kinds', async () => {
    await using camera = await startCamera({ loudspeaker: 'PCMA' });
    const producer = await openRtsp(`${camera.url}#media=audio`);
    assert.deepEqual(
      producer.tracks.map(({ codec }) => codec.name),
      ['pcm_mulaw'],
    );
    assert.equal(producer.backchannel, undefined);
    await collect(producer, 50);
    const both = await openRtsp(`${camera.url}#media=video#backchannel=1`);
    assert.deepEqual(both.tracks.length, 1);
    assert.ok(!both.backchannel);
    await collect(both, 50);
  });

  test('a camera that hangs up, resets in mid-frame, or sends garbage in between', async () => {
    await using camera = await startCamera();
    const closed = await openRtsp(camera.url);
    setTimeout(() => camera.hangUp(), 100);
    await assert.rejects(collect(closed, 5000), { code: 'closed' });

    const reset = await openRtsp(camera.url);
    setTimeout(() => camera.resetInMidFrame(), 100);
    await assert.rejects(collect(reset, 5000), { code: 'closed' });

    const noisy = await openRtsp(camera.url);
    setTimeout(() => camera.inject(Buffer.alloc(5000, '\x01\xffgarbage$')), 100);
    const packets = await collect(noisy, PATIENCE_MS, pictures(20));
    assert.equal(videoOf(packets).length, 20);
    assert.ok(noisy.peer.corrupt > 0);
    assertOrdered(packets);
  });

  test('what can be wrong at the start has a name', async () => {
    await using missing = await startCamera({ intercept: () => ({ status: '404 Stream Not Found' }) });
    assert.deepEqual(await failure(openRtsp(missing.url)).then(({ code, message }) => [code, message]), [
      'not_found',
      'DESCRIBE answered 404 Stream Not Found',
    ]);
    await using nothing = await startCamera({
      sdp: (sdp) => sdp.replace(/H264/g, 'VP7').replace(/m=audio .*/, 'm=audio 0 RTP/AVP 33'),
    });
    assert.match((await failure(openRtsp(nothing.url))).message, /^the camera offers video VP7/);

    assert.equal((await failure(openRtsp('rtsp://127.0.0.1:1/x'))).code, 'unreachable');
    assert.equal((await failure(openRtsp('rtsp://127.0.0.1:1/x#transport=foo'))).code, 'invalid_source');
    assert.equal((await failure(openRtsp('rtsp://127.0.0.1:1/x#timeout=soon'))).code, 'invalid_source');

    const server = createServer((socket) =>
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const http = await failure(openRtsp(`rtsp://127.0.0.1:${port}/x`));
    assert.equal(http.code, 'protocol');
    assert.equal(http.message, 'not an RTSP server (got "HTTP/1.1 400 Bad Request")');
    server.close();
  });

  test('a camera that accepts and says nothing: time-out; or nobody wants it any more: gone at once', async () => {
    const server = createServer((socket) => socket.resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
    const started = performance.now();
    const silent = await failure(openRtsp(`${url}#timeout=0.3`));
    assert.deepEqual([silent.code, silent.message], ['timeout', 'no answer to DESCRIBE within 0.3 s']);
    assert.ok(performance.now() - started < 1000);
    assert.equal((await failure(openRtsp(url, AbortSignal.timeout(50)))).code, 'timeout');
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    assert.equal((await failure(openRtsp(url, abort.signal))).code, 'aborted');
    assert.equal((await failure(openRtsp(url, AbortSignal.abort()))).code, 'aborted');
    server.close();
  });

  test('parameter sets that never come: the other track plays alone', async () => {
    const secretive = { parameterSets: 'sdp', fmtp: 'packetization-mode=1' };
    await using camera = await startRtspCamera({ feeds: [await video(secretive), await audio()] });
    const producer = await openRtsp(`${camera.url}#timeout=0.5`);
    assert.deepEqual(
      producer.tracks.map(({ id, codec }) => [id, codec.name]),
      [[1, 'pcm_mulaw']],
    );
    await collect(producer, 50);
    await using silent = await startRtspCamera({ feeds: [await video(secretive)] });
    const none = await failure(openRtsp(`${silent.url}#timeout=0.5`));
    assert.deepEqual([none.code, none.message], ['timeout', 'no parameters of H264 within 0.5 s']);
  });

  test('inside a WebSocket', async (context) => {
    await using camera = await startCamera({ auth: credentials });
    const bridge = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'binary' });
    context.after(() => bridge.close());
    await once(bridge, 'listening');
    bridge.on('connection', (socket) => {
      const tcp = connect(camera.port, '127.0.0.1');
      tcp.on('data', (bytes) => socket.send(bytes)).on('close', () => socket.close());
      socket.on('message', (bytes: Buffer) => tcp.write(bytes)).on('close', () => tcp.destroy());
    });
    const { port } = bridge.address() as AddressInfo;
    const producer = await openRtsp(`${camera.url}#transport=ws://127.0.0.1:${port}/rtsp-over-websocket`);
    assert.equal(producer.peer.protocol, 'ws');
    assert.equal(videoOf(await collect(producer, PATIENCE_MS, pictures(5))).length, 5);
    await until(() => bridge.clients.size === 0);
  });

  test('inside TLS: rtspx takes any certificate, rtsps takes it for an address only', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'porthole-rtsps-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const make = 'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=camera';
    const made = spawnSync('openssl', make.split(' '), { cwd: folder, stdio: 'ignore' });
    if (made.status !== 0) return context.skip('openssl is not installed');
    await using camera = await startCamera();
    const pem = (name: string): Buffer => readFileSync(join(folder, name));
    const tls = createTlsServer({ key: pem('key.pem'), cert: pem('cert.pem') }, (socket) => {
      const tcp = connect(camera.port, '127.0.0.1');
      socket.pipe(tcp).pipe(socket);
      for (const end of [socket, tcp]) end.on('error', () => {});
    });
    tls.on('tlsClientError', () => {});
    tls.listen(0, '127.0.0.1');
    await once(tls, 'listening');
    const { port } = tls.address() as AddressInfo;
    for (const url of [`rtspx://localhost:${port}/live`, `rtsps://127.0.0.1:${port}/live`]) {
      const producer = await openRtsp(url);
      assert.match(producer.peer.url ?? '', /^rtsps:/);
      assert.ok((await collect(producer, PATIENCE_MS, pictures(1))).length > 0);
    }
    assert.ok(camera.requests.every(({ url }) => url.startsWith('rtsps://')));
    assert.match(
      (await failure(openRtsp(`rtsps://localhost:${port}/live`))).message,
      /TLS certificate refused/,
    );
    tls.close();
  });
});
