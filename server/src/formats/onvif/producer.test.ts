/** The source against a fake camera with the habits of real ones, and what addresses are made of what it says. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import {
  type CameraHabits,
  type FakeProfile,
  startOnvifCamera,
} from '../../../../test/fakes/onvif-camera.ts';
import { StreamError } from '../../core/errors.ts';
import type { Producer } from '../../core/model.ts';
import { parseAddress } from '../../net/url.ts';
import { createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { discover } from './discovery.ts';
import { mediaSources } from './media-address.ts';
import { open } from './producer.ts';

const PROFILES: readonly FakeProfile[] = [
  {
    ...{ token: 'Profile_1', name: 'main', encoding: 'H264', size: [2560, 1440] },
    streamUri: 'rtsp://127.0.0.1:8554/main?a=1&b=2',
    snapshotUri: 'http://127.0.0.1:8080/snap.jpg?ch=1&q=2',
  },
  { token: 'Profile_2', name: 'sub', streamUri: 'rtsp://127.0.0.1:8554/sub' },
];

/** Opens `suffix` of a camera's URL; what would be opened in the end, or fails with what `fails` says. */
async function openCamera(t: TestContext, habits: CameraHabits, suffix = '', fails: readonly string[] = []) {
  const camera = await startOnvifCamera({ profiles: PROFILES, ...habits });
  t.after(() => camera.close());
  const opened: string[] = [];
  const services = {
    open: async (text: string) => {
      opened.push(text);
      const failure = fails.find((part) => text.includes(part));
      if (failure) throw new StreamError('unreachable', `${text}: connection refused`);
      return {} as Producer;
    },
  } as unknown as Services;
  const signal = AbortSignal.timeout(10_000);
  const url = camera.url + suffix;
  await open(parseSourceText(url), { stream: 'cam', signal, log: createLogger('test'), services });
  return { opened, camera };
}

const MAIN = 'rtsp://admin:p%40ss%3Aw%2Frd@127.0.0.1:8554/main?a=1&b=2';

describe('a camera', () => {
  const CASES: readonly [title: string, habits: CameraHabits, opened: string][] = [
    ['without a password', {}, 'rtsp://127.0.0.1:8554/main?a=1&b=2'],
    ['that wants a token', { auth: 'token' }, MAIN],
    ['that wants HTTP Digest', { auth: 'digest' }, MAIN],
    ['that takes both, one at a time', { auth: 'both' }, MAIN],
    ['whose clock is a year behind', { auth: 'token', clockAheadMs: -365 * 86_400_000 }, MAIN],
    [
      'whose clock is ahead, and told in Date alone',
      { auth: 'token', clockAheadMs: 3_600_000, secretClock: true },
      MAIN,
    ],
    ['that believes to be elsewhere', { auth: 'both', ownHost: '192.0.2.1:9999' }, MAIN],
    ['with Media2 only', { auth: 'token', media: 'ver20' }, MAIN],
    ['without GetCapabilities', { auth: 'token', onlyServices: true }, MAIN],
    ['of SOAP 1.1', { auth: 'token', soap: '1.1' }, MAIN],
    ['with odd prefixes', { auth: 'digest', oddPrefixes: true }, MAIN],
  ];
  for (const [title, habits, expected] of CASES) {
    test(title, async (t) => {
      const { opened } = await openCamera(t, habits);
      assert.deepEqual(opened, [expected]);
    });
  }

  test('is asked once it is known how, without a detour', async (t) => {
    const { camera } = await openCamera(t, { auth: 'digest' });
    assert.deepEqual(camera.requests, [
      'GetSystemDateAndTime',
      'GetCapabilities token',
      'GetCapabilities digest',
      'GetProfiles digest',
      'GetStreamUri digest',
    ]);
  });
});

