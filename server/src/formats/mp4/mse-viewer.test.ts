import assert from 'node:assert/strict';
import { before, type TestContext, test } from 'node:test';
import {
  type Clip,
  ClipCamera,
  decode,
  makeClip,
  streamOf,
  TEST_AUDIO,
  TEST_VIDEO,
} from '../../../../test/helpers/mp4-clip.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { type WsPair, wsPair } from '../../../../test/helpers/ws-pair.ts';
import { StreamError } from '../../core/errors.ts';
import type { Stream } from '../../core/stream.ts';
import { watchMse } from './mse-viewer.ts';

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25'];
const ANY_CODECS = 'avc1.640029,hvc1.1.6.L153.B0,mp4a.40.2,flac,opus';

let clip: Clip;
let smaller: Clip;
let hevc: Clip;

before(async () => {
  const sound = ['-t', '1', '-c:a', 'aac', '-ar', '16000'];
  const small = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25'];
  const x265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none'];
  [clip, smaller, hevc] = await Promise.all([
    makeClip(...TEST_VIDEO, ...TEST_AUDIO, ...H264, ...sound),
    makeClip(...small, ...TEST_AUDIO, ...H264, ...sound),
    makeClip(...TEST_VIDEO, ...TEST_AUDIO, ...x265, ...sound),
  ]);
});

async function setUp(t: TestContext, camera: ClipCamera): Promise<{ pair: WsPair; stream: Stream }> {
  const pair = await wsPair();
  const stream = streamOf(camera);
  t.after(async () => {
    stream.close();
    await pair.close();
  });
  return { pair, stream };
}

const boxAt = (bytes: Buffer, offset = 0): string => bytes.toString('latin1', offset + 4, offset + 8);

/** Whether the first run of the fragment is of track 1. */
const hasVideo = (fragment: Buffer): boolean => fragment.readUInt32BE(44) === 1;

test('type, initialization segment, then one message per video frame that ffmpeg decodes', async (t) => {
  const { pair, stream } = await setUp(t, new ClipCamera(clip));
  const watch = await watchMse(stream, ANY_CODECS, pair.connection, () => assert.fail('closed'));
  await pair.received(30);
  watch.close();
  assert.deepEqual(pair.texts, [{ type: 'mse', value: 'video/mp4; codecs="avc1.42C00D,mp4a.40.2"' }]);
  const [init, ...fragments] = pair.binaries;
  assert.equal(boxAt(init!), 'ftyp');
  for (const fragment of fragments) {
    assert.equal(boxAt(fragment), 'moof');
    const moof = fragment.readUInt32BE(0);
    assert.equal(boxAt(fragment, moof), 'mdat');
    assert.equal(moof + fragment.readUInt32BE(moof), fragment.length);
  }
  const frames = await decode(Buffer.concat(pair.binaries), 'v:0');
  assert.equal(frames.length, fragments.filter(hasVideo).length);
});

test('a new picture size brings a new initialization segment', async (t) => {
  const camera = new ClipCamera(clip);
  const { pair, stream } = await setUp(t, camera);
  await watchMse(stream, ANY_CODECS, pair.connection, () => {});
  await pair.received(2);
  camera.change(smaller);
  const isInit = (bytes: Buffer): boolean => boxAt(bytes) === 'ftyp';
  await until('a second initialization segment', () => pair.binaries.filter(isInit).length === 2);
  await pair.received(pair.binaries.length + 10);
  const second = pair.binaries.findLastIndex(isInit);
  const frames = await decode(Buffer.concat(pair.binaries.slice(second)), 'v:0');
  assert.ok(frames.length >= 10 && frames.every((size) => size === '160x120'));
  assert.equal(pair.texts.length, 1);
});

test('another codec closes the viewer and says why', async (t) => {
  const camera = new ClipCamera(clip);
  const { pair, stream } = await setUp(t, camera);
  const closed = Promise.withResolvers<Error | undefined>();
  await watchMse(stream, ANY_CODECS, pair.connection, closed.resolve);
  camera.change(hevc);
  const reason = await closed.promise;
  assert.ok(reason instanceof StreamError);
  assert.match(reason.message, /hevc/);
});

test('a player that names no codec of the camera is told both sides', async (t) => {
  const { pair, stream } = await setUp(t, new ClipCamera(clip));
  await assert.rejects(
    watchMse(stream, 'hvc1.1.6.L153.B0', pair.connection, () => {}),
    {
      code: 'no_match',
      message: /h264.*hevc/,
    },
  );
});
