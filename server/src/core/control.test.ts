/** What users do to a running stream: opening its sources anew, switching it off, sending a viewer away. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { audioCodec } from '../codecs/codec.ts';
import { configureLog } from '../util/log.ts';
import { disconnect, watch } from './broadcast.ts';
import { StreamError } from './errors.ts';
import { inspectStream } from './inspect.ts';
import type { Stream } from './stream.ts';
import { Streams } from './streams.ts';
import {
  ANY,
  FakeCamera,
  FakeConsumer,
  FakeViewer,
  fakeStream,
  H264,
  plainOutput,
  settle,
} from './testing.ts';

configureLog({ write: undefined });

let yard: Stream;
let cameras: FakeCamera[];
const start = (open: () => FakeCamera | Promise<FakeCamera> = () => new FakeCamera(H264)): void => {
  cameras = [];
  yard = fakeStream({
    cam: async () => {
      const camera = await open();
      cameras.push(camera);
      return camera;
    },
  });
};
afterEach(() => yard.close());

const sourceInfo = () => inspectStream(yard).sources[0]!;

test('a restart opens the source anew at once: viewers stay, and their time goes on', async () => {
  start();
  const viewer = new FakeConsumer();
  await yard.attach(viewer);
  cameras[0]!.send(0, 900_000, { key: true });
  cameras[0]!.send(0, 990_000);
  await settle(20);
  yard.restart();
  await settle(10);
  assert.equal(cameras.length, 2);
  assert.equal(cameras[0]!.stopped, true);
  assert.equal(viewer.closed, undefined);
  cameras[1]!.send(0, 5);
  cameras[1]!.send(0, 90_005, { key: true });
  const times = viewer.packets.map(({ dts }) => dts);
  assert.equal(times.length, 3, 'from a key packet on');
  assert.ok(times[2]! > times[1]!, `${times}`);
  const { error, reconnects, failures, state } = sourceInfo();
  assert.deepEqual([error, reconnects, failures, state], [undefined, 0, 0, 'live']);
});

test('a restart ends the pause after a failure', async () => {
  let fails = true;
  start(() => {
    if (fails) throw new StreamError('unauthorized', 'wrong password');
    return new FakeCamera(H264);
  });
  await assert.rejects(yard.attach(new FakeConsumer()), /wrong password/);
  fails = false;
  await assert.rejects(yard.attach(new FakeConsumer()), /wrong password/, 'cameras lock accounts');
  yard.restart();
  await yard.attach(new FakeConsumer());
  assert.equal(sourceInfo().state, 'live');
});

test('a restart while the source is being opened does not fail those who wait', async () => {
  let opened = 0;
  start(async () => {
    opened++;
    await settle(20);
    return new FakeCamera(H264);
  });
  const attached = yard.attach(new FakeConsumer());
  await settle(5);
  yard.restart();
  await attached;
  assert.equal(opened, 2);
  assert.equal(cameras[0]!.stopped, true);
  assert.equal(cameras[1]!.stopped, false);
});

test('why it failed is known after the stream went idle, until packets flow again', async () => {
  let fails = true;
  start(() => {
    if (fails) throw new StreamError('unreachable', 'connection refused');
    return new FakeCamera(H264);
  });
  const before = Date.now();
  await assert.rejects(yard.attach(new FakeConsumer()));
  await settle(10);
  const failed = sourceInfo();
  assert.deepEqual([failed.state, failed.error?.code, failed.failures], ['idle', 'unreachable', 1]);
  assert.ok(failed.errorSinceMs >= before && failed.errorSinceMs <= Date.now());
  fails = false;
  yard.restart();
  await yard.attach(new FakeConsumer());
  assert.equal(sourceInfo().error?.code, 'unreachable', 'connected, but no picture yet');
  cameras[0]!.send(0, 0, { key: true });
  assert.deepEqual([sourceInfo().error, sourceInfo().errorSinceMs], [undefined, 0]);
});

test('tracks, loudspeaker and the distance of key frames are known once it was open', async () => {
  start(() => {
    const camera = new FakeCamera(H264, audioCodec('aac', 16_000));
    camera.backchannel = {
      codecs: [audioCodec('pcm_alaw', 8000)],
      open: async () => ({ write() {}, close() {} }),
    };
    return camera;
  });
  const unknown = sourceInfo();
  assert.deepEqual([unknown.tracks, unknown.hasLoudspeaker, unknown.gopSeconds], [[], undefined, 0]);
  const viewer = new FakeConsumer();
  await yard.attach(viewer);
  for (const [index, dts] of [0, 180_000, 360_000].entries()) cameras[0]!.send(0, dts, { key: index < 2 });
  assert.equal(sourceInfo().gopSeconds, 2);
  yard.detach(viewer);
  await settle(40);
  const { state, tracks, receivers, hasLoudspeaker } = sourceInfo();
  assert.deepEqual([state, receivers, hasLoudspeaker], ['idle', [], true]);
  assert.deepEqual(
    tracks.map(({ codec }) => codec.name),
    ['h264', 'aac'],
  );
});

test('a stream that is switched off opens nothing and closes who is there', async () => {
  start();
  const viewer = new FakeConsumer();
  await yard.attach(viewer);
  yard.setEnabled(false);
  assert.equal((viewer.closed as StreamError).code, 'disabled');
  const isDisabled = { code: 'disabled', message: 'test is switched off' };
  await assert.rejects(yard.attach(new FakeConsumer()), isDisabled);
  await assert.rejects(yard.publish(new FakeCamera(H264), new AbortController().signal), isDisabled);
  await assert.rejects(
    yard.talk({ peer: viewer.peer, codecs: [audioCodec('pcm_alaw', 8000)], connect() {} }),
    isDisabled,
  );
  assert.deepEqual(await yard.findLoudspeaker(), []);
  yard.restart();
  await settle();
  assert.equal(cameras.length, 1);
  assert.equal(cameras[0]!.stopped, true);
  yard.setEnabled(true);
  await yard.attach(new FakeConsumer());
  assert.equal(cameras.length, 2);
});

test('a stream that is switched off while a viewer waits refuses it', async () => {
  start();
  const selection = await yard.select(ANY);
  yard.setEnabled(false);
  assert.throws(() => yard.subscribe(new FakeConsumer(), selection), { code: 'disabled' });
  yard.setEnabled(true);
  assert.equal(yard.sources[0]!.held, false);
});

test('one viewer is sent away; the others stay', async () => {
  start();
  const [first, second, plain] = [new FakeViewer(), new FakeViewer(), new FakeConsumer()];
  await watch(yard, plainOutput(), first);
  await watch(yard, plainOutput(), second);
  await yard.attach(plain);
  assert.equal(disconnect(yard, first.peer.id), true);
  assert.match(first.closed!.message, /disconnected/);
  assert.equal(second.closed, undefined);
  assert.equal(disconnect(yard, plain.peer.id), true);
  assert.notEqual(plain.closed, undefined);
  assert.equal(disconnect(yard, first.peer.id), false);
  assert.deepEqual(
    inspectStream(yard).consumers.map(({ peer }) => peer.id),
    [second.peer.id],
  );
});

test('listeners are told of every change that is no counter', async () => {
  start();
  const streams = new Streams(async () => new FakeCamera(H264), { lingerMs: 0 });
  const told: string[] = [];
  const heard = (): number => told.splice(0).length;
  const end = streams.onChange((name) => told.push(name));
  const garden = streams.set('garden', ['cam']);
  assert.ok(heard() > 0, 'made');
  const viewer = new FakeViewer();
  const { close } = await watch(garden, plainOutput(), viewer);
  assert.ok(heard() > 0, 'opened and watched');
  const { close: closeSecond } = await watch(garden, plainOutput(), new FakeViewer());
  assert.ok(heard() > 0, 'a second viewer');
  close();
  assert.ok(heard() > 0, 'it left');
  closeSecond();
  await settle(10);
  assert.ok(heard() > 0, 'closed');
  garden.setEnabled(false);
  assert.ok(heard() > 0, 'switched off');
  streams.delete('garden');
  assert.ok(heard() > 0, 'removed');
  end();
  streams.set('garden', []);
  assert.equal(heard(), 0);
});