describe('the address', () => {
  const CASES: readonly [suffix: string, opened: RegExp][] = [
    ['?subtype=0', /\/main\?a=1&b=2$/],
    ['?subtype=1', /\/sub$/],
    ['?subtype=Profile_2', /\/sub$/],
    ['/onvif/device_service?subtype=Profile_2#media=video#timeout=10', /\/sub#media=video#timeout=10$/],
    ['#media=audio', /\/main\?a=1&b=2#media=audio$/],
    ['?snapshot', /^http:\/\/admin:\S+@127\.0\.0\.1:8080\/snap\.jpg\?ch=1&q=2$/],
    ['?subtype=Profile_1&snapshot', /^http:\S+snap\.jpg/],
  ];
  for (const [suffix, expected] of CASES) {
    test(suffix, async (t) => {
      const { opened } = await openCamera(t, { auth: 'token' }, suffix);
      assert.match(opened[0]!, expected);
    });
  }
});

describe('a failure says what is wrong', () => {
  const page = { status: 200, type: 'text/html; charset=utf-8', body: '<html><body>login</body></html>' };
  const CASES: readonly [
    title: string,
    habits: CameraHabits,
    suffix: string,
    code: string,
    message: RegExp,
  ][] = [
    ['a web page', { answersAll: page }, '', 'protocol', /answered with text\/html \(status 200\)/],
    ['no ONVIF', { answersAll: { ...page, status: 404 } }, '', 'not_found', /no ONVIF at this path/],
    ['XML of another kind', { answersAll: { ...page, body: '<rss/>' } }, '', 'protocol', /not with ONVIF/],
    [
      'no such profile',
      {},
      '?subtype=Profile_9',
      'not_found',
      /no profile Profile_9, only: Profile_1, Profile_2/,
    ],
    ['no such number', {}, '?subtype=7', 'not_found', /no profile 7/],
    ['no profiles', { profiles: [] }, '', 'not_found', /has no profiles/],
    ['no snapshots', {}, '?subtype=1&snapshot', 'unsupported', /ActionNotSupported: no snapshots/],
    [
      'a program',
      { profiles: [{ token: 'x', streamUri: 'exec:reboot' }] },
      '',
      'unsupported',
      /gave an address that is not opened/,
    ],
  ];
  for (const [title, habits, suffix, code, message] of CASES) {
    test(title, async (t) => {
      await assert.rejects(openCamera(t, habits, suffix), (error: StreamError) => {
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  for (const auth of ['token', 'digest', 'both'] as const) {
    test(`a wrong password (${auth}), asked a few times at most`, async (t) => {
      const camera = await startOnvifCamera({ auth, profiles: PROFILES });
      t.after(() => camera.close());
      const source = parseSourceText(`onvif://admin:wrong-one@127.0.0.1:${camera.port}`);
      const services = {} as Services;
      const context = {
        stream: 'cam',
        signal: AbortSignal.timeout(5000),
        log: createLogger('test'),
        services,
      };
      await assert.rejects(open(source, context), (error: StreamError) => {
        assert.equal(error.code, 'unauthorized');
        assert.match(error.message, /127\.0\.0\.1:\d+: wrong user or password/);
        assert.doesNotMatch(error.message, /wrong-one/);
        return true;
      });
      assert.ok(camera.requests.length <= 4, camera.requests.join(', '));
    });
  }

  test('no password where one is wanted', async (t) => {
    const camera = await startOnvifCamera({ auth: 'token', profiles: PROFILES });
    t.after(() => camera.close());
    const context = { stream: 'cam', signal: AbortSignal.timeout(5000), log: createLogger('test') };
    await assert.rejects(
      open(parseSourceText(`onvif://127.0.0.1:${camera.port}`), { ...context, services: {} as Services }),
      { code: 'unauthorized', message: /user and password needed/ },
    );
  });
});

describe('mediaSources', () => {
  const sources = (uri: string, camera = 'onvif://u:p%2F@garden.example.org:8000', options = '') =>
    mediaSources(uri, parseAddress(camera), options);
  const CASES: readonly [title: string, uri: string, expected: readonly string[]][] = [
    [
      'tries the host that the user named, then the one that the camera named',
      ' rtsp://192.168.1.64:554/a?x=1&amp;y=2 ',
      ['rtsp://u:p%2F@garden.example.org:554/a?x=1&y=2', 'rtsp://u:p%2F@192.168.1.64:554/a?x=1&y=2'],
    ],
    ['never ourselves', 'rtsp://127.0.0.1/a', ['rtsp://u:p%2F@garden.example.org/a']],
    ['never nowhere', 'rtsp://0.0.0.0:554/a', ['rtsp://u:p%2F@garden.example.org:554/a']],
    [
      'never a number that is an address in disguise',
      'rtsp://2130706433/a',
      ['rtsp://u:p%2F@garden.example.org/a'],
    ],
    [
      'keeps credentials of the camera',
      'rtsp://v:w@garden.example.org/a',
      ['rtsp://v:w@garden.example.org/a'],
    ],
    [
      'takes no options of the camera',
      'rtsp://garden.example.org/a#transport=x',
      ['rtsp://u:p%2F@garden.example.org/a'],
    ],
  ];
  for (const [title, uri, expected] of CASES) {
    test(title, () => assert.deepEqual(sources(uri), expected));
  }

  for (const uri of ['exec:ls', 'ffmpeg:x', 'onvif://x', 'file:///etc/passwd', '', 'rtsp://a b/', '//x/y']) {
    test(`refuses ${uri || 'nothing'}`, () => assert.throws(() => sources(uri), StreamError));
  }
});

test('where the first host does not answer, the one that the camera named is opened', async (t) => {
  const profiles = [{ token: 'a', streamUri: 'rtsp://192.0.2.7:554/a' }];
  const { opened } = await openCamera(t, { profiles, auth: 'token' }, '', ['@127.0.0.1:554']);
  assert.equal(opened.length, 2);
  assert.match(opened[1]!, /@192\.0\.2\.7:554\/a$/);
});

describe('GET /api/onvif?src=', () => {
  const list = async (t: TestContext, habits: CameraHabits) => {
    const camera = await startOnvifCamera({ auth: 'token', ...habits });
    t.after(() => camera.close());
    const query = new URLSearchParams({ src: `${camera.url}?subtype=1` });
    const context = {
      services: {} as Services,
      log: createLogger('test'),
      signal: AbortSignal.timeout(5000),
    };
    const found = await discover(query, context);
    return found.map(({ name, info, url }) => [name, info, url?.slice(camera.url.length)]);
  };

  test('lists profiles, and the first once more for its snapshots', async (t) => {
    assert.deepEqual(await list(t, { profiles: PROFILES }), [
      ['Acme & Sons C-1 main', 'H264 2560x1440', '?subtype=Profile_1'],
      ['Acme & Sons C-1 sub', 'H264', '?subtype=Profile_2'],
      ['Acme & Sons C-1 snapshot', undefined, '?subtype=Profile_1&snapshot'],
    ]);
  });

  test('a token that is a number is given as its place', async (t) => {
    const profiles = [
      { token: '1', streamUri: 'rtsp://x/1' },
      { token: '2', streamUri: 'rtsp://x/2' },
    ];
    const urls = (await list(t, { profiles })).map(([, , url]) => url);
    assert.deepEqual(urls, ['?subtype=0', '?subtype=1']);
  });
});
