import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { audioCodec, videoCodec } from '../codecs/codec.ts';
import { configureLog } from '../util/log.ts';
import { StreamError } from './errors.ts';
import type { Stream } from './stream.ts';
import { ANY, FakeCamera, FakeConsumer, fakeStream, H264, settle } from './testing.ts';

configureLog({ write: undefined });

const AAC = audioCodec('aac', 16000);
const MJPEG = videoCodec('mjpeg');
let open: Stream[] = [];
const stream = (...args: Parameters<typeof fakeStream>): Stream => {
  const made = fakeStream(...args);
  open.push(made);
  return made;
};
afterEach(() => {
  for (const made of open) made.close();
  open = [];
});

test('a source opens with the first viewer, once for all who wait, and closes after the last one', async () => {
  let opened = 0;
  const camera = new FakeCamera(H264);
  const yard = stream({
    cam: async () => {
      opened++;
      await settle(10);
      return camera;
    },
  });
  assert.equal(opened, 0);
  const viewers = [new FakeConsumer(), new FakeConsumer(), new FakeConsumer()];
  await Promise.all(viewers.map((viewer) => yard.attach(viewer)));
  assert.equal(opened, 1);
  camera.send(0, 0, { key: true });
  for (const viewer of viewers) assert.equal(viewer.packets.length, 1);
  for (const viewer of viewers) yard.detach(viewer);
  assert.equal(camera.stopped, false, 'lingers');
  await settle(40);
  assert.equal(camera.stopped, true);
  assert.equal(yard.sources[0]?.state, 'idle');
});

test('a viewer that comes back within the linger time finds the source running', async () => {
  const camera = new FakeCamera(H264);
  const yard = stream({ cam: () => camera }, { lingerMs: 50 });
  const first = new FakeConsumer();
  await yard.attach(first);
  camera.send(0, 0, { key: true });
  yard.detach(first);
  await settle(20);
  await yard.attach(new FakeConsumer());
  await settle(60);
  assert.equal(camera.stopped, false);
});

test('a late viewer gets the packets since the last key packet, the same objects as the others', async () => {
  const camera = new FakeCamera(H264, AAC);
  const yard = stream({ cam: () => camera });
  const early = new FakeConsumer();
  await yard.attach(early);
  camera.send(0, 0, { key: true });
  camera.send(0, 3600);
  camera.send(0, 7200, { key: true });
  camera.send(1, 1280, { key: true });
  camera.send(0, 10800);
  const late = new FakeConsumer();
  await yard.attach(late);
  assert.deepEqual(late.packets, early.packets.slice(2));
  assert.ok(late.packets.every((packet) => early.packets.includes(packet)));
});

test('a viewer sees no video before a key packet and no audio before video', async () => {
  const camera = new FakeCamera(H264, AAC);
  const yard = stream({ cam: () => camera });
  const viewer = new FakeConsumer();
  await yard.attach(viewer);
  camera.send(1, 0, { key: true });
  camera.send(0, 0);
  assert.equal(viewer.packets.length, 0);
  camera.send(0, 3600, { key: true });
  camera.send(1, 1024, { key: true });
  assert.deepEqual(
    viewer.packets.map(({ track }) => track.codec.kind),
    ['video', 'audio'],
  );
});

test('the first source that has a codec serves it; a later one is opened only when needed', async () => {
  const opened: string[] = [];
  const cameras = {
    main: () => {
      opened.push('main');
      return new FakeCamera(H264, AAC);
    },
    transcode: () => {
      opened.push('transcode');
      return new FakeCamera(audioCodec('opus', 48000, 2));
    },
  };
  const one = new FakeConsumer([
    { kind: 'video', codecs: [{ name: 'h264' }] },
    { kind: 'audio', codecs: [{ name: 'aac' }] },
  ]);
  const yard = stream(cameras);
  await yard.attach(one);
  assert.deepEqual(opened, ['main']);
  const two = new FakeConsumer([
    { kind: 'video', codecs: [{ name: 'h264' }] },
    { kind: 'audio', codecs: [{ name: 'opus' }] },
  ]);
  await yard.attach(two);
  assert.deepEqual(opened, ['main', 'transcode']);
  assert.deepEqual(
    two.starts[0]?.map(({ codec }) => codec.name),
    ['h264', 'opus'],
  );
});

