/**
 * The pages Map, Config and Log in the system's Chromium, on a real server with a fake camera: what moves, what stops, an
 * edit from completion to undo while somebody watches, levels, pause, and the file to share.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const BUILD_SCRIPT = join(import.meta.dirname, '../../scripts/build-ui.mjs');
const PASSWORD = 'hunter2-of-the-gate';
const DESKTOP = { width: 1280, height: 800 };
/** CodeMirror's proposals take no keys when they have just come up, in case somebody was typing. */
const TAKES_KEYS_MS = 150;
const PHONE = { width: 390, height: 844 };

describe('the pages Map, Config and Log', { timeout: 240_000 }, () => {
  const pages = mkdtempSync(join(tmpdir(), 'porthole-ui-'));
  let camera: RtspCamera;
  let server: TestServer;
  let browser: Browser;
  let config: string;
  let errors: string[];
  const viewers: { stop(): void }[] = [];
  let strangers = 0;

  before(async () => {
    const sound = await audioClip('MPEG4-GENERIC', { sampleRate: 16000 });
    camera = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip()), new ClipFeed(sound)] });
    config = [
      '# The house',
      'api:',
      `  static_dir: ${pages}`,
      'streams:',
      `  door: ${camera.url}`,
      `  gate: rtsp://admin:${PASSWORD}@127.0.0.1:9/none # not there`,
      'cameras:',
      '  door:',
      '    name: Front door',
      '',
    ].join('\n');
    await runOk(process.execPath, [BUILD_SCRIPT, pages]);
    server = await startServer(config);
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
    for (const viewer of viewers.splice(0)) viewer.stop();
    await until('the viewers to leave', async () => (await server.viewers('door')) === 0);
  });

  async function open(
    hash: string,
    viewport = DESKTOP,
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<Page> {
    const context = await browser.newContext({
      viewport,
      colorScheme,
      locale: 'en-GB',
      acceptDownloads: true,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) errors.push(message.text());
    });
    await page.goto(`${server.url('')}/index.html${hash}`);
    return page;
  }

  /** Watches the door until it is told to stop. */
  async function watch() {
    const abort = new AbortController();
    const response = await fetch(server.url('/api/stream.mp4?src=door'), { signal: abort.signal });
    const viewer = { bytes: 0, ended: false, stop: () => abort.abort() };
    viewers.push(viewer);
    void (async () => {
      for await (const chunk of response.body!) viewer.bytes += chunk.length;
    })()
      .catch(() => {})
      .finally(() => {
        viewer.ended = true;
      });
    await until('the viewer to get bytes', () => viewer.bytes > 0);
    return viewer;
  }

  async function assertAccessible(page: Page): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n  ')}`);
    assert.deepEqual(found, []);
    assert.deepEqual(errors, []);
  }

  /** Nothing is wider than the window. */
  async function assertFits(page: Page): Promise<void> {
    const [content, window] = (await page.evaluate(
      '[document.documentElement.scrollWidth, innerWidth]',
    )) as number[];
    assert.ok(content! <= window!, `${content} pixels in a window of ${window}`);
  }

  describe('map', () => {
    const node = (page: Page, name: RegExp) => page.locator('ph-map-canvas').getByRole('button', { name });

    test('shows camera and viewer with bytes that move, and red where the camera stalls', async (t) => {
      await watch();
      const page = await open('#/map');
      await page.locator('ph-map-canvas').getByRole('link', { name: 'Front door' }).waitFor();
      await node(page, /^Source: RTSP 127\.0\.0\.1/).waitFor();
      await node(page, /^Video: H264 640 × 360/).waitFor();
      await node(page, /^Viewer: MP4/).waitFor();
      await node(page, /^Source: RTSP (Idle|Failed) · 127\.0\.0\.1/).waitFor();
      const moving = page.locator('ph-map-canvas .edge.moving');
      await until('four edges to move', async () => (await moving.count()) === 4);
      const rates = await page.locator('ph-map-canvas .rate').allTextContents();
      assert.ok(rates.length === 4 && rates.every((rate) => /\d [kM]bit\/s/.test(rate)), rates.join());

      const line = (state: string) =>
        page.locator(`ph-map-canvas .edge.${state} .pipe`).first().evaluate(strokeOf);
      const calm = await line('moving');
      // Also those that the server opens when it gives the silent one up.
      const stalling = setInterval(() => camera.stall(), 100);
      t.after(() => clearInterval(stalling));
      await page.locator('ph-map-canvas .rate.stopped').first().waitFor({ timeout: 20_000 });
      assert.match((await page.locator('ph-map-canvas .rate.stopped').first().textContent())!, /No data/);
      assert.notEqual(await line('stopped'), calm);
      clearInterval(stalling);
      camera.resume();
      await until('bytes to move again', async () => (await moving.count()) === 4, 30_000);
    });

    test('tells of a node, and sends a viewer away', async () => {
      const viewer = await watch();
      const page = await open('#/map');
      await node(page, /^Viewer: MP4/).click();
      const details = page.getByRole('complementary');
      await details.getByText('127.0.0.1:', { exact: false }).first().waitFor();
      assert.equal(await page.evaluate(FOCUSED), 'details-title');
      await page.keyboard.press('Escape');
      assert.match(String(await page.evaluate(FOCUSED)), /^viewer:/);
      await page.keyboard.press('Enter');
      await details.getByRole('button', { name: 'Disconnect' }).click();
      await page.locator('ph-dialog[open]').getByRole('button', { name: 'Disconnect' }).click();
      await until('the viewer to be sent away', () => viewer.ended);
      await node(page, /^Viewer: MP4/).waitFor({ state: 'detached' });
    });

    test('is walked through by arrow keys, and read as a list', async () => {
      await watch();
      const page = await open('#/map');
      await node(page, /^Source: RTSP 127/).focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      assert.match(String(await page.evaluate(FOCUSED)), /^viewer:/);
      await page.getByRole('button', { name: 'List' }).click();
      const list = page.locator('ph-map .list');
      const names = await list.getByRole('button').allTextContents();
      const words = names.map((name) => name.replace(/\s+/g, ' ').trim());
      assert.match(
        words.join('|'),
        /Source: RTSP.*\|Video: H264.*\|Viewer: MP4.*\|Sound: AAC.*\|Viewer: MP4/,
      );
      await page.getByRole('combobox', { name: 'Camera' }).selectOption({ label: 'gate' });
      assert.equal(await list.getByRole('link').count(), 1);
    });

    test('runs from top to bottom on a phone', async () => {
      await watch();
      const page = await open('#/map', PHONE);
      const source = await node(page, /^Source: RTSP 127/).boundingBox();
      const shown = await node(page, /^Viewer: MP4/).boundingBox();
      assert.ok(shown!.y > source!.y + 100 && shown!.x < PHONE.width);
      await assertFits(page);
    });

    for (const scheme of ['light', 'dark'] as const) {
      test(`is accessible, ${scheme}`, async () => {
        await watch();
        const page = await open('#/map', DESKTOP, scheme);
        await node(page, /^Viewer: MP4/).click();
        await assertAccessible(page);
        await page.getByRole('button', { name: 'List' }).click();
        await assertAccessible(page);
      });
    }
  });

  describe('config', () => {
    const editor = (page: Page) => page.getByRole('textbox', { name: /Config file/ });
    const review = (page: Page) => page.getByRole('button', { name: 'Review' });
    const file = () => readFileSync(server.configPath, 'utf8');

    async function edit(): Promise<Page> {
      const page = await open('#/config');
      await editor(page).click();
      await page.keyboard.press('Control+End');
      return page;
    }

    test('completes by the schema, and says what is wrong where', async () => {
      const page = await edit();
      await page.keyboard.type('rts');
      await page.getByRole('option', { name: /^rtsp/ }).waitFor();
      await page.waitForTimeout(TAKES_KEYS_MS);
      await page.keyboard.press('Enter');
      await page.keyboard.type('pkt');
      await page.getByRole('option', { name: /^pkt_size/ }).waitFor();
      await page.waitForTimeout(TAKES_KEYS_MS);
      await page.keyboard.press('Enter');
      await page.keyboard.type('-5');
      await page.getByText('1 problem').waitFor();
      await page.locator('ph-config .cm-lintRange-error').hover();
      await page.getByText(/rtsp\.pkt_size: /).waitFor();
      await review(page).click();
      await page.getByText('The server will refuse this text').waitFor();
      await page.getByRole('button', { name: 'Apply' }).click();
      await page.getByText('Nothing was changed').waitFor();
      assert.equal(file(), config);
      await page.getByRole('button', { name: /^Line \d+$/ }).click();
      assert.match(String(await page.evaluate(FOCUSED)), /cm-content/);
    });

    test('shows the difference, and applies it without disturbing who watches; undo', async () => {
      const viewer = await watch();
      const { accepted } = camera;
      const page = await edit();
      await page.keyboard.press('Control+Home');
      for (let line = 0; line < 4; line++) await page.keyboard.press('ArrowDown');
      await page.keyboard.type('  porch: rtsp://127.0.0.1:9/porch\n');
      await page.keyboard.press('Control+s');
      await page.getByText('+ porch').waitFor();
      await page.locator('ph-config-review .cm-changedLine').first().waitFor();
      await page.keyboard.press('Control+s');
      await page.getByText('The new configuration is in force').waitFor();
      assert.match(file(), /^streams:\n {2}porch: rtsp:\/\/127\.0\.0\.1:9\/porch\n {2}door: /m);
      assert.ok((await server.stream('porch')).producers.length === 1);

      const { bytes } = viewer;
      await until('the viewer to go on', () => viewer.bytes > bytes);
      assert.equal(camera.accepted, accepted);

      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByText('The text before is in force again').waitFor();
      assert.equal(file(), config);
      assert.equal((await server.fetch('/api/streams?src=porch')).status, 404);
      assert.equal(viewer.ended, false);

      await page.getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: 'Earlier versions' }).click();
      await page
        .getByRole('button', { name: /^In force until/ })
        .first()
        .click();
      await page.getByText('porch', { exact: true }).first().waitFor();
      await assertAccessible(page);
    });

    test('notices that somebody else changed the file', async () => {
      const page = await edit();
      await page.keyboard.type('# mine\n');
      await review(page).click();
      const theirs = `${config}# theirs\n`;
      assert.equal((await server.fetch('/api/config', { method: 'POST', body: theirs })).status, 200);
      await page.getByRole('button', { name: 'Apply' }).click();
      await page.getByText('changed by somebody else').waitFor();
      assert.equal(file(), theirs);
      await page.locator('ph-config-review .cm-merge-a').getByText('# theirs').waitFor();
      await page.getByRole('button', { name: 'Take theirs' }).click();
      await editor(page).getByText('# theirs').waitFor();
      assert.equal((await server.fetch('/api/config', { method: 'POST', body: config })).status, 200);
    });

    test('keeps an edit while another page is looked at', async () => {
      const page = await edit();
      await page.keyboard.type('# unfinished');
      await page.getByText('Not applied yet').waitFor();
      await page.getByRole('link', { name: 'Log' }).click();
      await page.locator('ph-log').waitFor();
      await page.getByRole('link', { name: 'Config' }).click();
      await page.getByText('Your edits from before').waitFor();
      await editor(page).getByText('# unfinished').waitFor();
      await page.getByRole('button', { name: 'Discard them' }).click();
      await page.getByText('In force').waitFor();
      assert.equal(await editor(page).getByText('# unfinished').count(), 0);
    });

    test('fits a phone', async () => {
      const page = await open('#/config', PHONE);
      await editor(page).waitFor();
      await assertFits(page);
    });

    for (const scheme of ['light', 'dark'] as const) {
      test(`is accessible, ${scheme}`, async () => {
        const page = await open('#/config', DESKTOP, scheme);
        await editor(page).waitFor();
        await assertAccessible(page);
        await editor(page).click();
        await page.keyboard.press('Control+End');
        await page.keyboard.type('log:\n  level: debug\n');
        await review(page).click();
        await page.getByText('No stream changes').waitFor();
        await assertAccessible(page);
      });
    }
  });

  describe('log', () => {
    const lines = (page: Page) => page.getByRole('log').getByRole('listitem');

    /** A warning, by asking for a camera that is not there: another one each time, because failures are told once. */
    async function provoke(name = `stranger${++strangers}`): Promise<void> {
      const query = new URLSearchParams({ name, src: 'rtsp://127.0.0.1:9/none' });
      if (name !== 'gate') await server.fetch(`/api/streams?${query}`, { method: 'PATCH' });
      await server.fetch(`/api/frame.jpeg?src=${name}`);
    }

    async function more(page: Page, item: string): Promise<void> {
      await page.getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    }

    test('levels change at run time', async () => {
      const page = await open('#/log');
      await more(page, 'Levels');
      const dialog = page.locator('ph-dialog[open]');
      await dialog.getByRole('combobox', { name: 'rtsp' }).selectOption('debug');
      await until('the server to take the level', async () => {
        const levels = (await (await server.fetch('/api/log/levels')).json()) as {
          modules: Record<string, string>;
        };
        return levels.modules.rtsp === 'debug';
      });
      await assertAccessible(page);
      await dialog.getByRole('combobox', { name: 'All modules' }).selectOption('debug');
      await until('all modules to have it', async () => {
        const levels = (await (await server.fetch('/api/log/levels')).json()) as { level: string };
        return levels.level === 'debug';
      });
      await server.fetch('/api/log?level=info', { method: 'PUT' });
    });

    test('is filtered by level, module, camera and words', async () => {
      await provoke('gate');
      const page = await open('#/log');
      await lines(page).first().waitFor();
      const all = await lines(page).count();
      await page.getByRole('combobox', { name: 'Level' }).selectOption('warn');
      await until('fewer lines', async () => (await lines(page).count()) < all);
      assert.ok((await lines(page).locator('.level').allTextContents()).every((level) => level === 'warn'));
      assert.match(page.url(), /level=warn/);
      await page.getByRole('combobox', { name: 'Camera' }).selectOption('gate');
      await lines(page).getByText('stream=gate').first().waitFor();
      await page.getByRole('searchbox').fill('nothing like this');
      await page.getByText('No line passes the filter').waitFor();
      await page.getByRole('button', { name: 'Show all lines' }).click();
      await until('all lines again', async () => (await lines(page).count()) >= all);
      await page.getByRole('combobox', { name: 'Module' }).selectOption('api');
      await until('lines of one module', async () => {
        const modules = await lines(page).locator('.module').allTextContents();
        return modules.length > 0 && modules.every((module) => module === 'api');
      });
    });

    test('pauses, counts what comes meanwhile, and copies a line', async () => {
      const page = await open('#/log');
      await lines(page).first().waitFor();
      await page.getByRole('button', { name: 'Pause' }).click();
      const count = await lines(page).count();
      await provoke();
      await page.getByRole('button', { name: /^\d+ new lines?$/ }).waitFor();
      assert.equal(await lines(page).count(), count);
      await page.getByRole('button', { name: /new line/ }).click();
      await until('the new lines', async () => (await lines(page).count()) > count);
      await page.getByRole('button', { name: 'Pause' }).waitFor();
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await lines(page).last().hover();
      await lines(page).last().getByRole('button').click();
      assert.match(String(await page.evaluate('navigator.clipboard.readText()')), /^20\d\d-.*Z [A-Z]+ \[/);
    });

    test('gives a file to share, without secrets', async () => {
      await provoke('gate');
      const page = await open('#/log');
      await more(page, 'Share');
      await page.getByText('Passwords, keys and tokens are masked').waitFor();
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Download' }).click();
      const path = join(pages, 'bundle.txt');
      await (await download).saveAs(path);
      const bundle = readFileSync(path, 'utf8');
      assert.match(bundle, /gate/);
      assert.match(bundle, /source failed/);
      assert.ok(!bundle.includes(PASSWORD));
    });

    test('is cleared', async () => {
      const page = await open('#/log');
      await lines(page).first().waitFor();
      await more(page, 'Clear');
      await page.locator('ph-dialog[open]').getByRole('button', { name: 'Clear' }).click();
      await page.getByText('No lines yet').waitFor();
      await provoke();
      await lines(page).first().waitFor();
    });

    test('fits a phone', async () => {
      const page = await open('#/log', PHONE);
      await lines(page).first().waitFor();
      await assertFits(page);
    });

    for (const scheme of ['light', 'dark'] as const) {
      test(`is accessible, ${scheme}`, async () => {
        await provoke();
        const page = await open('#/log', DESKTOP, scheme);
        await lines(page).first().waitFor();
        await assertAccessible(page);
      });
    }
  });

  test('the first page is light, and only Config brings the editor', async () => {
    const page = await open('about:blank');
    const scripts = new Map<string, number>();
    page.on('response', async (response) => {
      const name = response.url().split('/').at(-1)!;
      if (name.endsWith('.js')) scripts.set(name, (await response.body()).length);
    });
    await page.goto(`${server.url('')}/index.html#/log`);
    await page.locator('ph-log-lines').waitFor();
    const total = [...scripts.values()].reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(total < 170_000, `${total} bytes: ${[...scripts].map((entry) => entry.join(' ')).join(', ')}`);
    const before = new Set(scripts.keys());
    await page.getByRole('link', { name: 'Config' }).click();
    await page.locator('ph-config .cm-content').waitFor();
    const added = [...scripts].filter(([name]) => !before.has(name));
    assert.ok(added.some(([name, bytes]) => name.startsWith('config') && bytes > 200_000));
  });
});

/** The colour of a line, as it is drawn; runs in the page. */
function strokeOf(path: unknown): string {
  const page = globalThis as unknown as { getComputedStyle(element: unknown): { stroke: string } };
  return page.getComputedStyle(path).stroke;
}

/** What has the focus, through shadow roots: its id, the node of the map it stands for, or its class. */
const FOCUSED = `(() => {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active?.dataset.id || active?.id || active?.className;
})()`;
