/** Home Assistant's own go2rtc client against the server, in the order that core calls it; Chromium is the browser behind core. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { type HaClient, startHaClient } from '../ha/client.ts';
import { launchBrowser, watchVideo } from '../helpers/browser.ts';
import { probe } from '../helpers/ffmpeg.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

/** As core names a camera of the ONVIF integration. */
const ID = 'onvif_aa:bb:cc:dd:ee:ff_1';

type Streams = Record<string, { producers: { url: string }[] }>;

describe("Home Assistant's go2rtc client", () => {
  let camera: RtspCamera;
  let server: TestServer;
  let ha: HaClient;
  let browser: Browser;

  before(
    async () => {
      camera = await startRtspCamera({
        feeds: [new ClipFeed(await h264Clip()), new ClipFeed(await audioClip('PCMA'))],
        auth: { user: 'admin', password: 's3cret-pass', schemes: ['md5'] },
      });
      server = await startServer({ streams: { yard: camera.url } });
      ha = await startHaClient(server.url('/'));
      browser = await launchBrowser();
    },
    { timeout: 240_000 },
  );
  after(async () => {
    await browser?.close();
    await ha?.[Symbol.asyncDispose]();
    await server?.stop();
    await camera?.close();
  });

  test('accepts the version without a repair', async () => {
    assert.equal(await ha.call('validate_server_version'), '1.9.15');
  });

  test('finds the schemes that its cameras use', async () => {
    const schemes = (await ha.call('schemes.list')) as string[];
    for (const scheme of ['rtsp', 'rtsps', 'http', 'https', 'ffmpeg'])
      assert.ok(schemes.includes(scheme), scheme);
  });

  test('reads the streams; the configured url stays what it was while the camera runs', async () => {
    const idle = (await ha.call('streams.list')) as Streams;
    assert.equal(idle.yard?.producers.length, 1);
    await ha.call('preload.enable', ['yard']);
    await until('the camera to run', () => camera.playing === 1);
    const running = (await ha.call('streams.list')) as Streams;
    assert.deepEqual(running.yard, idle.yard);
    assert.ok('yard' in ((await ha.call('preload.list')) as object));
    await ha.call('preload.disable', ['yard']);
    assert.deepEqual(await ha.call('preload.list'), {});
  });

  test('adds a stream with the sources that core gives, and does not add it twice', async () => {
    const sources = [camera.url, `ffmpeg:${ID}#audio=opus#query=log_level=debug`];
    await ha.call('streams.add', [ID, sources]);
    const added = ((await ha.call('streams.list')) as Streams)[ID]!;
    // core compares the first url with the camera's: if they differ, it adds the stream again at every offer
    assert.deepEqual(
      added.producers.map(({ url }) => url),
      sources,
    );
  });

  test('takes a snapshot, in the size asked for', async () => {
    const picture = Buffer.from((await ha.call('get_jpeg_snapshot', [ID, 320, 180])) as string, 'base64');
    const [info] = await probe('-', { bytes: picture });
    assert.deepEqual([info?.codec_name, info?.width, info?.height], ['mjpeg', 320, 180]);
  });

  test('shows the camera by WebRTC with sound, and ends when the browser leaves', {
    timeout: 60_000,
  }, async () => {
    await using page = await newPage(browser, server);
    await ha.call('ws.connect', [ID]);
    ha.onMessage = ({ kind, sdp, candidate }) => {
      if (kind === 'WebRTCAnswer') void page.evaluate(`answered(${JSON.stringify(sdp)})`);
      if (kind === 'WebRTCCandidate') void page.evaluate(`candidate(${JSON.stringify(candidate)})`);
    };
    const offer = (await page.evaluate('offer()')) as string;
    await ha.call('ws.offer', [offer], { ice_servers: ['stun:127.0.0.1:9'] });
    const { width, distinct } = await watchVideo(page, { timeoutMs: 20_000 });
    assert.equal(width, 640);
    assert.ok(distinct > 10, `${distinct} different pictures`);
    await until('sound', async () => Number(await page.evaluate('heard()')) > 0);
    assert.deepEqual(
      new Set(ha.messages.map(({ kind }) => kind)),
      new Set(['WebRTCAnswer', 'WebRTCCandidate']),
    );
    await page.evaluate('connection.close()');
    await ha.call('ws.close');
    await until('the viewer to be gone', async () => (await server.viewers(ID)) === 0);
  });

  test('is told why a stream cannot be shown', async () => {
    await using page = await newPage(browser, server);
    ha.messages.length = 0;
    await ha.call('ws.connect', ['nothing']);
    await ha.call('ws.offer', [(await page.evaluate('offer()')) as string]);
    const error = await until('an error', () => ha.messages.find(({ kind }) => kind === 'WsError'));
    assert.match(error.error!, /^webrtc.*: stream not found/);
    await ha.call('ws.close');
  });

  test('understood every message', () => {
    assert.equal(ha.log, '');
  });
});

/** A page with a peer connection as the frontend of Home Assistant makes it. */
async function newPage(browser: Browser, server: TestServer): Promise<Page & AsyncDisposable> {
  const page = await browser.newPage();
  await page.goto(server.url('/api'));
  await page.setContent('<video autoplay playsinline></video>');
  await page.evaluate(`
    const connection = (globalThis.connection = new RTCPeerConnection());
    const early = [];
    connection.addTransceiver('audio', { direction: 'recvonly' });
    connection.addTransceiver('video', { direction: 'recvonly' });
    const media = new MediaStream();
    connection.ontrack = ({ track }) => {
      media.addTrack(track);
      document.querySelector('video').srcObject = media;
    };
    globalThis.offer = async () => {
      await connection.setLocalDescription(await connection.createOffer());
      return connection.localDescription.sdp;
    };
    globalThis.candidate = async (candidate) => {
      if (!connection.remoteDescription) return void early.push(candidate);
      await connection.addIceCandidate({ candidate, sdpMid: '0' }).catch(() => {});
    };
    globalThis.answered = async (sdp) => {
      await connection.setRemoteDescription({ type: 'answer', sdp });
      for (const candidate of early.splice(0)) await globalThis.candidate(candidate);
    };
    globalThis.heard = async () => {
      let energy = 0;
      for (const report of (await connection.getStats()).values())
        if (report.type === 'inbound-rtp' && report.kind === 'audio') energy = report.totalAudioEnergy;
      return energy;
    };
  `);
  return Object.assign(page, { [Symbol.asyncDispose]: () => page.close() });
}
