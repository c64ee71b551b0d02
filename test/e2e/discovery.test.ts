/** Cameras are found and added as the page does it: scans, forms, a device's profiles; and cameras of Home Assistant play. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type HassCore, startHassCore } from '../fakes/hass-core.ts';
import { type OnvifCamera, startOnvifCamera } from '../fakes/onvif-camera.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { decode, probe } from '../helpers/ffmpeg.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const TCP = ['-rtsp_transport', 'tcp'];
const TOKEN = 'long-lived-token-of-the-test';

interface Found {
  readonly name: string;
  readonly camera?: string;
  readonly credentials: boolean;
  readonly sources: readonly { readonly source: string; readonly role?: string }[];
}

describe('cameras are found', { concurrency: 1 }, () => {
  let rtsp: RtspCamera;
  let onvif: OnvifCamera;
  let other: TestServer;
  let server: TestServer;

  const scan = async (kind: string): Promise<Found[]> => {
    const startedAt = performance.now();
    const answer = await server.fetch(`/api/scan?kind=${kind}`);
    assert.equal(answer.status, 200);
    assert.ok(performance.now() - startedAt < 6000);
    return ((await answer.json()) as { found: Found[] }).found;
  };

  before(async () => {
    rtsp = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
    onvif = await startOnvifCamera({
      auth: 'token',
      profiles: [
        { token: 'main', name: 'Main', size: [1920, 1080], streamUri: rtsp.url },
        { token: 'sub', name: 'Sub', size: [640, 360], streamUri: rtsp.url },
      ],
    });
    other = await startServer({ streams: { yard: rtsp.url }, onvif: { discovery: true } });
    server = await startServer({
      streams: { known: `onvif://127.0.0.1:${other.apiPort}/onvif/yard/device_service`, known_sub: rtsp.url },
      cameras: { known: { sub: 'known_sub' } },
    });
  });
  after(async () => {
    await server?.stop();
    await other?.stop();
    onvif?.close();
    await rtsp?.close();
  });

  test('kinds that can be scanned', async () => {
    const { kinds } = (await (await server.fetch('/api/scan')).json()) as { kinds: { kind: string }[] };
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ['onvif', 'mdns', 'dvrip', 'usb'],
    );
    assert.equal((await server.fetch('/api/scan?kind=homeassistant')).status, 404);
    assert.equal((await server.fetch('/api/scan?kind=x')).status, 400);
  });

  test('by ONVIF, with the one that we have', async () => {
    const found = await scan('onvif');
    const source = `onvif://127.0.0.1:${other.apiPort}/onvif/yard/device_service`;
    const mine = found.find(({ sources }) => sources[0]?.source === source);
    assert.deepEqual([mine?.name, mine?.camera, mine?.credentials], ['yard', 'known', true]);
  });

  for (const kind of ['mdns', 'dvrip', 'usb'])
    test(`by ${kind}, in time`, async () => {
      await scan(kind);
    });

  const login = async (body: object) => {
    const answer = await server.fetch('/api/scan', { method: 'POST', body: JSON.stringify(body) });
    assert.equal(answer.status, 200);
    return (await answer.json()) as { found: Found[]; error?: { code: string; message: string } };
  };

  test('the profiles of a device, and its main stream plays', async () => {
    const address = `127.0.0.1:${onvif.port}`;
    const { found } = await login({ address, username: 'admin', password: 'p@ss:w/rd' });
    assert.deepEqual(
      found[0]?.sources.map(({ source, role }) => [role, source.slice(onvif.url.length)]),
      [
        ['main', '?subtype=main'],
        ['sub', '?subtype=sub'],
      ],
    );
    const added = await server.fetch(
      `/api/streams?name=found&src=${encodeURIComponent(found[0]!.sources[0]!.source)}`,
      { method: 'PUT' },
    );
    assert.equal(added.status, 200);
    const { video } = await decode(server.rtsp('found'), 1, { options: TCP });
    assert.ok(video.times.length > 10);
  });

  test('a wrong password is said, and not repeated', async () => {
    const { found, error } = await login({
      ...{ address: `127.0.0.1:${onvif.port}`, username: 'admin', password: 'wrong-one' },
    });
    assert.deepEqual([found, error?.code], [[], 'unauthorized']);
    assert.doesNotMatch(JSON.stringify(error) + server.log, /wrong-one/);
  });

  test('bodies that say nothing are refused', async () => {
    for (const body of ['', '{}', '{"address":""}', '{"address":5}'])
      assert.equal((await server.fetch('/api/scan', { method: 'POST', body })).status, 400);
  });

  test('forms of all kinds that may be added', async () => {
    const forms = (await (await server.fetch('/api/sources')).json()) as {
      format: string;
      fields: object[];
      template: string;
    }[];
    const names = forms.map(({ format }) => format);
    for (const name of ['rtsp', 'onvif', 'http', 'webrtc', 'hass', 'v4l2'])
      assert.ok(names.includes(name), name);
    assert.ok(!names.includes('exec'));
    for (const { fields, template } of forms) assert.ok(fields.length > 0 && template.includes('{'));
  });
});

describe('cameras of Home Assistant', { concurrency: 1 }, () => {
  let feeds: ClipFeed[];
  let rtsp: RtspCamera;
  let other: TestServer;
  let core: HassCore;
  let server: TestServer;

  before(async () => {
    feeds = [new ClipFeed(await h264Clip()), new ClipFeed(await audioClip('PCMA', { hertz: 440 }))];
    for (const feed of feeds) await feed.start();
    rtsp = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
    other = await startServer({ streams: { yard: rtsp.url } });
    const jpeg = Buffer.from(await (await other.fetch('/api/frame.jpeg?src=yard')).arrayBuffer());
    const hls = { api: `http://127.0.0.1:${other.apiPort}/api/`, stream: 'yard' };
    core = await startHassCore(TOKEN, [
      { id: 'camera.peer', name: 'Peer', feeds },
      { id: 'camera.stream', name: 'Stream', refuses: 'not now', hls },
      { id: 'camera.stills', name: 'Stills', jpeg },
      { id: 'camera.ours', platform: 'porthole', feeds },
    ]);
    const hass = `hass://${core.host}?entity_id=camera`;
    server = await startServer(
      {
        hass: { url: `http://${core.host}`, token: TOKEN },
        streams: {
          peer: `${hass}.peer`,
          stream: `${hass}.stream`,
          stills: `${hass}.stills&token=${TOKEN}`,
          addon: 'hass://supervisor?entity_id=camera.stills',
          ours: `${hass}.ours`,
        },
      },
      { env: { ...process.env, SUPERVISOR: core.host, SUPERVISOR_TOKEN: TOKEN } },
    );
  });
  after(async () => {
    await server?.stop();
    await core?.close();
    await other?.stop();
    await rtsp?.close();
    for (const feed of feeds ?? []) feed.stop();
  });

  test('are found, but for ours', async () => {
    const { found } = (await (await server.fetch('/api/scan?kind=homeassistant')).json()) as {
      found: Found[];
    };
    assert.deepEqual(
      found.map(({ name, camera }) => [name, camera]),
      [
        ['Peer', 'peer'],
        ['Stream', 'stream'],
        ['Stills', 'stills'],
      ],
    );
  });

  test('play by WebRTC, and are told when nobody watches', async () => {
    {
      await using viewer = await watchMse(server, 'peer', { keep: true });
      await viewer.play(1, 15_000);
      const { video, complaints } = await viewer.decode();
      assert.deepEqual(complaints, []);
      assert.ok(video.distinct > 10, `${video.distinct} pictures`);
    }
    await until('the session to end', () => core.sockets === 0 && core.cameras[0]?.told, 15_000);
  });

  test('play by HLS where WebRTC fails', async () => {
    const { video } = await decode(server.rtsp('stream'), 1.5, { options: TCP });
    assert.ok(video.times.length > 20 && video.distinct > 15, `${video.times.length} pictures`);
  });

  for (const name of ['stills', 'addon']) {
    test(`give pictures: ${name}`, async () => {
      const answer = await server.fetch(`/api/frame.jpeg?src=${name}`);
      const [track] = await probe('-', { bytes: Buffer.from(await answer.arrayBuffer()) });
      assert.deepEqual([track?.codec_name, track?.width], ['mjpeg', 640]);
    });
  }

  test('that are ours are refused, and no token is told', async () => {
    const answer = await server.fetch('/api/frame.jpeg?src=ours');
    const text = await answer.text();
    assert.match(text, /a camera of this server itself/);
    const streams = await (await server.fetch('/api/streams')).text();
    assert.doesNotMatch(text + streams + server.log, new RegExp(TOKEN));
  });
});
