/** WebRTC judged by Chromium without a player of ours: what it decodes, how late, what its microphone says to the camera. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { decode, decodeSound, tonePurity } from '../helpers/ffmpeg.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const HERTZ = 1000;

/** A page that does nothing by itself; `connect` makes a session and tells when pictures came. */
const PAGE = `<!doctype html><video autoplay muted playsinline></video><script>
  const video = document.querySelector('video');
  const seen = { frames: 0 };
  const onFrame = (now, { presentedFrames, width, receiveTime }) => {
    seen.firstMs ??= performance.now() - seen.startMs;
    Object.assign(seen, { frames: presentedFrames, width, lateMs: now - receiveTime });
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  async function connect(url, media, keep) {
    seen.startMs = performance.now();
    const pc = (globalThis.pc = new RTCPeerConnection());
    const stream = new MediaStream();
    pc.ontrack = ({ track }) => { stream.addTrack(track); video.srcObject = stream; };
    for (const [source, direction] of media) pc.addTransceiver(source, { direction });
    await pc.setLocalDescription();
    const answer = await fetch(url, {
      method: 'POST', headers: { 'content-type': 'application/sdp' }, body: pc.localDescription.sdp,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(answer.status + ' ' + text);
    const sdp = text.split('\\r\\n').filter((line) => !line.startsWith('a=candidate') || line.includes(keep));
    await pc.setRemoteDescription({ type: 'answer', sdp: sdp.join('\\r\\n') });
  }
  async function statistics() {
    const result = {};
    for (const entry of (await pc.getStats()).values()) {
      if (entry.type === 'inbound-rtp' && entry.kind === 'video') Object.assign(result, {
        decoded: entry.framesDecoded, lost: entry.packetsLost, pli: entry.pliCount, freezes: entry.freezeCount,
        fps: entry.framesPerSecond,
      });
      if (entry.type === 'transport') Object.assign(result, { srtp: entry.srtpCipher, dtls: entry.dtlsState });
      if (entry.type === 'remote-candidate' && entry.protocol) result.protocol = entry.protocol;
    }
    return result;
  }
  const microphone = async () => (await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  })).getAudioTracks()[0];
  const webcam = async () => (await navigator.mediaDevices.getUserMedia({ video: true })).getVideoTracks()[0];
</script>`;

const WATCH = "[['video', 'recvonly'], ['audio', 'recvonly']]";

interface Statistics {
  readonly protocol?: string;
  readonly srtp?: string;
  readonly pli?: number;
}

describe('WebRTC in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-webrtc-'));
  let camera: RtspCamera;
  let server: TestServer;
  let browser: Browser;
  let pages: Server;

  before(async () => {
    const tone = join(folder, 'tone.wav');
    await runOk('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', `sine=frequency=${HERTZ}:sample_rate=48000:duration=10`, tone],
    ]);
    camera = await startRtspCamera({
      feeds: [new ClipFeed(await h264Clip({ gop: 50 })), new ClipFeed(await audioClip('PCMA'))],
      loudspeaker: 'PCMU',
    });
    server = await startServer({
      api: { origin: '*' },
      streams: { door: `${camera.url}#backchannel=1`, pushed: null },
    });
    browser = await launchBrowser([
      `--use-file-for-fake-audio-capture=${tone}`,
      '--disable-features=LocalNetworkAccessChecks',
    ]);
    pages = createServer((_, response) => response.setHeader('content-type', 'text/html').end(PAGE));
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await camera?.close();
    pages?.close();
    rmSync(folder, { recursive: true });
  });

  async function open(): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    return page;
  }

  const connect = (page: Page, query: string, media: string, keep = ''): Promise<void> =>
    page.evaluate(`(async () => connect('${server.url('/api/webrtc')}?${query}', ${media}, '${keep}'))()`);

  interface Seen {
    readonly frames: number;
    readonly firstMs: number;
    readonly width: number;
    readonly lateMs: number;
  }
  const seen = (page: Page): Promise<Seen> => page.evaluate('seen');

  for (const protocol of ['udp', 'tcp']) {
    test(`plays over ${protocol}, and stays live`, async () => {
      const page = await open();
      await connect(page, 'src=door', WATCH, ` ${protocol} `);
      await until('a picture', async () => (await seen(page)).frames > 0, 10_000);
      const before = await seen(page);
      await sleep(2000);
      const now = await seen(page);
      const statistics = (await page.evaluate('statistics()')) as Statistics;
      const report = JSON.stringify({ before, now, statistics });
      assert.equal(now.width, 640);
      assert.ok(now.frames - before.frames > 35, report);
      assert.ok(now.lateMs < 300, report);
      assert.equal(statistics.protocol, protocol, report);
      assert.equal(statistics.srtp, 'SRTP_AES128_CM_HMAC_SHA1_80', report);
      assert.equal(statistics.pli, 0, report);
      await page.evaluate('pc.close()');
      await page.close();
      await until('the viewer to be gone', async () => (await server.viewers('door')) === 0);
    });
  }

  test('its microphone is heard at the camera, and muting ends nothing', async () => {
    const page = await open();
    camera.heard.length = 0;
    await connect(page, 'src=door', "[['video', 'recvonly'], [await microphone(), 'sendrecv']]");
    await until(
      'two seconds of sound',
      () => camera.heard.reduce((sum, { payload }) => sum + payload.length, 0) > 24_000,
      15_000,
    );
    const heard = Buffer.concat(camera.heard.map(({ payload }) => payload)).subarray(8000, 24_000);
    const samples = await decodeSound(heard, ['-f', 'mulaw', '-ar', '8000', '-ac', '1']);
    const purity = tonePurity(samples, HERTZ);
    assert.ok(purity > 0.8, `${HERTZ} Hz: ${purity}`);
    await page.evaluate('pc.getSenders().at(-1).replaceTrack(null)');
    const muted = camera.heard.length;
    await sleep(1500);
    assert.ok(camera.heard.length - muted < 20);
    assert.equal(await page.evaluate('pc.connectionState'), 'connected');
    const { frames } = await seen(page);
    await sleep(500);
    assert.ok((await seen(page)).frames > frames, 'the picture goes on');
    await page.evaluate('(async () => pc.getSenders().at(-1).replaceTrack(await microphone()))()');
    await until('sound again', () => camera.heard.length > muted + 50);
    await page.evaluate('pc.close()');
    await page.close();
  });

  test('publishes its camera, and another page and ffmpeg watch it', async () => {
    const publisher = await open();
    await connect(publisher, 'dst=pushed', "[[await webcam(), 'sendonly']]");
    await until('the push', async () => (await server.stream('pushed')).producers.length > 0, 10_000);
    const { video, complaints } = await decode(server.rtsp('pushed'), 2, {
      options: ['-rtsp_transport', 'tcp'],
    });
    assert.ok(video.distinct > 20, JSON.stringify({ distinct: video.distinct, complaints }));
    const viewer = await open();
    await connect(viewer, 'src=pushed', "[['video', 'recvonly']]");
    await until('a picture', async () => (await seen(viewer)).frames > 20, 10_000);
    await publisher.evaluate('pc.close()');
    await until('the end of the push', async () =>
      (await server.stream('pushed')).producers.every(({ id }) => id === undefined),
    );
    await Promise.all([publisher, viewer].map((page) => page.close()));
  });
});
