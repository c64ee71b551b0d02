/**
 * Draws the images that the add-on store and Home Assistant show, from images/icon.svg: node scripts/draw-images.ts
 * Run by hand when the drawing changes; needs Chromium.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const ROOT = join(import.meta.dirname, '..');
const ICON = readFileSync(join(import.meta.dirname, 'images/icon.svg'), 'utf8');
/** Readable on light and dark cards. */
const INK = '#2a9d92';

const icon = (size: number): string => `<div style="width:${size}px;height:${size}px">${ICON}</div>`;
const logo = (height: number): string =>
  `<div style="display:flex;align-items:center;gap:${height * 0.2}px;width:max-content;padding-right:${height * 0.08}px">
    ${icon(height)}
    <span style="font:bold ${height * 0.5}px/1 'DejaVu Sans',sans-serif;letter-spacing:-0.02em;color:${INK}">Porthole</span>
  </div>`;

const BRAND = 'integration/custom_components/porthole/brand';
const IMAGES: Readonly<Record<string, string>> = {
  'addon/icon.png': icon(128),
  'addon/logo.png': logo(100),
  [`${BRAND}/icon.png`]: icon(256),
  [`${BRAND}/icon@2x.png`]: icon(512),
  [`${BRAND}/logo.png`]: logo(128),
  [`${BRAND}/logo@2x.png`]: logo(256),
};

async function draw(browser: Browser, html: string): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 600 } });
  await page.setContent(`<body style="margin:0;background:transparent">${html}</body>`);
  const picture = await page.locator('body > div').screenshot({ omitBackground: true });
  await page.close();
  return picture;
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  for (const [path, html] of Object.entries(IMAGES)) {
    writeFileSync(join(ROOT, path), await draw(browser, html));
  }
} finally {
  await browser.close();
}
