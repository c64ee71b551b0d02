/**
 * The web page in the system's Chromium through the ingress of a stand-in Supervisor: a camera whose address ingress would
 * refuse in a query is watched before it is added, and the cameras of a go2rtc.yaml are taken over.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { bundleProgram, Machine } from '../helpers/addon-machine.ts';
import { launchBrowser, watchVideo } from '../helpers/browser.ts';
import { runOk } from '../helpers/run.ts';
import { until } from '../helpers/wait.ts';

const BUILD_SCRIPT = join(import.meta.dirname, '../../scripts/build-ui.mjs');
const ADMINISTRATOR = { id: 'a1', name: 'anna', displayName: 'Anna' };

describe('the web page through ingress', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-ui-addon-'));
  let camera: RtspCamera;
  let machine: Machine;
  let browser: Browser;
  let page: Page;
  let address: string;

  before(async () => {
    camera = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
    // Beside the program, where the server looks for it; by then it is no longer root.
    chmodSync(folder, 0o755);
    await runOk(process.execPath, [BUILD_SCRIPT, join(folder, 'ui')]);
    machine = await Machine.open(await bundleProgram(folder));
    await machine.start();
    browser = await launchBrowser();
    const { url, headers } = machine.supervisor.openIngress(ADMINISTRATOR);
    const context = await browser.newContext({ locale: 'en-US' });
    const [name, value] = headers.cookie!.split('=');
    await context.addCookies([{ name: name!, value: value!, url }]);
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    address = url;
    await page.goto(`${url}#/cameras`);
  });
  after(async () => {
    await browser?.close();
    await machine?.[Symbol.asyncDispose]();
    await camera?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const cameras = async (): Promise<string[]> => {
    const answer = (await (await machine.fetch('/api/cameras')).json()) as { cameras: { id: string }[] };
    return answer.cameras.map(({ id }) => id);
  };

  test('the cameras of a go2rtc.yaml are taken over by a press of a button', async () => {
    await page.getByText('There are cameras in').waitFor();
    assert.deepEqual(await cameras(), []);
    await page.getByRole('button', { name: 'Take over' }).click();
    await page.getByText('1 camera was taken over.').waitFor();
    await page.locator('ph-tile', { hasText: 'old' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Take over' }).count(), 0);
    await page.getByRole('button', { name: 'Dismiss' }).last().click();
    await page.getByText('1 camera was taken over.').waitFor({ state: 'detached' });
    assert.deepEqual(await cameras(), ['old']);
  });

  test('an address that ingress refuses in a query is watched, and added', async () => {
    const source = `${camera.url}?path=/x/&up=../1`;
    const query = new URLSearchParams({ src: source });
    assert.equal((await page.request.get(`${address}api/streams?${query}`)).status(), 400);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(`${request.method()} ${decodeURIComponent(request.url())}`));
    const refused: string[] = [];
    page.on('response', (response) => {
      if (response.status() === 400) refused.push(response.url());
    });
    await page.evaluate("location.hash = '#/add?way=address'");
    await page.getByLabel('Address of the camera').fill(source);
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText(/^H264 /).waitFor();
    const { distinct } = await watchVideo(page);
    assert.ok(distinct > 5, `${distinct} pictures`);
    await page.getByLabel('Name').fill('Yard');
    await page.getByRole('button', { name: 'Add the camera' }).click();
    await page.getByRole('heading', { name: 'Yard', level: 1 }).waitFor();
    assert.deepEqual(await cameras(), ['old', 'yard']);
    assert.ok(asked.some((request) => request.startsWith('POST') && request.endsWith('/api/preview')));
    assert.deepEqual(
      asked.filter((request) => request.includes('..') || request.includes('rtsp:')),
      [],
    );
    assert.deepEqual(refused, []);
    await until('the preview to go', async () => {
      const names = Object.keys((await (await machine.fetch('/api/streams')).json()) as object);
      return names.every((name) => !name.startsWith('preview-'));
    });
    assert.doesNotMatch(machine.read('config/porthole.yaml'), /preview/);
  });
});
