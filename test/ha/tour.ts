/**
 * Pictures of every page in every look, for people to judge; the README shows some of them (`docs/images`).
 * So that pages have something to show, cameras move in for the time: one with HEVC, and some with a trouble each.
 */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { startRtspCamera } from '../fakes/rtsp-camera.ts';
import { LOOKS, type Look, openHome, picture } from './frontend.ts';
import { feedsOf, type House } from './house.ts';

/** Pictures move, and rates are measured, this long after a page is there. */
const SETTLE_MS = 1500;
const MEASURED_MS = 4500;
const SERVER = 'http://127.0.0.1:1984/';

/** Pages of the server by what stands behind `#`. */
const PAGES: Readonly<Record<string, { readonly hash: string; readonly settleMs?: number }>> = {
  cameras: { hash: '#/', settleMs: MEASURED_MS },
  'add-camera': { hash: '#/add', settleMs: MEASURED_MS },
  camera: { hash: '#/camera/front_door', settleMs: MEASURED_MS },
  'camera-failed': { hash: '#/camera/garage' },
  map: { hash: '#/map', settleMs: MEASURED_MS },
  config: { hash: '#/config' },
  log: { hash: '#/log' },
};

/** Leaves all pictures in the artifacts folder. */
export async function takeTour(
  browser: Browser,
  house: House,
  { camera, dashboard }: { readonly camera: string; readonly dashboard: string },
): Promise<void> {
  const guests = await inviteGuests();
  try {
    // Two at a time: most of it is waiting.
    const looks = Object.keys(LOOKS) as Look[];
    const half = looks.length / 2;
    for (const pair of [looks.slice(0, half), looks.slice(half)])
      await Promise.all(pair.map((look) => visit(browser, house, look, camera, dashboard)));
  } finally {
    await guests.close();
  }
}

async function visit(
  browser: Browser,
  house: House,
  look: Look,
  camera: string,
  dashboard: string,
): Promise<void> {
  const context = await openHome(browser, house.core, look);
  const page = await context.newPage();
  for (const [name, { hash, settleMs }] of Object.entries(PAGES)) {
    await page.goto(`${SERVER}${hash}`);
    await shoot(page, name, look, settleMs);
  }
  await page.goto(`${house.core.url}/${dashboard}/0`);
  await page.locator('porthole-card video.shown').first().waitFor({ timeout: 20_000 });
  await shoot(page, 'dashboard', look);
  await page.goto(`${house.core.url}/local_porthole`);
  await page.frameLocator('iframe').locator('ph-app').waitFor();
  await shoot(page, 'panel', look, MEASURED_MS);
  await page.goto(`${house.core.url}/config/integrations/integration/porthole`);
  await shoot(page, 'integration', look);
  await page.goto(`${house.core.url}/config/entities?more-info-entity-id=${camera}`);
  await shoot(page, 'more-info', look);
  await context.close();
}

async function shoot(page: Page, name: string, look: Look, settleMs = SETTLE_MS): Promise<void> {
  await page.waitForTimeout(settleMs);
  await picture(page, name, look);
}

/** Cameras that are there for the pictures. */
async function inviteGuests(): Promise<{ close(): Promise<void> }> {
  const garden = await startRtspCamera({
    feeds: feedsOf('640x360', { scene: 'garden', encoder: 'libx265', fps: 10 }),
  });
  const auth = { user: 'admin', password: 'secret', schemes: ['md5'] } as const;
  const garage = await startRtspCamera({ feeds: feedsOf('320x180', { fps: 5 }), auth });
  const cameras = {
    garden: { name: 'Garden', area: 'Outside', sources: [garden.url] },
    garage: { name: 'Garage', area: 'Outside', sources: [garage.url.replace('secret', 'guessed')] },
    driveway: { name: 'Driveway', area: 'Outside', sources: ['rtsp://127.0.0.1:9/live'] },
    nursery: { name: 'Nursery', area: 'Upstairs', sources: [garden.url], enabled: false },
  };
  for (const [id, camera] of Object.entries(cameras)) await change('PUT', id, JSON.stringify(camera));
  return {
    async close() {
      for (const id of Object.keys(cameras)) await change('DELETE', id);
      await garden.close();
      await garage.close();
    },
  };
}

async function change(method: string, id: string, body?: string): Promise<void> {
  const response = await fetch(`${SERVER}api/cameras?id=${id}`, { method, ...(body ? { body } : {}) });
  assert.equal(response.status, 200, await response.text());
}
