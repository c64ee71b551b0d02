/** Which profiles are main and sub; and what a device tells those who know its password. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startOnvifCamera } from '../../../../test/fakes/onvif-camera.ts';
import { createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import type { CameraProfile } from './camera.ts';
import { login } from './scan.ts';
import { tiersOf } from './tiers.ts';

const profile = (token: string, size: readonly [number, number], encoding = 'H264', lens = 'l') =>
  ({
    ...{ token, encoding, name: token, width: size[0], height: size[1] },
    ...{ sources: ['c', lens], ptz: undefined },
  }) satisfies CameraProfile;

describe('tiers', () => {
  const tiers = (...profiles: CameraProfile[]) =>
    tiersOf(profiles).map((list) => list.map((item) => `${item.profile.token} ${item.role ?? '-'}`));
  const CASES: readonly [title: string, profiles: CameraProfile[], expected: string[][]][] = [
    ['one', [profile('a', [1920, 1080])], [['a main']]],
    [
      'the largest and the smallest',
      [profile('a', [640, 360]), profile('b', [2560, 1440]), profile('c', [1280, 720])],
      [['b main', 'a sub', 'c -']],
    ],
    [
      'no thumbnails, no JPEG',
      [profile('a', [1920, 1080]), profile('b', [160, 90]), profile('c', [640, 360], 'JPEG')],
      [['a main', 'b -', 'c -']],
    ],
    ['JPEG where there is nothing else', [profile('a', [640, 360], 'JPEG')], [['a main']]],
    ['two of a size', [profile('a', [1920, 1080]), profile('b', [1920, 1080])], [['a main', 'b -']]],
    ['without sizes', [profile('a', [0, 0]), profile('b', [0, 0])], [['a main', 'b sub']]],
    [
      'two lenses',
      [
        profile('a', [1920, 1080]),
        profile('b', [1920, 1080], 'H264', 'm'),
        profile('c', [640, 360], 'H264', 'm'),
      ],
      [['a main'], ['b main', 'c sub']],
    ],
  ];
  for (const [title, profiles, expected] of CASES) {
    test(title, () => assert.deepEqual(tiers(...profiles), expected));
  }
});

describe('a device', () => {
  const context = () => ({
    ...{ services: {} as Services, log: createLogger('test') },
    signal: AbortSignal.timeout(5000),
  });

  test('tells its profiles to those who know the password', async (t) => {
    const camera = await startOnvifCamera({
      ...{ auth: 'token', model: 'RLC-810A' },
      profiles: [
        { token: '000', name: 'MainStream', size: [3840, 2160], encoding: 'H265', streamUri: 'rtsp://x/1' },
        { token: '001', name: 'SubStream', size: [640, 360], streamUri: 'rtsp://x/2' },
      ],
    });
    t.after(() => camera.close());
    const user = { username: 'admin', password: 'p@ss:w/rd' };
    const base = `onvif://admin:p%40ss%3Aw%2Frd@127.0.0.1:${camera.port}`;
    for (const address of [`127.0.0.1:${camera.port}`, `onvif://127.0.0.1:${camera.port}/?subtype=3`]) {
      assert.deepEqual(await login({ address, ...user }, context()), [
        {
          ...{ kind: 'onvif', name: 'Acme & Sons RLC-810A', model: 'Acme & Sons RLC-810A' },
          ...{ address: '127.0.0.1', manufacturer: undefined, credentials: false },
          sources: [
            { source: `${base}?subtype=0`, title: 'MainStream H265 3840x2160', role: 'main' },
            { source: `${base}?subtype=1`, title: 'SubStream H264 640x360', role: 'sub' },
          ],
        },
      ]);
    }
    await assert.rejects(login({ address: `127.0.0.1:${camera.port}` }, context()), { code: 'unauthorized' });
  });

  for (const address of ['', 'a b', 'x#y', '://'])
    test(`not an address: ${address}`, () => assert.rejects(login({ address }, context())));
});
