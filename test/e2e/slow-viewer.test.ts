/** Viewers that stop reading: memory stays within its limit, they are closed when stuck, and nobody else notices. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { watchRtsp } from '../helpers/rtsp-viewer.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { openMp4, watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const STUCK_EACH = 4;
/** What the server may hold for one stuck viewer, and what may come on top for all. */
const MIB_EACH = 8;
const MIB_MORE = 60;

describe('viewers that stop reading', () => {
  let camera: RtspCamera;
  let server: TestServer;

  before(async () => {
    const clip = await h264Clip({ size: '1280x720', bitrate: '16M', noisy: true });
    camera = await startRtspCamera({ feeds: [new ClipFeed(clip)] });
    server = await startServer({ streams: { cam: camera.url } });
  });
  after(async () => {
    await server?.stop();
    await camera?.close();
  });

  test('cost no more than their limit, and are closed', async () => {
    await using healthy = await watchMse(server, 'cam');
    await healthy.play(2);
    const before = server.memory();
    const stuck: Socket[] = [];
    for (let index = 0; index < STUCK_EACH; index++) {
      stuck.push((await openMp4(server, 'cam')).socket, await stuckMse(server, 'cam'));
      stuck.push((await watchRtsp(server.rtsp('cam'))).socket);
    }
    for (const socket of stuck) socket.on('error', () => {}).pause();
    assert.equal(await server.viewers('cam'), 1 + stuck.length);

    let highest = 0;
    await until(
      'stuck viewers to be closed',
      async () => {
        highest = Math.max(highest, server.memory() - before);
        return (await server.viewers('cam')) === 1;
      },
      60_000,
    );
    const allowed = MIB_EACH * stuck.length + MIB_MORE;
    assert.ok(highest < allowed, `${stuck.length} stuck viewers: ${Math.round(highest)} MiB more`);
    await healthy.play(1);
    assert.deepEqual([healthy.errors, healthy.initialisations, camera.accepted], [[], 1, 1]);
    for (const socket of stuck) socket.destroy();
  });

  test('one that reads again goes on at a key frame', async () => {
    await using viewer = await watchRtsp(server.rtsp('cam'));
    viewer.socket.pause();
    await sleep(8000);
    viewer.socket.resume();
    await sleep(3000);
    const { packets } = viewer;
    await sleep(1000);
    assert.ok(viewer.packets - packets > 500, `${viewer.packets - packets} packets a second`);
    assert.equal(viewer.closed, false);
  });
});

/** An MSE session on a bare socket, to be paused. */
async function stuckMse(server: TestServer, name: string): Promise<Socket> {
  const request = get(server.url(`/api/ws?src=${name}`), {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    },
  });
  const [, socket] = (await once(request, 'upgrade')) as [IncomingMessage, Socket];
  const text = Buffer.from(JSON.stringify({ type: 'mse', value: 'avc1.640029' }));
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  await once(socket, 'data');
  return socket;
}
