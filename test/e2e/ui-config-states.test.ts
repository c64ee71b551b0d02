/** The page Config where nothing can be changed: a server that is read-only, and one without a config file. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../helpers/browser.ts';
import { runOk } from '../helpers/run.ts';
import { startServer } from '../helpers/server.ts';

const BUILD_SCRIPT = join(import.meta.dirname, '../../scripts/build-ui.mjs');

describe('the page Config', { timeout: 60_000 }, () => {
  const pages = mkdtempSync(join(tmpdir(), 'porthole-ui-'));
  let browser: Browser;

  before(async () => {
    await runOk(process.execPath, [BUILD_SCRIPT, pages]);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    rmSync(pages, { recursive: true, force: true });
  });

  async function open(url: string): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    await page.goto(`${url}#/config`);
    return page;
  }

  async function assertAccessible(page: Page): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`),
      [],
    );
  }

  test('of a server that is read-only shows the file, and takes no edit', async () => {
    const server = await startServer({ api: { static_dir: pages, read_only: true }, streams: { door: '' } });
    try {
      const page = await open(server.url('/'));
      await page.getByText('The server takes no changes').waitFor();
      const editor = page.locator('.cm-content');
      await editor.getByText('static_dir').waitFor();
      await editor.click();
      const before = await editor.textContent();
      await page.keyboard.type('x');
      assert.equal(await editor.textContent(), before);
      assert.equal(await page.getByRole('button', { name: 'Review' }).isDisabled(), true);
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menuitem').first().waitFor();
      assert.equal(await page.getByRole('menuitem', { name: /undo/i }).count(), 0);
      await page.keyboard.press('Escape');
      await assertAccessible(page);
    } finally {
      await server.stop();
    }
  });

  test('of a server without a file says so', async () => {
    const server = await startServer(undefined, {
      args: ['-c', JSON.stringify({ api: { static_dir: pages } })],
    });
    try {
      const page = await open(server.url('/'));
      await page.getByRole('heading', { name: 'No config file' }).waitFor();
      await page.getByText('Give it a file with -c').waitFor();
      assert.equal(await page.locator('.cm-content').count(), 0);
      await assertAccessible(page);
    } finally {
      await server.stop();
    }
  });
});
