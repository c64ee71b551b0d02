/**
 * ONVIF, both sides: our cameras found and opened by a client that we did not write (npm `onvif`), played by ffmpeg; and
 * our source fed by a fake camera and by another Porthole.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import onvifClient, { type Cam } from 'onvif';
import { h264Clip, hevcClip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type OnvifCamera, startOnvifCamera } from '../fakes/onvif-camera.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { decode, probe } from '../helpers/ffmpeg.ts';
import { freePort } from '../helpers/ports.ts';
import { startServer, type TestServer } from '../helpers/server.ts';

/** CommonJS that makes its names as it runs: they cannot be imported one by one. */
const { Cam: Client, Discovery } = onvifClient;

const TCP = ['-rtsp_transport', 'tcp'];
const USER = { username: 'admin', password: 'p@ss:w/rd' };
const BASIC = `Basic ${btoa(`${USER.username}:${USER.password}`)}`;
const PROBE_MS = 1500;

/** A call of the client as a promise. */
function ask<T>(call: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    call((error, value) => (error ? reject(error) : resolve(value as T))),
  );
}

async function connect(port: number, path: string, user: Partial<typeof USER> = USER): Promise<Cam> {
  const cam = new Client({ hostname: '127.0.0.1', port, path, timeout: 5000, autoconnect: false, ...user });
  await ask((done) => cam.connect(done));
  return cam;
}

const streamUri = async (cam: Cam, profileToken: string): Promise<string> => {
  const { uri } = await ask<{ uri: string }>((done) =>
    cam.getStreamUri({ protocol: 'RTSP', profileToken }, done),
  );
  return uri;
};

describe('a server of two streams', { concurrency: 1 }, () => {
  let front: RtspCamera;
  let garage: RtspCamera;
  let server: TestServer;
  let viewer: TestServer;
  let garagePort: number;

  before(async () => {
    front = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
    garage = await startRtspCamera({ feeds: [new ClipFeed(await hevcClip())] });
    garagePort = await freePort();
    server = await startServer({
      api: { ...USER, local_auth: true },
      streams: { 'front door': front.url, garage: garage.url },
      onvif: { discovery: true, devices: { garage: { listen: `127.0.0.1:${garagePort}` } } },
    });
    const address = `onvif://admin:${encodeURIComponent(USER.password)}@127.0.0.1:${server.apiPort}`;
    viewer = await startServer({
      streams: {
        whole: `${address}?subtype=1`,
        own: `${address}/onvif/front%20door/device_service#media=video`,
        picture: `${address}?subtype=front door&snapshot`.replace('t d', 't%20d'),
        wrong: address.replace('p%40', 'q%40'),
      },
    });
  });
  after(async () => {
    await viewer?.stop();
    await server?.stop();
    await front?.close();
    await garage?.close();
  });

  test('is one device with both', async () => {
    const cam = await connect(server.apiPort, '/onvif/device_service');
    const tokens = cam.profiles?.map((profile) => profile.$?.token);
    assert.deepEqual(tokens, ['front door', 'garage']);
    assert.equal(await streamUri(cam, 'garage'), server.rtsp('garage'));
  });

  test('and a device of each: played, with pictures, and with what is known by then', async () => {
    const path = '/onvif/front%20door/device_service';
    const cam = await connect(server.apiPort, path);
    const uri = await streamUri(cam, 'front door');
    const { video } = await decode(uri, 2, { options: TCP });
    assert.ok(video.times.length > 30 && video.distinct > 20);
    const snapshot = await ask<{ uri: string }>((done) =>
      cam.getSnapshotUri({ profileToken: 'front door' }, done),
    );
    const picture = await fetch(snapshot.uri, { headers: { authorization: BASIC } });
    assert.equal(picture.headers.get('content-type'), 'image/jpeg');

    const [known] = await probe(uri, { options: TCP });
    const [profile] = (await connect(server.apiPort, path)).profiles ?? [];
    const { encoding, resolution } = profile?.videoEncoderConfiguration ?? {};
    assert.deepEqual([encoding, resolution.width, resolution.height], ['H264', known?.width, known?.height]);
  });

  test('also at a port of its own, where H.265 has its name', async () => {
    const earlier = await connect(garagePort, '/onvif/device_service');
    const { video } = await decode(await streamUri(earlier, 'garage'), 2, { options: TCP });
    assert.ok(video.times.length > 30);
    const cam = await connect(garagePort, '/onvif/device_service');
    assert.deepEqual(
      cam.profiles?.map((profile) => [profile.$.token, profile.videoEncoderConfiguration.encoding]),
      [['garage', 'H265']],
    );
  });

  test('lets nobody in without the password', async () => {
    const nobody = { username: undefined, password: undefined };
    for (const user of [{ ...USER, password: 'wrong' }, nobody] as Partial<typeof USER>[]) {
      const cam = await connect(server.apiPort, '/onvif/device_service', user);
      assert.deepEqual(cam.profiles ?? [], []);
      await assert.rejects(ask((done) => cam.getDeviceInformation(done)));
      await assert.rejects(streamUri(cam, 'garage'));
    }
  });

  test('is found by multicast', async () => {
    interface Found {
      readonly probeMatches: { readonly probeMatch: { readonly XAddrs: string; readonly scopes: string } };
    }
    const found = await ask<Found[]>((done) =>
      Discovery.probe({ timeout: PROBE_MS, resolve: false, device: 'lo' }, done as never),
    );
    const addresses = found.map(({ probeMatches }) => probeMatches.probeMatch.XAddrs).sort();
    assert.deepEqual(
      addresses.filter((text) => text.includes(`:${server.apiPort}/`) || text.includes(`:${garagePort}/`)),
      [
        `http://127.0.0.1:${server.apiPort}/onvif/front%20door/device_service`,
        `http://127.0.0.1:${garagePort}/onvif/garage/device_service`,
      ].sort(),
    );
  });

  test('is found by another Porthole, with its profiles', async () => {
    const { sources } = (await (await viewer.fetch('/api/onvif')).json()) as {
      sources: { url: string; info: string }[];
    };
    const mine = sources.find(({ url }) => url.includes(`:${server.apiPort}/`));
    assert.deepEqual(
      [mine?.url, mine?.info],
      [
        `onvif://user:pass@127.0.0.1:${server.apiPort}/onvif/front%20door/device_service`,
        'front door Porthole',
      ],
    );
    const source = mine!.url.replace('user:pass', `admin:${encodeURIComponent(USER.password)}`);
    const listed = await viewer.fetch(`/api/onvif?src=${encodeURIComponent(source)}`);
    const { sources: profiles } = (await listed.json()) as { sources: { url: string }[] };
    assert.deepEqual(
      profiles.map(({ url }) => url.slice(source.length)),
      ['?subtype=front%20door', '?subtype=front%20door&snapshot'],
    );
  });

  for (const [stream, codec] of [
    ['whole', 'hevc'],
    ['own', 'h264'],
  ] as const) {
    test(`plays in another Porthole: ${stream}`, async () => {
      const { video } = await decode(viewer.rtsp(stream), 1.5, { options: TCP });
      assert.ok(video.times.length > 20 && video.distinct > 15, `${video.times.length} pictures`);
      const { producers } = await viewer.stream(stream);
      assert.equal(producers[0]?.receivers?.[0]?.codec.codec_name, codec);
    });
  }

  test('gives another Porthole its pictures', async () => {
    const picture = await viewer.fetch('/api/frame.jpeg?src=picture');
    const [track] = await probe('-', { bytes: Buffer.from(await picture.arrayBuffer()) });
    assert.deepEqual([track?.codec_name, track?.width, track?.height], ['mjpeg', 640, 360]);
  });

  test('tells another Porthole that its password is wrong, without telling the password', async () => {
    const answer = await viewer.fetch('/api/frame.jpeg?src=wrong');
    const text = await answer.text();
    assert.equal(answer.status, 502);
    assert.match(text, /wrong user or password/);
    assert.doesNotMatch(text + viewer.log, /ss:w|q%40|q@ss/);
  });
});

