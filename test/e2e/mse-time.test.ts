/**
 * What Chromium makes of the time in our fragments, without the rest of the server: a picture at once for a late viewer,
 * and no stop at a new picture size, at skipped frames, at lost audio.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Packet } from '../../server/src/core/model.ts';
import type { Stream } from '../../server/src/core/stream.ts';
import { sendMp4 } from '../../server/src/formats/mp4/http-viewer.ts';
import { watchMse } from '../../server/src/formats/mp4/mse-viewer.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { type Clip, ClipCamera, makeClip, streamOf } from '../helpers/mp4-clip.ts';
import { until } from '../helpers/wait.ts';

/** As plain as a player can be: appends what comes, never seeks. `look` tells how it goes. */
const PAGE = `<video muted autoplay playsinline></video><script>
const video = document.querySelector('video'), opened = performance.now();
const look = { firstMs: 0, frames: 0, width: 0, ranges: 0, end: 0, currentTime: 0, errors: [] };
video.onerror = () => look.errors.push(video.error.message);
video.requestVideoFrameCallback(function seen(_, { width }) {
  look.firstMs ||= performance.now() - opened;
  look.frames++;
  look.width = width;
  video.requestVideoFrameCallback(seen);
});
setInterval(() => {
  look.ranges = video.buffered.length;
  look.end = look.ranges && video.buffered.end(look.ranges - 1);
  look.currentTime = video.currentTime;
}, 20);
if (location.hash === '#mp4') video.src = '/stream.mp4';
else {
  const source = new MediaSource(), queue = [];
  video.src = URL.createObjectURL(source);
  source.onsourceopen = () => {
    const socket = new WebSocket(location.origin.replace('http', 'ws'));
    socket.binaryType = 'arraybuffer';
    let buffer;
    const append = () => buffer && !buffer.updating && queue.length && buffer.appendBuffer(queue.shift());
    socket.onopen = () => socket.send('avc1.640029,mp4a.40.2');
    socket.onclose = () => look.errors.push('closed');
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') {
        buffer = source.addSourceBuffer(JSON.parse(data).value);
        buffer.onupdateend = append;
        buffer.onerror = () => look.errors.push('append failed');
      } else { queue.push(data); append(); }
    };
  };
}
</script>`;

interface Look {
  readonly firstMs: number;
  readonly frames: number;
  readonly width: number;
  readonly ranges: number;
  readonly end: number;
  readonly currentTime: number;
  readonly errors: readonly string[];
}

/** One page on one stream; `stuck` makes the viewer look as if its socket were full. */
interface Site {
  readonly url: string;
  stuck: boolean;
  close(): void;
}