test('an error names what the camera offers and what the viewer accepts', async () => {
  const yard = stream({ cam: () => new FakeCamera(MJPEG) });
  const viewer = new FakeConsumer([{ kind: 'video', codecs: [{ name: 'h264' }, { name: 'hevc' }] }]);
  await assert.rejects(yard.attach(viewer), (error: StreamError) => {
    assert.equal(error.code, 'no_match');
    assert.match(error.message, /camera offers mjpeg; viewer accepts h264, hevc/);
    return true;
  });
});

test('a camera that cannot be reached is not dialled again at once by the next viewer', async () => {
  let dials = 0;
  const yard = stream({
    cam: () => {
      dials++;
      throw new StreamError('unauthorized', 'rtsp://user:secret@camera: wrong password');
    },
  });
  for (let attempt = 0; attempt < 5; attempt++) {
    await assert.rejects(yard.attach(new FakeConsumer()), /rtsp:\/\/\*\*\*@camera: wrong password/);
  }
  assert.equal(dials, 1);
});

test('viewers stay attached while the camera restarts, and time goes on', async () => {
  const cameras: FakeCamera[] = [];
  const yard = stream({
    cam: () => {
      const camera = new FakeCamera(H264);
      cameras.push(camera);
      return camera;
    },
  });
  const viewer = new FakeConsumer();
  await yard.attach(viewer);
  cameras[0]?.send(0, 1_000_000, { key: true });
  cameras[0]?.send(0, 1_003_600);
  cameras[0]?.end(new StreamError('closed', 'reset'));
  await settle(150);
  assert.equal(cameras.length, 2);
  cameras[1]?.send(0, 50);
  assert.equal(viewer.packets.length, 2, 'a packet without its references is held back');
  cameras[1]?.send(0, 3650, { key: true });
  assert.equal(viewer.packets.length, 3);
  assert.equal(viewer.starts.length, 1, 'the codec is the same');
  assert.ok((viewer.packets[2]?.dts ?? 0) > (viewer.packets[1]?.dts ?? 0));
  assert.equal(viewer.packets[2]?.track.id, viewer.packets[0]?.track.id);
});

test('new parameter sets start the consumer again, before the key packet that needs them', async () => {
  const camera = new FakeCamera(H264);
  const yard = stream({ cam: () => camera });
  const viewer = new FakeConsumer();
  await yard.attach(viewer);
  camera.send(0, 0, { key: true });
  const larger = { ...H264, width: 3840, height: 2160 };
  camera.change(0, larger);
  camera.send(0, 3600, { key: true });
  assert.equal(viewer.starts.length, 2);
  assert.deepEqual(viewer.starts[1]?.[0]?.codec, larger);
  assert.equal(viewer.packets[1]?.track, viewer.starts[1]?.[0]);
});

test('a viewer that cannot take the new codec is closed, the others go on', async () => {
  const camera = new FakeCamera(H264);
  const yard = stream({ cam: () => camera });
  const picky = new FakeConsumer([{ kind: 'video', codecs: [{ name: 'h264' }] }]);
  const easy = new FakeConsumer(ANY);
  await yard.attach(picky);
  await yard.attach(easy);
  camera.send(0, 0, { key: true });
  camera.change(0, videoCodec('hevc', { width: 1920, height: 1080 }));
  camera.send(0, 3600, { key: true });
  assert.match(String(picky.closed), /hevc/);
  assert.equal(easy.closed, undefined);
  assert.equal(easy.packets.length, 2);
});