describe('a camera with a wrong clock and a wrong idea of its address', () => {
  let rtsp: RtspCamera;
  let onvif: OnvifCamera;
  let server: TestServer;

  before(async () => {
    rtsp = await startRtspCamera({
      feeds: [new ClipFeed(await h264Clip())],
      auth: { user: USER.username, password: USER.password, schemes: ['md5'] },
    });
    const { port, pathname } = new URL(rtsp.url);
    onvif = await startOnvifCamera({
      ...{ auth: 'token', user: USER.username, password: USER.password },
      ...{ clockAheadMs: -20 * 365 * 86_400_000, ownHost: '192.168.1.108' },
      profiles: [{ token: 'MainStream', streamUri: `rtsp://192.168.1.108:${port}${pathname}` }],
    });
    server = await startServer({ streams: { cam: onvif.url } });
  });
  after(async () => {
    await server?.stop();
    onvif?.close();
    await rtsp?.close();
  });

  test('plays', async () => {
    const { video } = await decode(server.rtsp('cam'), 2, { options: TCP });
    assert.ok(video.times.length > 30 && video.distinct > 20);
  });
});

describe('a camera that tells and moves, as a client that we did not write sees it', () => {
  let camera: OnvifCamera;

  before(async () => {
    camera = await startOnvifCamera({
      ...{ auth: 'token', user: USER.username, password: USER.password },
      profiles: [{ token: 'main', streamUri: 'rtsp://127.0.0.1/main', source: 'lens' }],
      events: { topics: ['tns1:RuleEngine/CellMotionDetector/Motion'] },
      ptz: { presets: [['7', 'Door']] },
    });
  });
  after(() => camera?.close());

  test('has events', async () => {
    const cam = await connect(camera.port, '/onvif/device_service');
    const { topicSet } = await ask<{ topicSet: { ruleEngine: object } }>((done) =>
      cam.getEventProperties(done),
    );
    assert.deepEqual(Object.keys(topicSet.ruleEngine), ['cellMotionDetector']);
    await ask((done) => cam.createPullPointSubscription(done));
    camera.events?.notify({
      topic: 'tns1:RuleEngine/CellMotionDetector/Motion',
      ...{ operation: 'Changed', source: { Rule: 'r' }, data: { IsMotion: 'true' } },
    });
    const { notificationMessage } = await ask<{ notificationMessage: { topic: { _: string } } }>((done) =>
      cam.pullMessages({ messageLimit: 5 }, done),
    );
    assert.equal(notificationMessage.topic._, 'tns1:RuleEngine/CellMotionDetector/Motion');
    await ask((done) => cam.unsubscribe(done));
    assert.equal(camera.events?.subscriptions, 0);
  });

  test('moves', async () => {
    const cam = await connect(camera.port, '/onvif/device_service');
    const profileToken = 'main';
    const presets = await ask<Record<string, unknown>>((done) => cam.getPresets({ profileToken }, done));
    assert.deepEqual(Object.keys(presets), ['Door']);
    await ask((done) => cam.continuousMove({ profileToken, x: 0.5, y: -0.5, zoom: 0 }, done));
    await ask((done) => cam.stop({ profileToken, panTilt: true, zoom: true }, done));
    await ask((done) => cam.gotoPreset({ profileToken, preset: '7' }, done));
    assert.deepEqual(camera.moves, ['0.5 -0.5 0', 'stop', 'preset 7']);
  });
});
