import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { configureLog } from '../util/log.ts';
import { QUEUE_LIMIT_BYTES } from './back-pressure.ts';
import { watch } from './broadcast.ts';
import type { Stream } from './stream.ts';
import { FakeCamera, FakeViewer, fakeStream, H264, plainOutput, settle } from './testing.ts';

configureLog({ write: undefined });

let yard: Stream;
let camera: FakeCamera;
const start = (): void => {
  camera = new FakeCamera(H264);
  yard = fakeStream({ cam: () => camera });
};
afterEach(() => yard.close());

test('viewers of the same output share one muxer and the same chunks', async () => {
  start();
  const viewers = Array.from({ length: 5 }, () => new FakeViewer());
  await Promise.all(viewers.map((viewer) => watch(yard, plainOutput(), viewer)));
  camera.send(0, 0, { key: true });
  camera.send(0, 3600);
  const [first] = viewers;
  for (const viewer of viewers) {
    assert.equal(viewer.muxers[0], first?.muxers[0]);
    assert.equal(viewer.chunks.length, 2);
    assert.ok(viewer.chunks.every((chunk, index) => chunk === first?.chunks[index]));
  }
});

test('a late viewer starts with the chunks since the last key chunk', async () => {
  start();
  const early = new FakeViewer();
  await watch(yard, plainOutput(), early);
  camera.send(0, 0, { key: true });
  camera.send(0, 3600, { key: true });
  camera.send(0, 7200);
  const late = new FakeViewer();
  await watch(yard, plainOutput(), late);
  assert.deepEqual(late.chunks, early.chunks.slice(1));
});

test('where every chunk stands alone a slow viewer gets fewer of them, not older ones', async () => {
  start();
  const slow = new FakeViewer();
  await watch(yard, { ...plainOutput(), maximumQueuedChunks: 2 }, slow);
  camera.send(0, 0, { key: true });
  const { bytes } = slow.chunks[0]!;
  slow.queuedBytes = 2 * bytes + 1;
  camera.send(0, 3600, { key: true });
  slow.queuedBytes = bytes + 1;
  camera.send(0, 7200, { key: true });
  assert.equal(slow.chunks.length, 1);
  slow.queuedBytes = bytes;
  camera.send(0, 10800, { key: true });
  assert.equal(slow.chunks.length, 2);
});

test('a viewer over its limit skips to the next key chunk; the others do not notice', async () => {
  start();
  const slow = new FakeViewer();
  const quick = new FakeViewer();
  await watch(yard, plainOutput(), slow);
  await watch(yard, plainOutput(), quick);
  camera.send(0, 0, { key: true });
  slow.queuedBytes = QUEUE_LIMIT_BYTES + 1;
  camera.send(0, 3600);
  camera.send(0, 7200);
  slow.queuedBytes = 0;
  camera.send(0, 10800);
  assert.equal(slow.chunks.length, 1);
  camera.send(0, 14400, { key: true });
  assert.equal(slow.chunks.length, 2);
  assert.equal(quick.chunks.length, 5);
});

test('new parameter sets give every viewer a new muxer', async () => {
  start();
  const viewer = new FakeViewer();
  await watch(yard, plainOutput(), viewer);
  camera.send(0, 0, { key: true });
  camera.change(0, { ...H264, width: 640, height: 480 });
  camera.send(0, 3600, { key: true });
  assert.equal(viewer.muxers.length, 2);
  assert.notEqual(viewer.muxers[0], viewer.muxers[1]);
  assert.equal(viewer.chunks.length, 2);
});

test('a viewer that throws leaves alone; the last one that leaves lets the camera go', async () => {
  start();
  const broken = new FakeViewer();
  broken.write = () => {
    throw new Error('socket bug');
  };
  const well = new FakeViewer();
  await watch(yard, plainOutput(), broken);
  const watching = await watch(yard, plainOutput(), well);
  camera.send(0, 0, { key: true });
  assert.match(String(broken.closed), /socket bug/);
  assert.equal(well.chunks.length, 1);
  watching.close();
  assert.equal(well.closed, undefined, 'who leaves is not told');
  await settle(40);
  assert.equal(camera.stopped, true);
});

test('a viewer that left while the source was opening is not added', async () => {
  start();
  const gone = new AbortController();
  const viewer = new FakeViewer();
  const joining = watch(yard, plainOutput(), viewer, gone.signal);
  gone.abort();
  await assert.rejects(joining, /left/);
  assert.equal(yard.subscriptions.length, 0);
});

test('a viewer without a picture asks the camera for a key frame', async () => {
  start();
  await watch(yard, plainOutput(), new FakeViewer());
  assert.equal(camera.keyframeRequests, 1);
});