test('a consumer that throws is closed alone', async () => {
  const camera = new FakeCamera(H264);
  const yard = stream({ cam: () => camera });
  const broken = new FakeConsumer();
  Object.assign(broken, {
    write: () => {
      throw new Error('bug');
    },
  });
  const well = new FakeConsumer();
  await yard.attach(broken);
  await yard.attach(well);
  camera.send(0, 0, { key: true });
  assert.match(String(broken.closed), /bug/);
  assert.equal(well.packets.length, 1);
});

test('pcm is converted for a viewer that takes another kind of pcm', async () => {
  const camera = new FakeCamera(audioCodec('pcm_alaw', 8000));
  const yard = stream({ cam: () => camera });
  const viewer = new FakeConsumer([
    { kind: 'audio', codecs: [{ name: 'opus' }, { name: 'pcm_mulaw', sampleRate: 8000 }] },
  ]);
  await yard.attach(viewer);
  camera.send(0, 0, { key: true, data: Buffer.alloc(160, 0xd5) });
  assert.equal(viewer.packets[0]?.track.codec.name, 'pcm_mulaw');
  assert.equal(viewer.packets[0]?.data.length, 160);
  assert.equal(viewer.starts[0]?.[0], viewer.packets[0]?.track);
});

test('a pushed stream resumes its viewers with the next push; a newer push takes over', async () => {
  const yard = stream({});
  await assert.rejects(yard.attach(new FakeConsumer()), /no source and nobody publishes/);
  const signal = new AbortController().signal;
  const first = new FakeCamera(H264);
  const firstEnded = yard.publish(first, signal);
  await settle();
  const viewer = new FakeConsumer();
  await yard.attach(viewer);
  first.send(0, 0, { key: true });
  const second = new FakeCamera(H264);
  const secondEnded = yard.publish(second, signal);
  await firstEnded.catch(() => {});
  await settle(150);
  assert.equal(first.stopped, true);
  second.send(0, 0, { key: true });
  assert.equal(viewer.packets.length, 2);
  second.end();
  await secondEnded;
  assert.equal(viewer.closed, undefined, 'waits');
  const third = new FakeCamera(H264);
  const thirdEnded = yard.publish(third, signal);
  await settle(150);
  third.send(0, 0, { key: true });
  assert.equal(viewer.packets.length, 3);
  third.end();
  await thirdEnded;
});

test('replacing the sources closes the viewers of the changed ones only', async () => {
  const main = new FakeCamera(H264);
  const sound = new FakeCamera(AAC);
  const yard = stream({ main: () => main, sound: () => sound });
  const watching = new FakeConsumer([{ kind: 'video', codecs: [] }]);
  const hearing = new FakeConsumer([{ kind: 'audio', codecs: [] }]);
  await yard.attach(watching);
  await yard.attach(hearing);
  yard.setSources(['main']);
  await settle();
  assert.equal(watching.closed, undefined);
  assert.match(String(hearing.closed), /replaced/);
  assert.equal(main.stopped, false);
  assert.equal(sound.stopped, true);
});

test('a removed stream closes its viewers and its camera', async () => {
  const camera = new FakeCamera(H264);
  const yard = stream({ cam: () => camera });
  const viewer = new FakeConsumer();
  await yard.attach(viewer);
  yard.close();
  await settle();
  assert.match(String(viewer.closed), /removed/);
  assert.equal(camera.stopped, true);
  await assert.rejects(async () => yard.attach(new FakeConsumer()), /removed/);
});

test('a camera that stalls without closing is opened again; one that may be silent is not', async () => {
  const cameras: FakeCamera[] = [];
  for (const allowedSilenceMs of [1, 60_000]) {
    const yard = stream({
      cam: () => {
        const camera = Object.assign(new FakeCamera(H264), { allowedSilenceMs });
        cameras.push(camera);
        return camera;
      },
    });
    await yard.attach(new FakeConsumer());
  }
  const [strict, patient] = cameras;
  strict?.send(0, 0, { key: true });
  patient?.send(0, 0, { key: true });
  await settle(1300);
  assert.equal(strict?.stopped, true);
  assert.equal(patient?.stopped, false);
});
