/** The web page in each of its languages, on the narrowest phones: nothing is cut off, and no text stays English. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { LANGUAGES } from '../../server/ui/lib/languages.ts';
import { launchBrowser } from '../helpers/browser.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';

const BUILD_SCRIPT = join(import.meta.dirname, '../../scripts/build-ui.mjs');
const VIEWPORT = { width: 360, height: 740 };
const HASHES = [
  '#/cameras',
  '#/camera/door',
  '#/camera/door?tab=addresses',
  '#/camera/door?tab=log',
  '#/add',
  '#/add?way=kind',
  '#/add?way=address',
  '#/map',
  '#/config',
  '#/log',
];

/** Words of the navigation that do not fit into their links, or links that do not fit into the window. */
const CUT = `[...document.querySelector('ph-app').shadowRoot.querySelectorAll('nav a')].filter((link) => {
  const [outer, words] = [link, link.querySelector('span')].map((each) => each.getBoundingClientRect());
  return words.left < outer.left || words.right > outer.right || outer.right > innerWidth;
}).map((link) => link.textContent.trim())`;

const FOUND = { kind: 'pigeon', name: 'Loft', sources: [], hint: 'It flies.', hint_code: 'flies' };

describe('in each language', { timeout: 120_000 }, () => {
  const pages = mkdtempSync(join(tmpdir(), 'porthole-ui-'));
  let server: TestServer;
  let browser: Browser;

  before(async () => {
    await runOk(process.execPath, [BUILD_SCRIPT, pages]);
    server = await startServer({
      api: { static_dir: pages },
      streams: { door: 'rtsp://127.0.0.1:9/none' },
      cameras: { door: { name: 'Door' } },
    });
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(pages, { recursive: true, force: true });
  });

  async function open(language: string, hash: string): Promise<Page> {
    const context = await browser.newContext({ locale: language, viewport: VIEWPORT, isMobile: true });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    await page.goto(server.url('/') + hash);
    await page.locator('h1').waitFor();
    return page;
  }

  test('what the server says of ways to add a camera is said in the language, too', async () => {
    const page = await open('de', '#/add');
    await page.getByText('ONVIF-Kameras im Netzwerk').waitFor();
    await page.getByRole('tab', { name: 'Nach Art' }).click();
    const kind = page.getByRole('combobox', { name: 'Art der Kamera' });
    await kind.selectOption({ label: 'Stream über TCP' });
    await page.getByLabel('Adresse', { exact: true }).waitFor();
    assert.deepEqual(await page.locator('optgroup').evaluateAll(labels), [
      'Kameras',
      'Netzwerk',
      'Dieses Gerät',
      'Programme',
    ]);
  });

  test('words of the server that the page does not know are shown as they are', async () => {
    const page = await open('de', '#/cameras');
    await page.route('**/api/scan*', (route) =>
      route.request().url().endsWith('/scan')
        ? route.fulfill({ json: { kinds: [{ kind: 'pigeon', title: 'By pigeon' }] } })
        : route.fulfill({ json: { found: [FOUND, { ...FOUND, hint_code: 'unreachable' }] } }),
    );
    await page.evaluate("location.hash = '#/add'");
    await page.getByText('By pigeon').waitFor();
    await page.getByText('It flies.').waitFor();
    await page.getByText('Home Assistant erreicht sie im Moment nicht.').waitFor();
  });

  for (const language of LANGUAGES) {
    test(`${language} fits`, async () => {
      const page = await open(language, '#/cameras');
      assert.equal(await page.evaluate('document.documentElement.lang'), language);
      assert.deepEqual(await page.evaluate(CUT), []);
      for (const hash of HASHES) {
        await page.evaluate(`location.hash = '${hash}'`);
        await page.waitForTimeout(250);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        assert.equal(width, VIEWPORT.width, hash);
      }
      await page.context().close();
    });
  }
});

/** Runs in the page. */
const labels = (groups: readonly unknown[]) => groups.map((group) => (group as { label: string }).label);
