import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  type Clip,
  ClipCamera,
  decode,
  makeClip,
  streamOf,
  TEST_VIDEO,
} from '../../../../test/helpers/mp4-clip.ts';
import { wsPair } from '../../../../test/helpers/ws-pair.ts';
import { frameMp4, mp4FileOf, watchKeyframes } from './keyframe.ts';

let clip: Clip;

before(async () => {
  clip = await makeClip(...TEST_VIDEO, '-t', '1', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-g', '10');
});

test('frame.mp4 is one picture', async (t) => {
  const stream = streamOf(new ClipCamera(clip));
  t.after(() => stream.close());
  const { contentType, bytes } = await frameMp4(stream);
  assert.match(contentType, /^video\/mp4; codecs="avc1\.64/);
  assert.deepEqual(await decode(bytes, 'v:0'), ['320x240']);
  assert.equal(stream.subscriptions.length, 0);
});

test('frame.mp4 gives up when its client does', async (t) => {
  const silent = new ClipCamera({ ...clip, packets: clip.packets.slice(1, 2) });
  const stream = streamOf(silent);
  t.after(() => stream.close());
  await assert.rejects(frameMp4(stream, AbortSignal.timeout(100)), { code: 'timeout' });
  assert.equal(stream.subscriptions.length, 0);
});

test('the mp4 message gives each key frame as a file', async (t) => {
  const pair = await wsPair();
  const stream = streamOf(new ClipCamera(clip));
  t.after(async () => {
    stream.close();
    await pair.close();
  });
  await watchKeyframes(stream, 'avc1.640029,mp4a.40.2', pair.connection, () => {});
  await pair.received(3);
  assert.equal(pair.texts[0]?.type, 'mse');
  for (const file of pair.binaries.slice(0, 3)) assert.deepEqual(await decode(file, 'v:0'), ['320x240']);
});

test('a file of many packets has all of them', async () => {
  const file = Buffer.concat(mp4FileOf(clip.packets));
  assert.equal((await decode(file, 'v:0')).length, clip.packets.length);
});
