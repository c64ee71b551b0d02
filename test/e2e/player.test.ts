/**
 * The player element and the pages in the system's Chromium: moving picture by each mode, the race, falling back,
 * coming back after a restart, talking.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { ffmpegFeeds } from '../fakes/ffmpeg-feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const PAGE_SCRIPT = join(import.meta.dirname, '../helpers/player-page.js');
const BUILD_SCRIPT = join(import.meta.dirname, '../../scripts/build-ui.mjs');

/** What the page's only player shows (helpers/player-page.js). */
interface Look {
  readonly state: string;
  readonly badge: string;
  readonly title: string;
  readonly words: string;
  readonly countdown: string;
  readonly notice: string;
  readonly width: number;
  readonly frames: number;
  /** Seconds of media ahead of the playhead; MSE only. */
  readonly slack: number;
  readonly rate: number;
  /** Animation frames without a picture, after the first picture. */
  readonly blank: number;
  readonly still: boolean;
}

describe('the player', { timeout: 240_000 }, () => {
  const pages = mkdtempSync(join(tmpdir(), 'porthole-ui-'));
  const config = () => ({
    api: { static_dir: pages },
    streams: {
      deaf: `${camera.url}#backchannel=0`,
      door: camera.url,
      plain: { url: camera.url, transcode: 'never' },
      gone: 'rtsp://127.0.0.1:9/none',
    },
  });
  let camera: RtspCamera;
  let server: TestServer;
  let browser: Browser;
  let base: string;

  before(async () => {
    camera = await startRtspCamera({
      feeds: ffmpegFeeds(
        [testSource('testsrc2=size=640x360:rate=25'), testSource('sine=frequency=440')].flat(),
        [
          {
            kind: 'video',
            options: '-map 0:v -c:v libx264 -preset ultrafast -tune zerolatency -g 50 -pix_fmt yuv420p'.split(
              ' ',
            ),
          },
          { kind: 'audio', options: '-map 1:a -c:a libopus -ac 2'.split(' ') },
        ],
      ),
      loudspeaker: 'PCMA',
    });
    await runOk(process.execPath, [BUILD_SCRIPT, pages]);
    server = await startServer(config());
    base = server.url('');
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await camera?.close();
    rmSync(pages, { recursive: true, force: true });
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  async function open(query: string, prepare = ''): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 800, height: 500 } });
    await context.grantPermissions(['microphone'], { origin: base });
    const page = await context.newPage();
    await page.addInitScript({ path: PAGE_SCRIPT });
    await page.addInitScript(prepare);
    await page.goto(`${base}/stream.html?${query}`);
    return page;
  }

  async function waitFor(page: Page, state: string, timeoutMs = 20_000): Promise<void> {
    await until(`the player to be ${state}`, async () => (await look(page)).state === state, timeoutMs).catch(
      async (error: Error) => {
        throw new Error(`${error.message}; it is ${JSON.stringify(await look(page))}`);
      },
    );
  }

  async function mseViewers(): Promise<number> {
    const { consumers } = await server.stream('door');
    return consumers?.filter(({ format_name }) => format_name === 'mse/fmp4').length ?? 0;
  }

  /** Fails unless the picture moves in the next second: half of the camera's frame rate at least, on a busy machine. */
  async function assertMoving(page: Page): Promise<void> {
    const { frames } = await look(page);
    await sleep(1200);
    const after = await look(page);
    assert.equal(after.width, 640, JSON.stringify(after));
    assert.ok(after.frames - frames > 14, `${after.frames - frames} frames in 1.2 s`);
  }

  test('MSE: moving picture close to the live edge', async () => {
    const page = await open('src=door&mode=mse');
    await waitFor(page, 'playing');
    await assertMoving(page);
    await sleep(1500);
    const { badge, slack, rate } = await look(page);
    assert.equal(badge, 'MSE');
    assert.ok(slack > 0.05 && slack < 0.8, `${slack} s behind`);
    assert.ok(rate >= 0.95 && rate <= 1.1, `rate ${rate}`);
  });

  for (const mode of ['webrtc', 'webrtc/tcp']) {
    test(`${mode}: moving picture`, async () => {
      const page = await open(`src=door&mode=${mode}`);
      await waitFor(page, 'playing');
      await assertMoving(page);
      assert.match((await look(page)).badge, /^WebRTC/);
    });
  }

  test('the race ends with WebRTC, without a blank frame', async () => {
    const page = await open('src=door');
    await waitFor(page, 'playing');
    await until('WebRTC to take over', async () => (await look(page)).badge === 'WebRTC');
    await assertMoving(page);
    const { blank, title } = await look(page);
    assert.equal(blank, 0);
    assert.equal(title, 'Playing by WebRTC');
    await until('MSE to be let go', async () => (await mseViewers()) === 0);
  });

  test('without WebRTC it falls back visibly', async () => {
    const page = await open('src=door', 'delete globalThis.RTCPeerConnection');
    await waitFor(page, 'playing');
    await assertMoving(page);
    const { badge, title } = await look(page);
    assert.equal(badge, 'MSE');
    assert.equal(title, 'WebRTC: This browser has no WebRTC.');
  });

  test('key frames alone, where nothing else plays', async () => {
    const page = await open('src=door&mode=mse,mp4', 'MediaSource.isTypeSupported = () => false');
    await waitFor(page, 'playing');
    assert.equal((await look(page)).badge, 'MP4');
    assert.equal((await look(page)).width, 640);
  });

  test('sound alone is not a black picture without a word', async () => {
    const page = await open(
      'src=plain&mode=mse',
      `const knows = MediaSource.isTypeSupported.bind(MediaSource);
       MediaSource.isTypeSupported = (type) => !/avc1|hvc1/.test(type) && knows(type)`,
    );
    await waitFor(page, 'playing');
    assert.match((await look(page)).words, /^Only sound comes/);
  });

  test('an unknown stream and a camera that is away: one sentence, and further attempts', async () => {
    for (const [name, words] of [
      ['nowhere', /not found/],
      ['gone', /refused/],
    ] as const) {
      const page = await open(`src=${name}`);
      await until('a longer wait', async () => /^Next attempt in [2-9]/.test((await look(page)).countdown));
      const looks = await look(page);
      assert.match(looks.words, words);
      assert.match(looks.words, /^\S.*\.$/);
      assert.equal(looks.badge, '');
    }
  });

  test('hidden for a while: it lets go; seen again: it plays', async () => {
    const page = await open('src=door&mode=mse');
    await waitFor(page, 'playing');
    await page.evaluate(`Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
    await waitFor(page, 'idle');
    await until('the viewer to leave', async () => (await mseViewers()) === 0);
    await page.evaluate('delete document.hidden; document.dispatchEvent(new Event("visibilitychange"))');
    await waitFor(page, 'playing');
    await assertMoving(page);
  });

  test('the microphone is heard at the camera', async () => {
    const page = await open('src=door&media=video,audio,microphone');
    await waitFor(page, 'playing');
    await page.mouse.move(100, 100);
    const button = page.locator('porthole-player .talk');
    await button.click();
    await until('the talk', async () => (await button.getAttribute('class')) === 'talk on');
    await until('the camera to hear', () => camera.heard.length > 20);
    await button.click();
    assert.equal((await look(page)).badge, 'WebRTC');
    await assertMoving(page);
  });

  test('a camera without a loudspeaker says so, and plays on', async () => {
    const page = await open('src=deaf&media=video,audio,microphone');
    await waitFor(page, 'playing');
    await page.mouse.move(100, 100);
    await page.locator('porthole-player .talk').click();
    await until('a notice', async () => /no loudspeaker/.test((await look(page)).notice));
    assert.equal(await page.locator('porthole-player .talk').getAttribute('class'), 'talk');
    await assertMoving(page);
  });

  test('a stream that is watched is live in the list of cameras, with its codec', async () => {
    const context = await browser.newContext({
      viewport: { width: 390, height: 800 },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    await page.goto(`${base}/`);
    const names = page.locator('ph-tile h2');
    await names.first().waitFor();
    assert.deepEqual(await names.allTextContents(), ['deaf', 'door', 'gone', 'plain']);
    const watching = await open('src=door&mode=mse');
    await waitFor(watching, 'playing');
    await page
      .locator('ph-tile', { hasText: 'door' })
      .getByText(/^Live · H264 360p · \d viewer/)
      .waitFor();
  });

  test('the camera goes away and comes back: the reason over the last picture, then it moves again', async () => {
    const page = await open('src=door');
    await waitFor(page, 'playing');
    await sleep(1000);
    const back = camera.restart(9000);
    await waitFor(page, 'stalled');
    await until('the reason', async () => /refused/.test((await look(page)).words));
    const { width, blank } = await look(page);
    assert.deepEqual([width, blank], [640, 0]);
    await back;
    await waitFor(page, 'playing');
    await assertMoving(page);
  });

  test('the server goes away and comes back: the last picture stays, then it moves again', async () => {
    const players = [await open('src=door&mode=mse'), await open('src=door&mode=webrtc')];
    for (const page of players) await waitFor(page, 'playing');
    await sleep(1000);
    const listen = { api: { listen: `127.0.0.1:${server.apiPort}` } };
    await server.stop();
    for (const page of players) {
      await waitFor(page, 'waiting');
      await until('the reason', async () => /^The server /.test((await look(page)).words));
      assert.equal((await look(page)).still, true);
    }
    server = await startServer(config(), { args: ['-c', JSON.stringify(listen)] });
    for (const page of players) {
      await waitFor(page, 'playing', 30_000);
      await assertMoving(page);
    }
  });
});

function testSource(filter: string): string[] {
  return ['-re', '-f', 'lavfi', '-i', filter];
}

function look(page: Page): Promise<Look> {
  return page.evaluate('lookAtPlayer()');
}
