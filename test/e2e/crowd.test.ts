/** Many viewers: a camera that restarts under ten of them; fifty that come and go, and leave nothing behind. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { watchRtsp } from '../helpers/rtsp-viewer.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { openMp4, watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const CROWD = 50;
const WARM_UP_MS = 25_000;
const CROWD_MS = 60_000;

describe('many viewers', () => {
  let camera: RtspCamera;
  let server: TestServer;

  before(async () => {
    camera = await startRtspCamera({
      feeds: [
        new ClipFeed(await h264Clip()),
        new ClipFeed(await audioClip('MPEG4-GENERIC', { sampleRate: 16000 })),
      ],
    });
    server = await startServer({ streams: { cam: camera.url } });
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
    await until('the camera to be left', () => camera.connections === 0);
    const sockets = server.sockets();
    const come = new AbortController();
    const crowd = Array.from({ length: CROWD }, (_, index) => comeAndGo(server, index, come.signal));
    await sleep(WARM_UP_MS);
    const warm = server.memory();
    const samples: number[] = [];
    const end = performance.now() + CROWD_MS;
    while (performance.now() < end) {
      await sleep(2000);
      samples.push(server.memory());
      assert.equal(camera.connections, 1);
    }
    come.abort();
    const visits = (await Promise.all(crowd)).reduce((sum, count) => sum + count, 0);
    assert.ok(visits > 500, `${visits} visits`);

    await until('the camera to be left', () => camera.connections === 0);
    await until('sockets to be closed', () => server.sockets() <= sockets);
    assert.deepEqual(server.children(), []);
    assert.equal(await server.viewers('cam'), 0);
    const late = median(samples.slice(-10));
    const early = Math.max(warm, median(samples.slice(0, 10)));
    assert.ok(late < early + 20, `memory went from ${Math.round(early)} to ${Math.round(late)} MiB`);
  });
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