async function openSite(stream: Stream): Promise<Site> {
  const server = createServer((request, response) => {
    if (request.url === '/stream.mp4') void sendMp4(stream, new URLSearchParams(), response);
    else response.setHeader('content-type', 'text/html').end(PAGE);
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (websocket) => {
      const seen = new Proxy(websocket, {
        get(target, name) {
          if (name === 'bufferedAmount' && site.stuck) return 1 << 30;
          const value = Reflect.get(target, name);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }) as WebSocket;
      websocket.once('message', async (codecs) => {
        const leave = () => websocket.close();
        const watch = await watchMse(stream, String(codecs), { websocket: seen, socket }, leave);
        websocket.once('close', () => watch.close());
      });
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const site: Site = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stuck: false,
    close() {
      stream.close();
      server.close();
      server.closeAllConnections();
    },
  };
  return site;
}

const SOUND = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=16000', '-c:a', 'aac', '-t', '2'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25'];
const picture = (size: string): string[] => ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`];

describe('Chromium', { timeout: 120_000 }, () => {
  let browser: Browser;
  let clip: Clip;
  let smaller: Clip;
  let bFrames: Clip;

  before(async () => {
    [browser, clip, smaller, bFrames] = await Promise.all([
      launchBrowser(),
      makeClip(...picture('640x360'), ...SOUND, ...H264),
      makeClip(...picture('320x180'), ...SOUND, ...H264),
      makeClip(...picture('640x360'), ...SOUND, ...H264, '-bf', '3'),
    ]);
  });
  after(() => browser?.close());

  const lookOf = (page: Page): Promise<Look> => page.evaluate('look');

  /** Opens the page and waits for the first frame. */
  async function show(site: Site, hash = ''): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(site.url + hash);
    await until('the first frame', async () => (await lookOf(page)).frames > 0);
    return page;
  }

  /** Fails unless frames go on: more than half of what the camera sends in this time. */
  async function assertMoving(page: Page, ms = 1500): Promise<Look> {
    const earlier = await lookOf(page);
    await sleep(ms);
    const later = await lookOf(page);
    assert.deepEqual(later.errors, []);
    assert.ok(later.frames - earlier.frames > (ms / 40) * 0.5, `${later.frames - earlier.frames} frames`);
    return later;
  }

  test('shows a picture at once, to the first viewer and to a late one, which starts at 0', async (t) => {
    const site = await openSite(streamOf(new ClipCamera(clip)));
    t.after(() => site.close());
    const first = await show(site);
    await sleep(5500);
    const late = await show(site);
    const { firstMs, end } = await lookOf(late);
    t.diagnostic(`first frame: first viewer ${(await lookOf(first)).firstMs} ms, late viewer ${firstMs} ms`);
    assert.ok(firstMs < 1000, `first frame after ${firstMs} ms`);
    assert.ok(end < 3, `time of a late viewer is ${end} s`);
    await assertMoving(late);
    await first.close();
    await late.close();
  });

  for (const [kind, hash] of [
    ['MSE', ''],
    ['progressive MP4', '#mp4'],
  ] as const) {
    test(`goes on when the camera changes its picture size: ${kind}`, async (t) => {
      const camera = new ClipCamera(clip);
      const site = await openSite(streamOf(camera));
      t.after(() => site.close());
      const page = await show(site, hash);
      camera.change(smaller);
      await sleep(3500);
      const { width, ranges } = await assertMoving(page);
      if (kind === 'MSE') assert.equal(width, 320);
      assert.equal(ranges, 1);
      await page.close();
    });
  }

  test('plays B-frames', async (t) => {
    const site = await openSite(streamOf(new ClipCamera(bFrames)));
    t.after(() => site.close());
    const page = await show(site);
    const { ranges } = await assertMoving(page);
    assert.equal(ranges, 1);
    await page.close();
  });

  test('goes on after frames that were skipped for a slow viewer', async (t) => {
    const site = await openSite(streamOf(new ClipCamera(clip)));
    t.after(() => site.close());
    const page = await show(site);
    site.stuck = true;
    await sleep(1700);
    site.stuck = false;
    await sleep(2000);
    const { ranges } = await assertMoving(page);
    assert.equal(ranges, 1);
    await page.close();
  });

  for (const [what, source] of [
    ['sound and frames are lost', withLosses],
    ['no sound comes, although the camera names it', withoutSound],
  ] as const) {
    test(`goes on when ${what}`, async (t) => {
      const site = await openSite(streamOf(new ClipCamera(source(clip))));
      t.after(() => site.close());
      const page = await show(site);
      await sleep(1500);
      const { ranges } = await assertMoving(page, 4000);
      assert.equal(ranges, 1);
      await page.close();
    });
  }
});

/** The clip without 0.3 s of its sound in one piece, and without two pictures in a row. */
function withLosses({ tracks, packets }: Clip): Clip {
  const seconds = ({ dts, track }: Packet): number => dts / track.codec.timeBase - 100;
  const lost = (packet: Packet): boolean =>
    packet.track.codec.kind === 'audio'
      ? seconds(packet) > 0.5 && seconds(packet) < 0.8
      : seconds(packet) > 0.9 && seconds(packet) < 0.99;
  return { tracks, packets: packets.filter((packet) => !lost(packet)) };
}

function withoutSound({ tracks, packets }: Clip): Clip {
  return { tracks, packets: packets.filter(({ track }) => track.codec.kind === 'video') };
}
