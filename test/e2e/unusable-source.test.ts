/** Sources that cannot be opened: a clear message everywhere, no hammering, no secret told, and no other stream notices. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type CameraOptions, type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { freePort } from '../helpers/ports.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { type MseViewer, watchMse } from '../helpers/viewers.ts';

const PASSWORD = 'hunter2-wrong';
const AUTH = { user: 'admin', password: 'right-password', schemes: ['md5'] } as const;

interface Unusable {
  /** Name of the stream. */
  readonly name: string;
  /** In every message about it. */
  readonly says: RegExp;
  /** HTTP status of what was asked. */
  readonly status: number;
  readonly camera?: Omit<CameraOptions, 'feeds'>;
  /** What a port that is no camera does with a connection. */
  readonly port?: (socket: Socket) => void;
}

const REFUSALS: readonly Unusable[] = [
  { name: 'wrong-password', says: /wrong user or password/, status: 502, camera: { auth: AUTH } },
  {
    name: 'wrong-basic-password',
    says: /wrong user or password/,
    status: 502,
    camera: { auth: { ...AUTH, schemes: ['basic'] } },
  },
  {
    name: 'no-such-path',
    says: /404 Not Found/,
    status: 404,
    camera: { intercept: ({ method }) => (method === 'DESCRIBE' ? { status: '404 Not Found' } : undefined) },
  },
  {
    name: 'broken-camera',
    says: /500 Internal/,
    status: 502,
    camera: {
      intercept: ({ method }) =>
        method === 'DESCRIBE' ? { status: '500 Internal Server Error' } : undefined,
    },
  },
  {
    name: 'no-tracks',
    says: /offers nothing/,
    status: 501,
    camera: { sdp: (sdp) => sdp.slice(0, sdp.indexOf('m=')) },
  },
  {
    name: 'garbage-for-sdp',
    says: /rtsp:\/\/\*\*\*@127/,
    status: 502,
    camera: { sdp: () => '<html>login please</html>' },
  },
  {
    name: 'redirects-for-ever',
    says: /redirect/,
    status: 502,
    camera: {
      intercept: ({ method, url }) =>
        method === 'DESCRIBE' ? { status: '302 Moved', headers: [`Location: ${url}`] } : undefined,
    },
  },
  { name: 'nothing-listens', says: /connection refused/, status: 502 },
  {
    name: 'http-port',
    says: /not an RTSP server/,
    status: 502,
    port: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
  },
  {
    name: 'ssh-port',
    says: /not an RTSP server/,
    status: 502,
    port: (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
  },
  {
    name: 'noise',
    says: /rtsp:\/\/\*\*\*@127/,
    status: 502,
    port: (socket) => socket.on('data', () => socket.write(Buffer.alloc(100_000, 0xa5))),
  },
  {
    name: 'closes-at-once',
    says: /closed|reset/,
    status: 502,
    port: (socket) => socket.destroy(),
  },
  { name: 'says-nothing', says: /no answer to DESCRIBE within 2 s/, status: 504, port: () => {} },
];

describe('a source that cannot be opened', () => {
  let server: TestServer;
  let good: RtspCamera;
  let goodViewer: MseViewer;
  const cameras = new Map<string, RtspCamera>();
  const ports = new Map<string, { server: Server; accepted: number }>();
  const sockets = new Set<Socket>();

  before(async () => {
    const clip = await h264Clip();
    good = await startRtspCamera({ feeds: [new ClipFeed(clip)] });
    const streams: Record<string, string> = { good: good.url };
    for (const { name, camera: options, port: behave } of REFUSALS) {
      let port = await freePort();
      if (options) {
        const camera = await startRtspCamera({ ...options, feeds: [new ClipFeed(clip)] });
        cameras.set(name, camera);
        port = camera.port;
      }
      if (behave) {
        const entry = { accepted: 0, server: createServer() };
        entry.server.on('connection', (socket) => {
          entry.accepted++;
          sockets.add(socket.on('error', () => {}));
          behave(socket);
        });
        await once(entry.server.listen(port, '127.0.0.1'), 'listening');
        ports.set(name, entry);
      }
      streams[name] = `rtsp://admin:${PASSWORD}@127.0.0.1:${port}/live/main#timeout=2`;
    }
    streams['unknown-scheme'] = 'nonsense://camera/1';
    server = await startServer({ streams });
    goodViewer = await watchMse(server, 'good');
    await goodViewer.play(0.5);
  });
  after(async () => {
    await goodViewer?.close();
    await server?.stop();
    await good?.close();
    for (const camera of cameras.values()) await camera.close();
    for (const socket of sockets) socket.destroy();
    for (const { server } of ports.values()) server.close();
  });

  for (const { name, says, status } of REFUSALS) {
    test(name, async () => {
      const started = performance.now();
      const response = await server.fetch(`/api/stream.mp4?src=${name}`);
      const text = await response.text();
      assert.ok(performance.now() - started < 4000, 'answers within its time-out');
      assert.equal(response.status, status, text);
      assert.match(text, says);
      assert.match(text, /rtsp:\/\/\*\*\*@127/, 'names the camera');

      const { producers } = await server.stream(name);
      assert.match(String(producers[0]?.error), says);

      await using viewer = await watchMse(server, name);
      await sleep(300);
      await viewer.close();
      assert.match(viewer.errors.join(), new RegExp(`^mse: .*${says.source}`));

      const lines = server.log.split('\n').filter((line) => line.includes('WRN') && line.includes(name));
      assert.equal(lines.length, 1, `told once in the log: ${lines.join('\n')}`);
      assert.match(lines[0]!, says);
    });
  }

  test('a scheme that nobody knows', async () => {
    const response = await server.fetch('/api/stream.mp4?src=unknown-scheme');
    assert.equal(response.status, 400);
    assert.match(await response.text(), /nonsense/);
  });

  test('many who ask do not make more connections', async () => {
    for (const { name } of REFUSALS) {
      for (let asked = 0; asked < 10; asked++)
        await (await server.fetch(`/api/stream.mp4?src=${name}`)).text();
    }
    for (const [name, { accepted }] of [...cameras, ...ports]) {
      // Two for a first attempt with and without what the camera may refuse, times attempts a few seconds apart.
      assert.ok(accepted <= 12, `${name}: ${accepted} connections`);
    }
    for (const name of ['wrong-password', 'wrong-basic-password']) {
      const sent = cameras.get(name)!.requests.filter(({ headers }) => headers.authorization);
      assert.ok(
        sent.length <= 4,
        `${name}: tried the wrong password ${sent.length} times; cameras lock accounts`,
      );
    }
  });

  test('no secret is told', async () => {
    const told = [
      server.log,
      await (await server.fetch('/api/streams')).text(),
      await (await server.fetch('/api/log')).text(),
      await (await server.fetch('/api/streams.dot')).text(),
    ].join('\n');
    assert.ok(!told.includes(PASSWORD));
  });

  test('the other stream did not notice', async () => {
    await goodViewer.play(0.5);
    assert.equal(good.accepted, 1);
    assert.deepEqual(goodViewer.errors, []);
  });
});
