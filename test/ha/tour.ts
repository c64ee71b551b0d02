/** Pictures of every page in every look, for people to judge; the README shows some of them. */
import type { Browser, Page } from 'playwright-core';
import { LOOKS, type Look, openHome, picture } from './frontend.ts';
import type { House } from './house.ts';

/** Pictures move on after this long; pages have what they show by then. */
const SETTLE_MS = 1500;
const SERVER = 'http://127.0.0.1:1984/';

/** Pages of the server by their address behind `#`. */
const PAGES: Readonly<Record<string, string>> = {
  cameras: '#/',
  'add-camera': '#/add',
  camera: '#/camera/front_door',
  map: '#/map',
  config: '#/config',
  log: '#/log',
};

/** Leaves all pictures in the artifacts folder. */
export async function takeTour(
  browser: Browser,
  house: House,
  { camera, dashboard }: { readonly camera: string; readonly dashboard: string },
): Promise<void> {
  for (const look of Object.keys(LOOKS) as Look[]) {
    const context = await openHome(browser, house.core, look);
    const page = await context.newPage();
    for (const [name, hash] of Object.entries(PAGES)) {
      await page.goto(`${SERVER}${hash}`);
      await shoot(page, name, look);
    }
    await page.goto(`${house.core.url}/${dashboard}/0`);
    await page.locator('porthole-card video.shown').first().waitFor({ timeout: 20_000 });
    await shoot(page, 'dashboard', look);
    await page.goto(`${house.core.url}/local_porthole`);
    await page.frameLocator('iframe').locator('ph-app').waitFor();
    await shoot(page, 'panel', look);
    await page.goto(`${house.core.url}/config/integrations/integration/porthole`);
    await shoot(page, 'integration', look);
    await page.goto(`${house.core.url}/config/entities?more-info-entity-id=${camera}`);
    await shoot(page, 'more-info', look);
    await context.close();
  }
}

async function shoot(page: Page, name: string, look: Look): Promise<void> {
  await page.waitForTimeout(SETTLE_MS);
  await picture(page, name, look);
}
