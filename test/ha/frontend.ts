/** Home Assistant's own frontend in the system's Chromium: signed in, in the light or the dark, on a phone or a desktop. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { HomeAssistant } from './core.ts';

/** Where pictures of every page are left; what the README shows is copied from here. */
export const ARTIFACTS = process.env.ARTIFACTS_DIR ?? join(import.meta.dirname, '../../artifacts');

export const LOOKS = {
  'desktop-light': { width: 1280, height: 800, scheme: 'light' },
  'desktop-dark': { width: 1280, height: 800, scheme: 'dark' },
  'phone-light': { width: 390, height: 844, scheme: 'light' },
  'phone-dark': { width: 390, height: 844, scheme: 'dark' },
} as const;

export type Look = keyof typeof LOOKS;

/** A signed-in browser context of this look. */
export async function openHome(
  browser: Browser,
  home: HomeAssistant,
  look: Look = 'desktop-light',
): Promise<BrowserContext> {
  const { width, height, scheme } = LOOKS[look];
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    permissions: ['microphone'],
    deviceScaleFactor: look.startsWith('phone') ? 2 : 1,
  });
  const tokens = {
    access_token: home.token,
    token_type: 'Bearer',
    expires_in: 86_400,
    hassUrl: home.url,
    clientId: `${home.url}/`,
    expires: Date.now() + 86_400_000,
    refresh_token: '',
  };
  await context.addInitScript((text) => {
    localStorage.setItem('hassTokens', text);
    localStorage.setItem('dockedSidebar', '"auto"');
  }, JSON.stringify(tokens));
  return context;
}

/** Leaves a picture of the page in the artifacts folder. */
export async function picture(page: Page, name: string, look: Look): Promise<void> {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTIFACTS, `${name}-${look}.png`) });
}
