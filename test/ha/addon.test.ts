/** The story of a user: the add-on is installed, cameras are picked, and everything that issue after issue promised works. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../helpers/browser.ts';
import { until } from '../helpers/wait.ts';
import { type House, openHouse } from './house.ts';

describe('a house with Porthole', { timeout: 300_000 }, () => {
  let house: House;
  let browser: Browser;

  before(
    async () => {
      house = await openHouse();
      browser = await launchBrowser();
    },
    { timeout: 120_000 },
  );
  after(async () => {
    await browser?.close();
    console.log(house?.addon.log);
    console.log(house?.core.log.slice(-6000));
    await house?.[Symbol.asyncDispose]();
  });

  test('core discovers the add-on', async () => {
    const flow = await until(
      'a discovered flow',
      async () => (await house.core.flowsInProgress('porthole'))[0],
      30_000,
    );
    assert.equal(flow.context.source, 'hassio');
  });
});
