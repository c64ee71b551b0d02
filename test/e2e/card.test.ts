/**
 * The card in the system's Chromium, on a page with a fake `hass`, against the real server: each mode, two tiers, talk,
 * several cameras, the doorbell, PTZ, the editor, and what a screen reader finds.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { ffmpegFeeds } from '../fakes/ffmpeg-feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const HELPERS = join(import.meta.dirname, '../helpers');
const BUILD_SCRIPT = join(import.meta.dirname, '../../scripts/build-card.mjs');
/** Where pictures of the card are left for people to look at. */
const ARTIFACTS = process.env.CARD_PICTURES;

const DESKTOP = { viewport: { width: 900, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/** What a player of the page shows (helpers/card-page.js). */
interface Look {
  readonly players: number;
  readonly live: number;
  readonly slideshows: number;
  readonly state: string;
  readonly tier: string;
  readonly badge: string;
  readonly delay: string;
  readonly fallback: string;
  readonly words: string;
  readonly notice: string;
  readonly width: number;
  readonly frames: number;
  readonly look: string;
  /** Animation frames without a picture, after the first picture. */
  readonly blank: number;
  /** What shifted, and what was there instead of the first blank picture. */
  readonly notes: readonly string[];
  readonly shift: number;
  /** From the card's being put into the page. */
  readonly firstMs: number;
  readonly posterMs: number;
}

describe('the card', { timeout: 300_000 }, () => {
  const pages = mkdtempSync(join(tmpdir(), 'porthole-card-'));
  const cameras: RtspCamera[] = [];
  const config = () => ({
    api: { static_dir: pages },
    streams: {
      door: cameras[0]!.url,
      door_sub: cameras[1]!.url,
      garden: cameras[1]!.url,
      gone: 'rtsp://127.0.0.1:9/none',
    },
    preload: { door: 'video&audio', door_sub: 'video&audio' },
  });
  let server: TestServer;
  let browser: Browser;
  let base: string;

  before(async () => {
    cameras.push(await camera('1280x720', 25), await camera('640x360', 15));
    await runOk(process.execPath, [BUILD_SCRIPT, pages]);
    for (const name of ['html', 'js'])
      copyFileSync(join(HELPERS, `card-page.${name}`), join(pages, `card-page.${name}`));
    server = await startServer(config());
    base = server.url('');
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    for (const each of cameras) await each.close();
    rmSync(pages, { recursive: true, force: true });
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  async function open(
    options: object | undefined,
    {
      context = DESKTOP,
      query = '',
      prepare = '',
      type = 'porthole-card',
    }: {
      context?: BrowserContextOptions;
      query?: string;
      prepare?: string;
      type?: string;
    } = {},
  ): Promise<Page> {
    const opened = await browser.newContext(context);
    await opened.grantPermissions(['microphone'], { origin: base });
    const page = await opened.newPage();
    await page.addInitScript(prepare);
    await page.goto(`${base}/card-page.html?${query}`);
    if (options) await page.evaluate(([given, tag]) => mount(given, tag), [options, type] as const);
    return page;
  }

  async function picture(page: Page, name: string): Promise<void> {
    if (!ARTIFACTS) return;
    mkdirSync(ARTIFACTS, { recursive: true });
    await sleep(350);
    await page.screenshot({ path: join(ARTIFACTS, `${name}.png`) });
  }

  async function waitFor(page: Page, what: string, fits: (look: Look) => boolean, timeoutMs = 20_000) {
    await until(what, async () => fits(await look(page)), timeoutMs).catch(async (error: Error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(await look(page))}`);
    });
    return look(page);
  }

  const playing = (page: Page, index = 0) =>
    until('a picture', async () => (await look(page, index)).state === 'playing', 20_000);

  async function assertMoving(page: Page): Promise<void> {
    const { frames } = await look(page);
    await sleep(1200);
    const after = await look(page);
    assert.ok(
      after.frames - frames > 6,
      `${after.frames - frames} frames in 1.2 s: ${JSON.stringify(after)}`,
    );
  }

  /** Nothing has moved but by the user, and the picture never went black. */
  async function assertSteady(page: Page): Promise<void> {
    const { shift, notes } = await look(page);
    assert.equal(shift, 0, notes.join());
    await assertNeverBlank(page);
  }

  async function assertNeverBlank(page: Page): Promise<void> {
    const { blank, notes } = await look(page);
    assert.equal(blank, 0, notes.join());
  }

  async function assertAccessible(page: Page): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).include('main').disableRules(['region']).analyze();
    assert.deepEqual(
      violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, target }) => `${target} ${html}`).join(' | ')}`,
      ),
      [],
    );
  }

  const viewers = (name: string) => server.viewers(name);

  test('an entity is enough: a picture by WebRTC, no layout shift', async () => {
    const page = await open({ entity: 'camera.door' });
    await playing(page);
    const { badge, delay, tier, width } = await waitFor(
      page,
      'WebRTC and its delay',
      (now) => now.badge === 'WebRTC' && now.delay !== '',
    );
    assert.deepEqual([badge, tier, width], ['WebRTC', 'main', 1280]);
    assert.match(delay, /^(< )?[01]\.\d s$/);
    await assertMoving(page);
    await assertSteady(page);
    await assertAccessible(page);
    await page.mouse.move(300, 300);
    await picture(page, 'single-light');
  });

  test('the first picture of a running camera comes within half a second', async () => {
    const page = await open({ entity: 'camera.door' });
    const times: number[] = [];
    for (let load = 0; load < 5; load++) {
      const { firstMs } = await waitFor(page, 'a picture', (now) => now.firstMs > 0);
      times.push(Math.round(firstMs));
      await page.evaluate('sessionStorage.clear()');
      await page.reload();
      await page.evaluate(() => mount({ entity: 'camera.door' }));
    }
    assert.ok(times.toSorted((a, b) => a - b)[2]! < 500, `after ${times.join()} ms`);
  });

  test('seen before: its last picture stands there at once', async () => {
    const page = await open({ entity: 'camera.door', mode: 'mse' });
    await playing(page);
    await page.evaluate('document.querySelector("porthole-card").remove()');
    await page.reload();
    await page.evaluate(() => mount({ entity: 'camera.door', mode: 'mse' }));
    const { posterMs } = await waitFor(page, 'the poster', (now) => now.posterMs > 0);
    assert.ok(posterMs < 120, `after ${posterMs} ms`);
    await playing(page);
  });

  for (const [mode, badge] of [
    ['mse', 'MSE'],
    ['hls', 'HLS'],
    ['mjpeg', 'MJPEG'],
  ] as const)
    test(`${mode} when it is asked for`, async () => {
      const page = await open({ entity: 'camera.garden', mode });
      await playing(page);
      const now = await look(page);
      assert.deepEqual([now.badge, now.width], [badge, 640]);
      if (mode === 'hls') await waitFor(page, 'it to be under way', ({ frames }) => frames > 30);
      if (mode !== 'mjpeg') await assertMoving(page);
      if (mode === 'hls') await waitFor(page, 'the delay', ({ delay }) => /^\d+\.\d s$/.test(delay));
    });

  test('without WebRTC it says what plays instead, and why', async () => {
    const page = await open({ entity: 'camera.door' }, { prepare: 'delete globalThis.RTCPeerConnection' });
    await playing(page);
    const { badge, fallback } = await look(page);
    assert.equal(badge, 'MSE');
    assert.equal(fallback, 'WebRTC: This browser has no WebRTC.');
    await page.mouse.move(200, 200);
    await page.locator('porthole-player .badge').click();
    assert.match((await page.locator('porthole-player .details').textContent()) ?? '', /DelayMain|Delay\d/);
    await picture(page, 'details');
  });

  test('sub stream while small, main stream in full screen, without a blank frame', async () => {
    const page = await open({ entities: ['camera.door', 'camera.garden'] });
    await playing(page);
    await waitFor(page, 'the sub stream by WebRTC', (now) => now.tier === 'sub' && now.badge === 'WebRTC');
    assert.equal((await look(page)).width, 640);
    await page.mouse.move(100, 100);
    await page.locator('porthole-player').first().getByRole('button', { name: 'Full screen' }).click();
    await waitFor(page, 'the main stream', (now) => now.tier === 'main' && now.width === 1280);
    await until('the sub stream to be let go', async () => (await viewers('door_sub')) <= 2);
    await assertMoving(page);
    await page.keyboard.press('f');
    await waitFor(page, 'the sub stream again', (now) => now.tier === 'sub' && now.width === 640);
    await assertMoving(page);
    await assertNeverBlank(page);
  });

  test('talk reaches the camera; the camera that talks plays its main stream', async () => {
    const page = await open({ entities: ['camera.door', 'camera.garden'] });
    await playing(page);
    await page.mouse.move(100, 100);
    const button = page.locator('porthole-player .talk').first();
    const heard = cameras[0]!.heard.length;
    await button.click();
    await until('the camera to hear', () => cameras[0]!.heard.length > heard + 20);
    assert.equal((await look(page)).tier, 'main');
    await picture(page, 'talking');
    await button.click();
    await waitFor(page, 'the sub stream again', (now) => now.tier === 'sub');
  });

  test('on http the microphone is refused in plain words', async () => {
    const page = await open(
      { entity: 'camera.door' },
      { prepare: 'Object.defineProperty(globalThis, "isSecureContext", { value: false })' },
    );
    await playing(page);
    await page.mouse.move(100, 100);
    await page.locator('porthole-player .talk').click();
    await waitFor(page, 'the words', ({ notice }) => /secure pages only.*https/.test(notice));
  });

  test('off screen it lets go, on screen it plays again', async () => {
    const page = await open({ entity: 'camera.garden', mode: 'mse' });
    await playing(page);
    const style = (display: string) =>
      page.evaluate(`document.querySelector('main').style.marginTop = '${display}'`);
    await style('4000px');
    await waitFor(page, 'idle', ({ state }) => state === 'idle');
    await until('the viewer to leave', async () => (await viewers('garden')) === 0);
    await style('0');
    await playing(page);
    await assertMoving(page);
  });

  test('zoom by wheel, keys and pinch; double click for the whole picture', async () => {
    const page = await open({ entity: 'camera.garden' });
    await playing(page);
    const player = page.locator('porthole-player');
    await player.focus();
    await page.mouse.move(300, 200);
    await page.mouse.wheel(0, -300);
    await waitFor(page, 'a closer look', (now) => now.look.includes('scale(2'));
    await page.mouse.down();
    await page.mouse.move(200, 150);
    await page.mouse.up();
    await page.mouse.dblclick(300, 200);
    await waitFor(page, 'the whole picture', (now) => now.look === 'none');
    await pinch(page, { x: 300, y: 200 }, 60, 150);
    await waitFor(page, 'a closer look by two fingers', (now) => now.look.includes('scale(2.5'));
    await page.keyboard.press('0');
    await page.keyboard.press('+');
    await waitFor(page, 'a closer look by key', (now) => now.look.includes('scale(1.25'));
    await page.keyboard.press('0');
    await waitFor(page, 'the whole picture by key', (now) => now.look === 'none');
  });

  test('a server that comes back is attached to again', async () => {
    const page = await open({ entity: 'camera.door', mode: 'webrtc,mse' });
    await playing(page);
    const listen = { api: { listen: `127.0.0.1:${server.apiPort}` } };
    await server.stop();
    await waitFor(page, 'the reason', ({ words }) => /^The server /.test(words));
    server = await startServer(config(), { args: ['-c', JSON.stringify(listen)] });
    await waitFor(page, 'a picture', ({ state }) => state === 'playing', 30_000);
    await assertMoving(page);
    await assertNeverBlank(page);
  });

  test('more cameras than decoders: the rest show pictures that change', async () => {
    const page = await open({ entities: ['camera.door', 'camera.garden', 'camera.yard'], max_live: 2 });
    await waitFor(
      page,
      'two live ones',
      (now) => now.players === 3 && now.live === 2 && now.slideshows === 1,
    );
    await page.locator('porthole-player .still:not([hidden])').first().waitFor();
    await assertAccessible(page);
    await assertSteady(page);
    await picture(page, 'grid-light');
  });

  test('a carousel turns by swipe and by button', async () => {
    const page = await open(
      { entities: ['camera.door', 'camera.garden', 'camera.yard'], layout: 'carousel', title: 'Outside' },
      { context: PHONE },
    );
    await playing(page);
    await page.getByRole('button', { name: 'Next camera' }).click();
    await until(
      'the second one',
      async () => (await page.locator('.dot').nth(1).getAttribute('aria-current')) === 'true',
    );
    await playing(page, 1);
    await assertAccessible(page);
    await picture(page, 'carousel-phone');
    await page.evaluate(() => tell('camera.yard', { type: 'event', event: 'ring', active: true }));
    await page.getByRole('button', { name: 'Decline' }).click();
    await until(
      'the one that rang',
      async () => (await page.locator('.dot').nth(2).getAttribute('aria-current')) === 'true',
    );
    await page.evaluate('inside(document, ".track")[0].scrollTo({ left: 0, behavior: "instant" })');
    await until(
      'the first one',
      async () => (await page.locator('.dot').first().getAttribute('aria-current')) === 'true',
    );
  });

  test('the doorbell: big, answered, the door opened, hung up', async () => {
    const page = await open(
      {
        entity: 'camera.door',
        doorbell: {
          actions: [{ name: 'Open', perform_action: 'lock.unlock', target: { entity_id: 'lock.front' } }],
        },
      },
      { context: PHONE },
    );
    await playing(page);
    await page.evaluate(() => tell('camera.door', { type: 'event', event: 'ring', active: true }));
    const dialog = page.getByRole('alertdialog', { name: 'Somebody is at the door' });
    await dialog.waitFor();
    assert.equal(await page.evaluate('inside(document, "porthole-camera:popover-open").length'), 1);
    await sleep(400);
    await assertAccessible(page);
    await picture(page, 'doorbell-phone');
    const heard = cameras[0]!.heard.length;
    await dialog.getByRole('button', { name: 'Answer' }).click();
    await until('the camera to hear', () => cameras[0]!.heard.length > heard + 10);
    await dialog.getByRole('button', { name: 'Open' }).click();
    await until('the lock to be opened', async () =>
      ((await page.evaluate('calls')) as { service?: string }[]).some(
        ({ service }) => service === 'lock.unlock',
      ),
    );
    await picture(page, 'doorbell-answered');
    await dialog.getByRole('button', { name: 'Hang up' }).click();
    await dialog.waitFor({ state: 'detached' });
    await assertNeverBlank(page);
    assert.equal((await look(page)).state, 'playing');
  });

  test('PTZ: moves while held, then stops; presets', async () => {
    const page = await open({ entity: 'camera.door' }, { context: PHONE });
    await playing(page);
    await page.mouse.move(150, 150);
    await page.getByRole('button', { name: 'Move the camera' }).click();
    await page.getByRole('button', { name: 'Left' }).hover();
    await page.mouse.down();
    await sleep(200);
    await picture(page, 'ptz');
    await page.mouse.up();
    await page.getByRole('combobox', { name: 'Go to …' }).selectOption('Gate');
    const sent = ((await page.evaluate('calls')) as { type?: string }[])
      .filter(({ type }) => type === 'porthole/ptz')
      .map(({ type, ...command }) => command);
    assert.deepEqual(sent, [
      { entity_id: 'camera.door', pan: -0.5, tilt: 0, zoom: 0 },
      { entity_id: 'camera.door', pan: 0, tilt: 0, zoom: 0 },
      { entity_id: 'camera.door', preset: 'Gate' },
    ]);
    await assertAccessible(page);
  });

  test('whether it was muted is remembered', async () => {
    const page = await open({ entity: 'camera.door' });
    await playing(page);
    await page.mouse.move(200, 200);
    await page.getByRole('button', { name: 'Turn sound on' }).first().click();
    await page.reload();
    await page.evaluate(() => mount({ entity: 'camera.door' }));
    await playing(page);
    assert.equal(await page.evaluate('inside(document, "porthole-player")[0].muted'), false);
  });

  test('what is wrong stands in the place of the picture', async () => {
    const page = await open({ entities: ['camera.gone', 'camera.off', 'camera.nowhere'] });
    await waitFor(page, 'the reason', ({ words }) => /refused/.test(words));
    const words = await page.evaluate('inside(document, ".words").map(({ innerText }) => innerText)');
    assert.deepEqual(words, [
      'This camera is switched off.\n\nSwitch on',
      'Home Assistant does not know camera.nowhere.',
    ]);
    await assertAccessible(page);
    await picture(page, 'failures');
  });

  test('YAML of custom:webrtc-camera shows the same camera', async () => {
    const page = await open({ url: 'garden', ui: true, mode: 'mse', muted: true }, { type: 'webrtc-camera' });
    await playing(page);
    assert.deepEqual([(await look(page)).badge, (await look(page)).width], ['MSE', 640]);
  });

  test('Home Assistant is told: picker, suggestion, size, editor', async () => {
    const page = await open(undefined);
    await page.evaluate(`customElements.whenDefined('porthole-card').then(() => undefined)`);
    const told = await page.evaluate(`(() => {
      const [card] = customCards;
      const Card = customElements.get('porthole-card');
      return {
        type: card.type,
        ours: card.getEntitySuggestion(hass, 'camera.door'),
        light: card.getEntitySuggestion(hass, 'light.hall'),
        stub: Card.getStubConfig(hass),
      };
    })()`);
    assert.deepEqual(told, {
      type: 'porthole-card',
      ours: { config: { type: 'custom:porthole-card', entity: 'camera.door' } },
      light: null,
      stub: { entity: 'camera.door' },
    });
    const changed = await page.evaluate(`(async () => {
      customElements.define('ha-form', class extends HTMLElement {});
      const editor = await customElements.get('porthole-card').getConfigElement();
      editor.setConfig({ type: 'custom:porthole-card', entity: 'camera.door' });
      editor.hass = hass;
      document.querySelector('main').append(editor);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const [form] = inside(document, 'ha-form');
      const heard = new Promise((resolve) => editor.addEventListener('config-changed', resolve));
      const value = { ...form.data, entities: ['camera.door', 'camera.yard'], tier: 'sub', title: '' };
      form.dispatchEvent(new CustomEvent('value-changed', { detail: { value } }));
      return { fields: form.schema.map(({ name, title }) => name || title), config: (await heard).detail.config };
    })()`);
    assert.deepEqual(changed, {
      fields: ['entities', 'title', 'Picture and sound', 'Controls'],
      config: { type: 'custom:porthole-card', entities: ['camera.door', 'camera.yard'], tier: 'sub' },
    });
    await assert.rejects(
      page.evaluate(() => mount({ entity: 'door' })),
      /door is no entity id/,
    );
  });

  test('dark, in German, from right to left', async () => {
    const page = await open(undefined, { context: PHONE, query: 'language=de' });
    await page.evaluate(`document.documentElement.className = 'dark'; document.documentElement.dir = 'rtl'`);
    await page.evaluate(() => mount({ entities: ['camera.door', 'camera.garden'], title: 'Draußen' }));
    await playing(page);
    await page.getByRole('button', { name: 'Vollbild' }).first().waitFor({ state: 'attached' });
    await assertAccessible(page);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
    await picture(page, 'dark-rtl-phone');
  });
});

declare function mount(config: object, type?: string): Promise<number>;
declare function tell(entity: string, news: object): void;

function look(page: Page, index = 0): Promise<Look> {
  return page.evaluate(`lookAtCard(${index})`);
}

/** Two fingers around a point, from and to so many pixels apart. */
async function pinch(
  page: Page,
  { x, y }: { x: number; y: number },
  from: number,
  to: number,
): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart?: number) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: apart ? [-apart / 2, apart / 2].map((offset, id) => ({ x: x + offset, y, id })) : [],
    });
  await touch('touchStart', from);
  for (let step = 1; step <= 5; step++) await touch('touchMove', from + ((to - from) * step) / 5);
  await touch('touchEnd');
}

/** A camera with sound and a loudspeaker. */
function camera(size: string, rate: number): Promise<RtspCamera> {
  const video = `-map 0:v -c:v libx264 -preset ultrafast -tune zerolatency -g ${rate * 2} -pix_fmt yuv420p`;
  return startRtspCamera({
    feeds: ffmpegFeeds(
      [`testsrc2=size=${size}:rate=${rate}`, 'sine=frequency=440'].flatMap((filter) => [
        '-re',
        '-f',
        'lavfi',
        '-i',
        filter,
      ]),
      [
        { kind: 'video', options: video.split(' ') },
        { kind: 'audio', options: '-map 1:a -c:a libopus -ac 2'.split(' ') },
      ],
    ),
    loudspeaker: 'PCMA',
  });
}
