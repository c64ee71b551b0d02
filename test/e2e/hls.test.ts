/**
 * HLS end to end: ffmpeg and hls.js in Chromium play what we send; we play what ffmpeg writes.
 */
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../helpers/browser.ts';
import { decode } from '../helpers/ffmpeg.ts';
import { startServer, type TestServer } from '../helpers/server.ts';

const HLS_JS = join(import.meta.dirname, '../../node_modules/hls.js/dist/hls.min.js');
const VIDEO = '-f lavfi -i testsrc2=size=320x240:rate=25';
const AUDIO = '-f lavfi -i sine=frequency=440:sample_rate=48000';
const ENCODE = '-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -sc_threshold 0 -g 50';
const camera = (more: string): string =>
  `exec:ffmpeg -v error -re ${VIDEO} ${AUDIO} ${ENCODE} ${more} -f rtsp -rtsp_transport tcp {output}`;

/** Says what ffmpeg does with each reload of a live playlist of fragmented MP4, whoever wrote it. */
const MOOV_AGAIN = /duplicated MOOV Atom|Last message repeated/;

let server: TestServer;

const increasing = (times: readonly number[]): boolean =>
  times.every((time, index) => index === 0 || time > times[index - 1]!);

before(async () => {
  server = await startServer({
    streams: { cam: camera('-c:a aac'), pcm: camera('-ar 8000 -ac 1 -c:a pcm_alaw') },
  });
});

after(() => server.stop());

describe('ffmpeg plays', { concurrency: true }, () => {
  for (const [title, query] of [
    ['fMP4', 'src=cam&mp4'],
    ['MPEG-TS', 'src=cam'],
    ['fMP4 with FLAC made of G.711', 'src=pcm&mp4=flac'],
  ]) {
    test(title!, async () => {
      // Times of MPEG-TS do not begin at 0: the input is limited, not the output.
      const { video, audio, complaints, code } = await decode(server.url(`/api/stream.m3u8?${query}`), 1e5, {
        options: ['-t', '5'],
        timeoutMs: 20_000,
      });
      assert.equal(code, 0);
      assert.deepEqual(
        complaints.filter((line) => !MOOV_AGAIN.test(line)),
        [],
      );
      assert.ok(video.times.length >= 120, `${video.times.length} pictures`);
      assert.ok(video.distinct >= 115, `${video.distinct} different ones`);
      assert.ok(increasing(video.times) && increasing(audio.times));
      assert.ok(Math.abs(video.times.at(-1)! - audio.times.at(-1)!) < 0.2);
    });
  }
});

/** hls.js as it comes; `look` tells how it goes. */
const PAGE = `<video muted autoplay playsinline></video><script src="/hls.js"></script><script>
const parameters = new URLSearchParams(location.search);
const video = document.querySelector('video'), opened = performance.now();
const look = window.look = { firstMs: 0, frames: 0, errors: [], latency: 0, behind: 0, parts: 0, currentTime: 0, stalls: 0 };
const hls = new Hls({ lowLatencyMode: parameters.get('low') === '1' });
hls.on(Hls.Events.ERROR, (_, data) => {
  if (data.details === 'bufferStalledError') look.stalls++;
  else look.errors.push(data.details + ' ' + (data.error?.message ?? '') + (data.response?.code ?? ''));
});
hls.on(Hls.Events.FRAG_LOADED, (_, data) => { if (data.part) look.parts++; });
video.requestVideoFrameCallback(function seen() {
  look.firstMs ||= performance.now() - opened;
  look.frames++;
  video.requestVideoFrameCallback(seen);
});
setInterval(() => {
  look.latency = hls.latency;
  look.behind = hls.playingDate ? (Date.now() - hls.playingDate.getTime()) / 1000 : 0;
  look.currentTime = video.currentTime;
}, 50);
hls.loadSource(parameters.get('url'));
hls.attachMedia(video);
</script>`;

interface Look {
  readonly firstMs: number;
  readonly frames: number;
  readonly errors: readonly string[];
  readonly latency: number;
  readonly behind: number;
  readonly parts: number;
  readonly currentTime: number;
  readonly stalls: number;
}

describe('hls.js plays', () => {
  let browser: Browser;
  let site: Server;
  before(async () => {
    browser = await launchBrowser();
    site = createServer((request, response) => {
      if (request.url === '/hls.js') createReadStream(HLS_JS).pipe(response);
      else if (request.url!.startsWith('/api/')) void forward(request.url!, response);
      else response.setHeader('content-type', 'text/html').end(PAGE);
    }).listen(0, '127.0.0.1');
  });
  after(async () => {
    await browser.close();
    site.close();
    site.closeAllConnections();
  });

  /** Only the first level comes from the page's own site; all else is asked across origins, as ids allow. */
  async function forward(path: string, response: ServerResponse): Promise<void> {
    const answer = await server.fetch(path);
    const text = (await answer.text()).replace('hls/', `${server.url('/api/hls/')}`);
    response.setHeader('content-type', answer.headers.get('content-type')!).end(text);
  }

  async function play(query: string, low: boolean, ms: number): Promise<Look> {
    const page: Page = await browser.newPage();
    try {
      const { port } = site.address() as AddressInfo;
      const url = encodeURIComponent(`/api/stream.m3u8?${query}`);
      await page.goto(`http://127.0.0.1:${port}/?low=${low ? 1 : 0}&url=${url}`);
      await page.waitForTimeout(ms);
      return (await page.evaluate('look')) as Look;
    } finally {
      await page.close();
    }
  }

  for (const [title, query, low] of [
    ['fMP4 with low latency', 'src=cam&mp4', true],
    ['fMP4', 'src=cam&mp4', false],
    ['MPEG-TS', 'src=cam', false],
  ] as const) {
    test(title, async (t) => {
      const look = await play(query, low, 5000);
      t.diagnostic(
        `first picture ${Math.round(look.firstMs)} ms, ${look.frames} pictures, ${look.behind.toFixed(2)} s behind the camera, hls.latency ${look.latency.toFixed(2)} s, ${look.stalls} stalls`,
      );
      assert.deepEqual(look.errors, []);
      assert.ok(look.firstMs > 0 && look.firstMs < 2000, `first picture after ${look.firstMs} ms`);
      assert.ok(look.frames >= (low ? 90 : 50), `${look.frames} pictures`);
      if (low) {
        assert.ok(look.parts > 5, `${look.parts} parts`);
        assert.ok(look.behind < 3, `${look.behind} s behind`);
      }
    });
  }
});
