/** Many viewers: a camera that restarts under ten of them; fifty that come and go, and leave nothing behind. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { inspectAlive } from '../helpers/inspector.ts';
import { freePort } from '../helpers/ports.ts';
import { watchRtsp } from '../helpers/rtsp-viewer.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { openMp4, watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const CROWD = 50;
const WARM_UP_MS = 20_000;
const CROWD_MS = 60_000;
/** What more than a thousand visits may leave behind: caches of the runtime, no viewers. */
const LEAK_MIB = 4;
/** How far resident memory may rise meanwhile, garbage included. */
const RESIDENT_MIB = 100;

describe('many viewers', () => {
  let camera: RtspCamera;
  let server: TestServer;
  let inspectorPort: number;

  before(async () => {
    camera = await startRtspCamera({
      feeds: [
        new ClipFeed(await h264Clip()),
        new ClipFeed(await audioClip('MPEG4-GENERIC', { sampleRate: 16000 })),
      ],
    });
    inspectorPort = await freePort();
    const main = join(import.meta.dirname, '../../server/src/main.ts');
    server = await startServer(
      { streams: { cam: camera.url } },
      { command: [process.execPath, `--inspect=127.0.0.1:${inspectorPort}`, main] },
    );
  });
  after(async () => {
    await server?.stop();
    await camera?.close();
  });

  test('ten stay attached while the camera is killed and restarted, twice', async () => {
    const watching = Array.from({ length: 10 }, () => new AbortController());
    const counts = watching.map(() => 0);
    const ended = watching.map(({ signal }, index) =>
      [watchAsMse, watchAsMp4, watchAsRtsp][index % 3]!(server, signal, () => counts[index]!++),
    );
    for (let round = 0; round < 2; round++) {
      await allMove(counts);
      await camera.close();
      await sleep(3000);
      await camera.start();
      await allMove(counts);
      assert.equal(await server.viewers('cam'), 10);
    }
    assert.ok(camera.accepted <= 3, `${camera.accepted} connections for one camera`);
    for (const controller of watching) controller.abort();
    await Promise.all(ended);
  });

  test('fifty that come and go for a while leave nothing behind', { timeout: 180_000 }, async () => {
    await crowd(WARM_UP_MS);
    const before = await inspectAlive(inspectorPort);
    const resident = server.memory();
    const visits = await crowd(CROWD_MS, () => {
      assert.equal(camera.connections, 1);
      assert.ok(server.memory() < resident + RESIDENT_MIB, `${server.memory()} MiB, from ${resident}`);
    });
    const after = await inspectAlive(inspectorPort);
    assert.ok(visits > 500, `${visits} visits`);
    assert.deepEqual(after.handles, before.handles);
    assert.deepEqual(server.children(), []);
    assert.ok(
      after.heapMiB < before.heapMiB + LEAK_MIB,
      `heap: from ${before.heapMiB} to ${after.heapMiB} MiB`,
    );
    assert.ok(
      after.externalMiB < before.externalMiB + LEAK_MIB,
      `buffers: from ${before.externalMiB} to ${after.externalMiB} MiB`,
    );
  });

  /** Fifty viewers for a while; settles when the server is alone again. Returns the number of visits. */
  async function crowd(ms: number, check = (): void => {}): Promise<number> {
    const leave = AbortSignal.timeout(ms);
    const visits = Array.from({ length: CROWD }, (_, index) => comeAndGo(server, index, leave));
    await sleep(3000);
    while (!leave.aborted) {
      check();
      await sleep(1000);
    }
    const counts = await Promise.all(visits);
    await until('the camera to be left', () => camera.connections === 0);
    assert.equal(await server.viewers('cam'), 0);
    await sleep(1000);
    return counts.reduce((sum, count) => sum + count, 0);
  }
});

type Watch = (server: TestServer, signal: AbortSignal, onMedia: () => void) => Promise<void>;

const watchAsMse: Watch = async (server, signal, onMedia) => {
  await using viewer = await watchMse(server, 'cam');
  await viewer.more(1);
  let { messages } = viewer;
  while (!signal.aborted) {
    await sleep(50);
    if (viewer.messages > messages) onMedia();
    messages = viewer.messages;
    if (viewer.closed) throw new Error(`MSE viewer closed: ${viewer.errors}`);
  }
};

const watchAsMp4: Watch = async (server, signal, onMedia) => {
  const response = await openMp4(server, 'cam');
  response.on('data', onMedia);
  while (!signal.aborted) {
    await sleep(50);
    if (response.closed) throw new Error('MP4 viewer closed');
  }
  response.destroy();
};

const watchAsRtsp: Watch = async (server, signal, onMedia) => {
  await using viewer = await watchRtsp(server.rtsp('cam'));
  let { packets } = viewer;
  while (!signal.aborted) {
    await sleep(50);
    if (viewer.packets > packets) onMedia();
    packets = viewer.packets;
    if (viewer.closed) throw new Error('RTSP viewer closed');
  }
};

/** Each viewer gets media within ten seconds, and goes on getting it. */
async function allMove(counts: readonly number[]): Promise<void> {
  const asked = [...counts];
  await until(`media for all (${counts})`, () => counts.every((count, index) => count > asked[index]! + 10));
}

/** Watches for a random while, leaves, comes back. Returns how often. */
async function comeAndGo(server: TestServer, index: number, signal: AbortSignal): Promise<number> {
  const watch = [watchAsMse, watchAsMp4, watchAsRtsp][index % 3]!;
  let visits = 0;
  while (!signal.aborted) {
    const leave = AbortSignal.any([signal, AbortSignal.timeout(500 + Math.floor(Math.random() * 4000))]);
    await watch(server, leave, () => {});
    visits++;
  }
  return visits;
}
