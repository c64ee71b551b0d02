/** Chromium at the other end of sessions that we begin: its camera is our source (WHEP), and it plays what we publish (WHIP). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { launchBrowser, watchVideo } from '../helpers/browser.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

/** A page that answers offers: with its fake camera and microphone, or by playing what comes. */
const PAGE = `<!doctype html><video autoplay muted playsinline></video><script>
  async function answer(sdp, sends) {
    const pc = (globalThis.pc = new RTCPeerConnection());
    const incoming = new MediaStream();
    pc.ontrack = ({ track }) => {
      incoming.addTrack(track);
      if (!sends) document.querySelector('video').srcObject = incoming;
    };
    await pc.setRemoteDescription({ type: 'offer', sdp });
    if (sends) {
      const own = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
      for (const transceiver of pc.getTransceivers()) {
        const { kind } = transceiver.receiver.track;
        await transceiver.sender.replaceTrack(own.getTracks().find((track) => track.kind === kind));
        transceiver.direction = 'sendonly';
      }
    }
    await pc.setLocalDescription();
    while (pc.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20));
    return pc.localDescription.sdp;
  }
</script>`;

describe('Chromium as the peer of our offers', () => {
  let browser: Browser;
  let page: Page;
  let site: Server;
  let camera: RtspCamera;
  let server: TestServer;
  let url = '';
  let deleted = 0;

  before(async () => {
    site = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (request.method === 'GET') response.setHeader('content-type', 'text/html').end(PAGE);
      else if (request.method === 'DELETE') {
        deleted++;
        response.end();
      } else {
        const sends = request.url === '/whep';
        const sdp = await page.evaluate(`answer(${JSON.stringify(body)}, ${sends})`);
        response.writeHead(201, { 'content-type': 'application/sdp', location: '/session' }).end(sdp);
      }
    });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(url);
    camera = await startRtspCamera({
      feeds: [new ClipFeed(await h264Clip()), new ClipFeed(await audioClip('PCMA', { hertz: 440 }))],
    });
    server = await startServer({ streams: { browser: `webrtc:${url}/whep`, cam: camera.url } });
  });
  after(async () => {
    await server?.stop();
    await camera?.close();
    await browser?.close();
    site?.closeAllConnections();
    site?.close();
  });

  test('its camera and microphone are a source', async () => {
    await using viewer = await watchMse(server, 'browser', { keep: true });
    await viewer.play(2, 20_000);
    const { video, audio, complaints } = await viewer.decode();
    assert.deepEqual(complaints, []);
    assert.ok(video.distinct > 10 && audio.times.length > 20, `${video.distinct} pictures`);
    const [producer] = (await server.stream('browser')).producers;
    assert.deepEqual(
      producer!.receivers!.map(({ codec }) => codec.codec_name),
      ['h264', 'opus'],
    );
    await viewer.close();
    await until('the browser to be told', () => deleted === 1, 12_000);
  });

  test('it plays what is published to it', async () => {
    const query = new URLSearchParams({ src: 'cam', dst: `webrtc:${url}/whip` });
    const response = await server.fetch(`/api/streams?${query}`, { method: 'POST' });
    assert.equal(response.status, 200, await response.text());
    const { distinct, width } = await watchVideo(page, { timeoutMs: 15_000 });
    assert.ok(distinct > 15, `${distinct} pictures`);
    assert.equal(width, 640);
  });
});
