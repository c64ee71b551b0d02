/** Moving a fake camera. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type CameraHabits, startOnvifCamera } from '../../../../test/fakes/onvif-camera.ts';
import { createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import { open } from './ptz.ts';

const PRESETS = [
  ['1', 'Door'],
  ['2', ''],
  ['3', 'Door'],
] as const;
const PROFILES = [
  { token: 'main', streamUri: 'rtsp://127.0.0.1/a', source: 'lens1' },
  { token: 'sub', streamUri: 'rtsp://127.0.0.1/b', source: 'lens1', moves: false },
  { token: 'other', streamUri: 'rtsp://127.0.0.1/c', source: 'lens2', moves: false },
];

async function openPtz(t: TestContext, habits: CameraHabits, suffix = '') {
  const camera = await startOnvifCamera({ auth: 'token', profiles: PROFILES, ...habits });
  t.after(() => camera.close());
  const signal = AbortSignal.timeout(10_000);
  const context = { stream: 'cam', signal, log: createLogger('test'), services: {} as Services };
  return { camera, ptz: await open(camera.url + suffix, context) };
}

test('moves, stops, goes to presets', async (t) => {
  const { camera, ptz } = await openPtz(t, { ptz: { presets: PRESETS } });
  assert.deepEqual(ptz?.capabilities, { move: true, zoom: true, presets: ['Door', '2', '3'] });
  await ptz.move({ pan: 0.5, tilt: -1, zoom: 0 });
  await ptz.move({ pan: 0, tilt: 0, zoom: 7 });
  await ptz.move({ pan: 0, tilt: 0, zoom: 0 });
  await ptz.preset('Door');
  await ptz.preset('3');
  await assert.rejects(ptz.preset('Garden'), { code: 'not_found' });
  assert.deepEqual(camera.moves, ['0.5 -1 -', '0 0 1', 'stop', 'preset 1', 'preset 3']);
});

test('a camera with a measure of its own', async (t) => {
  const { camera, ptz } = await openPtz(t, { ptz: { fastest: 8, zoom: false }, media: 'ver20' });
  assert.deepEqual(ptz?.capabilities, { move: true, zoom: false, presets: [] });
  await ptz.move({ pan: -0.5, tilt: 0.25, zoom: 1 });
  assert.deepEqual(camera.moves, ['-4 2 -']);
});

test('a camera that refuses a time', async (t) => {
  const { camera, ptz } = await openPtz(t, { ptz: { refusesTimeout: true } });
  await ptz?.move({ pan: 1, tilt: 0, zoom: 0 });
  await ptz?.move({ pan: -1, tilt: 0, zoom: 0 });
  assert.deepEqual(camera.moves, ['1 0 -', '-1 0 -']);
  assert.equal(camera.requests.filter((request) => request.startsWith('ContinuousMove')).length, 3);
});

test('a sub stream moves with its main stream, another lens does not', async (t) => {
  assert.ok((await openPtz(t, { ptz: {} }, '?subtype=sub')).ptz);
  assert.equal((await openPtz(t, { ptz: {} }, '?subtype=other')).ptz, undefined);
});

test('a camera that cannot be moved', async (t) => {
  assert.equal((await openPtz(t, {})).ptz, undefined);
  assert.equal((await openPtz(t, { ptz: { pan: false, zoom: false } })).ptz, undefined);
});
