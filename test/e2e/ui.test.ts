/**
 * The web page in the system's Chromium against the real server and fake cameras: tiles that move and say how they are,
 * a camera added by its address, a wrong password, what can be done to a camera, viewers sent away, behind a prefix as
 * ingress has one; each page judged by axe.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { ffmpegFeeds } from '../fakes/ffmpeg-feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { launchBrowser, watchVideo } from '../helpers/browser.ts';
import { startPrefixProxy } from '../helpers/prefix-proxy.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const BUILD_SCRIPT = join(import.meta.dirname, '../../scripts/build-ui.mjs');
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
};
const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };

interface CameraState {
  readonly id: string;
  readonly name: string;
  readonly area?: string;
  readonly enabled: boolean;
  readonly status: string;
  readonly viewers: number;
  readonly sub?: string;
}

describe('the web page', { timeout: 300_000 }, () => {
  const pages = mkdtempSync(join(tmpdir(), 'porthole-ui-'));
  let camera: RtspCamera;
  let locked: RtspCamera;
  let server: TestServer;
  let browser: Browser;
  /** Errors on the console of any page, and what its Content-Security-Policy held back. */
  let complaints: string[] = [];
  /** Complaints that a test brings about. */
  let expected: RegExp | undefined;

  before(async () => {
    camera = await startRtspCamera({
      feeds: ffmpegFeeds(
        '-re -f lavfi -i testsrc2=size=640x360:rate=15 -re -f lavfi -i sine=frequency=440'.split(' '),
        [
          {
            kind: 'video',
            options: '-map 0:v -c:v libx264 -preset ultrafast -tune zerolatency -g 15 -pix_fmt yuv420p'.split(
              ' ',
            ),
          },
          { kind: 'audio', options: '-map 1:a -c:a libopus -ac 2'.split(' ') },
        ],
      ),
      loudspeaker: 'PCMA',
    });
    locked = await startRtspCamera({
      feeds: [new ClipFeed(await h264Clip())],
      auth: { user: 'admin', password: 'opensesame', schemes: ['md5'] },
    });
    await runOk(process.execPath, [BUILD_SCRIPT, pages]);
    server = await startServer({
      api: { static_dir: pages },
      streams: { front_door: camera.url, garden: camera.url, cellar: camera.url },
      cameras: {
        front_door: { name: 'Front door', area: 'Entrance' },
        garden: { name: 'Garden', area: 'Outside' },
        cellar: { name: 'Cellar', enabled: false },
      },
    });
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await camera?.close();
    await locked?.close();
    rmSync(pages, { recursive: true, force: true });
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    const found = complaints.filter((text) => !expected?.test(text));
    complaints = [];
    expected = undefined;
    assert.deepEqual(found, []);
  });

  async function open(hash: string, options = DESKTOP, base = server.url('/')): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-US', ...options });
    await context.grantPermissions(['microphone'], { origin: new URL(base).origin });
    const page = await context.newPage();
    page.on('console', (message) => {
      // The player does without a poster that a camera has no picture for yet.
      const isPoster = message.location().url.includes('api/frame.jpeg');
      if (message.type() === 'error' && !isPoster) complaints.push(`${hash}: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`${hash}: ${error.message}`));
    await page.goto(base + hash);
    return page;
  }

  async function cameras(): Promise<readonly CameraState[]> {
    return ((await (await server.fetch('/api/cameras')).json()) as { cameras: CameraState[] }).cameras;
  }

  async function cameraState(id: string): Promise<CameraState | undefined> {
    return (await cameras()).find((found) => found.id === id);
  }

  const tile = (page: Page, name: string) => page.locator('ph-tile', { hasText: name });

  async function menu(page: Page, item: string): Promise<void> {
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: item }).click();
  }

  test('tiles move, and say in one line how each camera is', async () => {
    const page = await open('');
    await tile(page, 'Front door')
      .getByText(/^Live · H264 360p .*\d viewers?$/)
      .waitFor();
    await tile(page, 'Cellar').getByText('Disabled').waitFor();
    assert.deepEqual(await page.locator('ph-tile h2').allTextContents(), ['Cellar', 'Front door', 'Garden']);
    const { distinct, width } = await watchVideo(page);
    assert.equal(width, 640);
    assert.ok(distinct > 5, `${distinct} pictures`);
    await until('how far behind it is', async () =>
      /Live · H264 360p · 0\.\d s · \d viewer/.test(
        (await tile(page, 'Garden').locator('.line').textContent()) ?? '',
      ),
    );
    await page.getByRole('button', { name: 'Outside' }).click();
    assert.deepEqual(await page.locator('ph-tile h2').allTextContents(), ['Garden']);
  });

  test('a phone has no sideways scroll, and its navigation at the lower edge', async () => {
    const page = await open('', PHONE);
    await tile(page, 'Garden').waitFor();
    for (const hash of [
      '#/cameras',
      '#/camera/front_door',
      '#/camera/front_door?tab=addresses',
      '#/add?way=address',
    ]) {
      await page.evaluate(`location.hash = '${hash}'`);
      await page.waitForTimeout(300);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, hash);
    }
    const box = await page.getByRole('navigation').boundingBox();
    assert.ok(box && box.y > 740, JSON.stringify(box));
  });

  test('a pasted address is checked, shown moving, heard, talked to, named and saved', async () => {
    const page = await open('#/add?way=address');
    const heardBefore = camera.heard.length;
    await page.getByLabel('Address of the camera').fill('nonsense');
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('An address begins with its scheme').waitFor();
    await page.getByLabel('Address of the camera').fill(camera.url);
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('H264 360p').waitFor({ timeout: 20_000 });
    const { distinct } = await watchVideo(page);
    assert.ok(distinct > 5, `${distinct} pictures`);
    await page.getByRole('button', { name: 'Hear' }).click();
    await until('its sound', () =>
      page.evaluate(`!document.querySelector('ph-app').shadowRoot.querySelector('ph-add')
      .shadowRoot.querySelector('ph-check').shadowRoot.querySelector('ph-preview').shadowRoot.querySelector('porthole-player').muted`),
    );
    await page.getByRole('button', { name: 'Talk' }).click();
    await until('our voice', () => camera.heard.length > heardBefore + 10);
    assert.deepEqual((await cameras()).map(({ id }) => id).sort(), ['cellar', 'front_door', 'garden']);
    await page.getByLabel('Name').fill('Café (Süd)');
    await page.getByLabel('Area').fill('Outside');
    // It is still looked at when the page is left; that this ends is nobody's business.
    await page.route('**/api/probe', () => {});
    await page.getByLabel('Sub stream').fill(camera.url);
    await page.getByRole('button', { name: 'Add the camera' }).click();
    await page.getByRole('heading', { name: 'Café (Süd)' }).waitFor();
    await page.waitForTimeout(300);
    assert.ok(await page.getByText('Café (Süd) is added.').isVisible());
    assert.match(page.url(), /#\/camera\/cafe_sud$/);
    const { name, area } = (await cameraState('cafe_sud'))!;
    assert.deepEqual([name, area], ['Café (Süd)', 'Outside']);
    await until('the stream of the preview to go', async () => {
      const names = Object.keys((await (await server.fetch('/api/streams')).json()) as object);
      return names.every((stream) => !stream.startsWith('preview'));
    });
  });

  test('a wrong password is said, with what to do, and the right one is taken', async () => {
    const page = await open('#/add?way=address');
    await page.getByLabel('Address of the camera').fill(locked.url.replace('opensesame', 'guess'));
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByRole('heading', { name: 'Wrong password' }).waitFor({ timeout: 20_000 });
    await page.getByText(/refuses the user name or the password/).waitFor();
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('opensesame');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByLabel('Name').fill('Vault');
    await page.getByRole('button', { name: 'Add the camera' }).click();
    await page.getByRole('heading', { name: 'Vault' }).waitFor();
    await page.locator('ph-camera-facts').getByText('***@').first().waitFor();
    assert.equal((await page.content()).includes('opensesame'), false);
  });

  test('renamed, edited, restarted, disabled, enabled; deleted and brought back', async () => {
    const page = await open('#/camera/garden');
    await page.getByText(/^Live/).waitFor({ timeout: 20_000 });
    await menu(page, 'Rename');
    await page.getByRole('textbox', { name: 'Name' }).fill('Back garden');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Back garden', level: 1 }).waitFor();
    assert.equal((await cameraState('garden'))!.name, 'Back garden');

    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Sub stream').fill(camera.url);
    await page.getByLabel('Area').fill('');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.').waitFor();
    const edited = (await cameraState('garden'))!;
    assert.deepEqual([edited.sub, edited.area], ['garden_sub', undefined]);

    const before = camera.accepted;
    await page.getByRole('button', { name: 'Restart' }).click();
    await until('a new connection to the camera', () => camera.accepted > before);
    await page.getByText(/^Live/).waitFor({ timeout: 20_000 });

    await menu(page, 'Disable');
    await page.locator('.picture.off').waitFor();
    assert.equal((await cameraState('garden'))!.enabled, false);
    await page.locator('ph-page').getByRole('button', { name: 'Enable' }).first().click();
    await page.getByText(/^Live/).waitFor({ timeout: 20_000 });

    await menu(page, 'Delete');
    const dialog = page.getByRole('dialog', { name: 'Delete Back garden?' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    assert.ok(await cameraState('garden'));
    await menu(page, 'Delete');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('heading', { name: 'Cameras', level: 1 }).waitFor();
    assert.equal(await cameraState('garden'), undefined);
    assert.equal(await tile(page, 'Back garden').count(), 0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await tile(page, 'Back garden').waitFor({ timeout: 20_000 });
    assert.equal((await cameraState('garden'))!.sub, 'garden_sub');
  });

  test('a viewer is seen, and sent away', async () => {
    const watching = await open('#/camera/front_door');
    await watchVideo(watching);
    const page = await open('#/camera/front_door?tab=overview');
    await watchVideo(page);
    const row = page.locator('ph-camera-facts').getByRole('button', { name: /^Disconnect/ });
    await until('both viewers', async () => (await row.count()) >= 2);
    const ids = await viewerIds();
    await row.first().click();
    await page.getByText('The viewer is disconnected.').waitFor();
    await until('one of them to be gone', async () => {
      const now = await viewerIds();
      return ids.some((id) => !now.includes(id));
    });
  });

  async function viewerIds(): Promise<unknown[]> {
    return ((await server.stream('front_door')).consumers ?? []).map(
      (consumer) => (consumer as { id?: unknown }).id,
    );
  }

  test('who may only watch is offered nothing else', async () => {
    const context = await browser.newContext({ locale: 'en-US', ...DESKTOP });
    const page = await context.newPage();
    await page.routeWebSocket('**/api/events', (socket) => {
      const events = socket.connectToServer();
      events.onMessage((text) => socket.send(String(text).replace('"role":"admin"', '"role":"viewer"')));
    });
    await page.goto(`${server.url('/')}#/camera/front_door`);
    await page.getByText(/^Live/).waitFor({ timeout: 20_000 });
    await page.getByRole('tab', { name: 'Addresses' }).waitFor();
    assert.equal(await page.getByRole('tab', { name: 'Log' }).count(), 0);
    for (const name of ['Restart', 'Edit', 'More', /^Disconnect/])
      assert.equal(await page.getByRole('button', { name }).count(), 0, String(name));
    assert.equal(await page.getByRole('navigation').count(), 0);
    await page.evaluate("location.hash = '#/config'");
    await page.getByText('Only administrators can see this page.').waitFor();
    await page.evaluate("location.hash = '#/cameras'");
    await tile(page, 'Front door').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Add a camera' }).count(), 0);
  });

  test('addresses can be copied and scanned', async () => {
    const page = await open('#/camera/front_door?tab=addresses');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url('') });
    await page.getByRole('button', { name: 'Copy RTSP' }).click();
    await page.getByText('Copied').waitFor({ state: 'attached' });
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), server.rtsp('front_door'));
    const opener = page.getByRole('button', { name: 'Show HLS as a QR code' });
    await opener.click();
    const dialog = page.getByRole('dialog', { name: 'HLS' });
    await page.getByRole('img', { name: server.url('/api/stream.m3u8?src=front_door') }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(
      await opener.evaluate((button) => (button as { matches(s: string): boolean }).matches(':focus')),
      true,
    );
  });

  test('behind the prefix of a proxy everything stays below it', async () => {
    const proxy = await startPrefixProxy(server.apiPort);
    try {
      const page = await open('', DESKTOP, proxy.url);
      await tile(page, 'Front door').getByText(/^Live/).waitFor({ timeout: 20_000 });
      const { distinct } = await watchVideo(page);
      assert.ok(distinct > 5);
      for (const name of ['Map', 'Config', 'Log']) {
        await page.getByRole('link', { name }).click();
        await page.getByRole('heading', { level: 1, name }).waitFor();
      }
      await page.evaluate("location.hash = '#/camera/front_door?tab=addresses'");
      await page.getByText('You see this page through Home Assistant').waitFor();
      assert.deepEqual(proxy.strays, []);
      // A page that still plays would complain of a proxy that goes.
      await page.close();
    } finally {
      proxy.close();
    }
  });

  test('the server goes away and comes back: it is said, and mends itself', async () => {
    const proxy = await startPrefixProxy(server.apiPort);
    try {
      expected = /ERR_|Error in connection/;
      const page = await open('#/add?way=address', DESKTOP, proxy.url);
      await page.getByRole('link', { name: 'Log' }).waitFor();
      proxy.block(true);
      const notice = page.getByText('The server does not answer. This page goes on trying.');
      await notice.waitFor();
      proxy.block(false);
      await notice.waitFor({ state: 'detached' });
    } finally {
      proxy.close();
    }
  });

  test('the title takes the focus after a change of page, and the language and colours can be chosen', async () => {
    const page = await open('#/cameras');
    await page.getByRole('link', { name: 'Front door' }).click();
    const heading = page.getByRole('heading', { name: 'Front door', level: 1 });
    await heading.waitFor();
    assert.equal(
      await heading.evaluate((element) => (element as { matches(s: string): boolean }).matches(':focus')),
      true,
    );
    await page.getByRole('button', { name: 'Appearance and language' }).press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
    await page.getByRole('button', { name: 'Appearance and language' }).click();
    await page.getByRole('menuitemradio', { name: 'Deutsch' }).click();
    await page.getByRole('link', { name: 'Kameras', exact: true }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.lang'), 'de');
  });

  for (const [name, hash] of [
    ['cameras', '#/cameras'],
    ['one camera', '#/camera/front_door'],
    ['its addresses', '#/camera/front_door?tab=addresses'],
    ['its log', '#/camera/front_door?tab=log'],
    ['a search', '#/add'],
    ['kinds', '#/add?way=kind'],
    ['an address', '#/add?way=address'],
  ] as const) {
    test(`axe finds nothing: ${name}`, async () => {
      const page = await open(hash, name.startsWith('a ') ? PHONE : DESKTOP);
      await page.getByRole('heading', { level: 1 }).waitFor();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.waitForTimeout(800);
        const { violations } = await new AxeBuilder({ page }).analyze();
        const found = violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
        );
        assert.deepEqual(found, [], colorScheme);
      }
    });
  }
});
