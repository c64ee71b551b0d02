/**
 * The story of a user, from the add-on store to a picture of who is at the door, with a real core and a real browser.
 * Its steps stand on each other; a step that fails is followed by others that fail.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, FrameLocator, Page } from 'playwright-core';
import { launchBrowser, watchVideo } from '../helpers/browser.ts';
import { run } from '../helpers/run.ts';
import { until } from '../helpers/wait.ts';
import { openHome, picture } from './frontend.ts';
import { type House, openHouse } from './house.ts';
import { takeTour } from './tour.ts';

const CAMERA = 'camera.entrance_front_door';
const DASHBOARD = 'cameras-test';

describe('a house with Porthole', { timeout: 330_000 }, () => {
  let house: House;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What our pages and our card complained of; core's frontend has complaints of its own. */
  const complaints: string[] = [];

  before(
    async () => {
      house = await openHouse();
      browser = await launchBrowser();
      context = await openHome(browser, house.core);
      page = await context.newPage();
      page.on('pageerror', ({ stack = '' }) => {
        if (/porthole|hassio_ingress/.test(stack)) complaints.push(stack);
      });
    },
    { timeout: 150_000 },
  );
  after(async () => {
    await browser?.close();
    await house?.[Symbol.asyncDispose]();
  });

  /** The add-on's page, in the panel that core gives it. */
  async function openPanel(): Promise<FrameLocator> {
    await page.goto(`${house.core.url}/local_porthole`);
    const frame = page.frameLocator('iframe');
    await frame.locator('ph-app').waitFor();
    return frame;
  }

  /** The videos of the dashboard: how each plays, and how wide it is. */
  const videos = (): Promise<{ kind: string; width: number; time: number }[]> =>
    page.locator('porthole-card video.shown').evaluateAll((elements) =>
      elements.map((element) => {
        const { srcObject, videoWidth, currentTime } = element as unknown as {
          srcObject: unknown;
          videoWidth: number;
          currentTime: number;
        };
        return { kind: srcObject ? 'webrtc' : 'mse', width: videoWidth, time: currentTime };
      }),
    );

  /** Waits until all videos of the dashboard are of these kinds and widths, and move. */
  async function untilMoving(wanted: readonly (readonly [kind: string, width: number])[]): Promise<void> {
    let last = '';
    await until(
      `moving pictures: ${wanted.join(' and ')}`,
      async () => {
        const earlier = await videos();
        await sleep(500);
        const now = await videos();
        last = JSON.stringify(now);
        return (
          now.length === wanted.length &&
          now.every(({ kind, width, time }, index) => {
            const [wantedKind, wantedWidth] = wanted[index]!;
            return kind === wantedKind && width === wantedWidth && time > (earlier[index]?.time ?? time);
          })
        );
      },
      25_000,
    ).catch((error) => {
      throw new Error(`${error.message}; last ${last}\n${house.addon.log.slice(-2000)}`);
    });
  }

  test('the add-on put the integration into place, and core discovers it', async () => {
    assert.ok(existsSync(join(house.core.directory, 'custom_components/porthole/manifest.json')));
    const flow = await until(
      'a discovered flow',
      async () => (await house.core.flowsInProgress('porthole'))[0],
      30_000,
    );
    assert.equal(flow.context.source, 'hassio');
  });

  test('a camera is added on the page of the add-on, in its panel', async () => {
    const frame = await openPanel();
    await frame.getByText('Add a camera').first().click();
    await frame.getByRole('tab', { name: 'Address' }).click();
    await frame.getByRole('textbox').first().fill(house.camera.url);
    await page.keyboard.press('Enter');
    await frame.getByLabel('Name').fill('Front door', { timeout: 25_000 });
    await frame.getByLabel('Area').fill('Entrance');
    await frame.getByLabel('Sub stream').fill(house.small.url);
    await picture(page, 'add-camera-checked', 'desktop-light');
    await frame.getByRole('button', { name: 'Add the camera' }).click();
    await frame
      .getByText(/Live · H264 720p/)
      .first()
      .waitFor({ timeout: 20_000 });
    assert.match(readFileSync(house.addon.configPath, 'utf8'), /sub: front_door_sub/);
  });

  test('one form picks the cameras: an entry with a camera in it', async () => {
    await page.goto(`${house.core.url}/config/integrations/dashboard`);
    const discovered = page.locator('ha-config-flow-card').filter({ hasText: 'Porthole' });
    await discovered.getByText('Add', { exact: true }).click({ timeout: 20_000 });
    await page.getByText('Pick cameras').waitFor();
    await page.getByText('Front door').waitFor();
    await picture(page, 'pick-cameras', 'desktop-light');
    await page.getByText('Submit', { exact: true }).click();
    const state = await until('the camera', () => house.core.state(CAMERA), 15_000);
    assert.ok(['idle', 'streaming'].includes(state.state), state.state);
    const [entry] = await house.core.entries('porthole');
    assert.equal(entry?.num_subentries, 1);
  });

  test('more-info plays moving pictures by WebRTC, through core', async () => {
    await page.goto(`${house.core.url}/config/entities?more-info-entity-id=${CAMERA}`);
    const playback = await watchVideo(page, { timeoutMs: 20_000 });
    assert.equal(playback.width, 1280);
    assert.ok(playback.distinct > 5, JSON.stringify(playback));
    await picture(page, 'more-info', 'desktop-light');
  });

  test('core gives a snapshot', async () => {
    const response = await house.core.fetch(`/api/camera_proxy/${CAMERA}?width=320`);
    const bytes = Buffer.from(await response.arrayBuffer());
    const size = ['-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0', '-'];
    const { stdout } = await run('ffprobe', ['-v', 'error', '-f', 'mjpeg', ...size], { input: bytes });
    assert.equal(stdout.toString().trim(), 'mjpeg,320,180');
  });

  test('what is said in more-info is heard at the camera', async () => {
    const lab = { domain: 'camera', preview_feature: 'two_way_audio', enabled: true, create_backup: false };
    await house.core.call('labs/update', lab);
    await page.goto(`${house.core.url}/config/entities?more-info-entity-id=${CAMERA}`);
    await page.getByText('Start talking').click({ timeout: 20_000 });
    const heard = await until('sound', () => house.camera.heard.length > 25 && house.camera.heard, 20_000);
    assert.equal(heard.at(-1)!.payloadType, 8);
    // A-law (G.711) with its even bits inverted: silence is all 0xd5 and 0x55.
    const loud = heard.some(({ payload }) => payload.some((byte) => ((byte ^ 0x55) & 0x70) >= 0x40));
    assert.ok(loud, 'the beep of the browser');
    await page.keyboard.press('Escape');
  });

  test('the card needs an entity and nothing else: sub stream in the grid, by WebRTC and by forced MSE', async () => {
    const card = { type: 'custom:porthole-card', entity: CAMERA };
    const view = { title: 'Cameras', path: '0', cards: [card, { ...card, mode: 'mse' }] };
    await house.core.call('lovelace/dashboards/create', {
      url_path: DASHBOARD,
      title: 'Cameras',
      mode: 'storage',
      require_admin: false,
      show_in_sidebar: true,
    });
    await house.core.call('lovelace/config/save', { url_path: DASHBOARD, config: { views: [view] } });
    await page.goto(`${house.core.url}/${DASHBOARD}/0`);
    await untilMoving([
      ['webrtc', 640],
      ['mse', 640],
    ]);
  });

  test('full screen is the main stream, and the grid the sub stream again', async () => {
    const card = page.locator('porthole-card').first();
    const box = (await card.boundingBox())!;
    await page.mouse.move(box.x + 50, box.y + 50);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await card.getByRole('button', { name: 'Full screen' }).click({ timeout: 5000 });
    await untilMoving([
      ['webrtc', 1280],
      ['mse', 640],
    ]);
    await page.evaluate('document.exitFullscreen()');
    await untilMoving([
      ['webrtc', 640],
      ['mse', 640],
    ]);
  });

  test('the add-on starts anew, and everything comes back by itself', async () => {
    await house.addon.restart();
    await untilMoving([
      ['webrtc', 640],
      ['mse', 640],
    ]);
    await until('the camera to stream', async () => (await house.core.state(CAMERA))?.state === 'streaming');
  });

  test('by MQTT the camera is a device of core, with a picture', async () => {
    const begun = await house.core.flow({ handler: 'mqtt' }, { next_step_id: 'broker' });
    const { port, username, password } = house.supervisor.mqtt!;
    const broker = { broker: '127.0.0.1', port, username, password };
    const settings = { ...broker, other_settings: { set_client_cert: false, set_ca_cert: 'off' } };
    const { type } = await house.core.flow({ flow_id: begun.flow_id }, settings);
    assert.equal(type, 'create_entry');
    // Without `on` it stays away while the integration is connected.
    await editConfig({ mqtt: { mode: 'on', still_interval: 2 } });
    const entities = await until(
      'entities',
      async () => {
        const all = await house.core.entities('mqtt');
        return all.length >= 7 && all;
      },
      20_000,
    );
    const still = entities.find(({ entity_id }) => entity_id.startsWith('camera.'))!;
    const jpeg = await until(
      'a picture',
      async () => {
        const response = await house.core
          .fetch(`/api/camera_proxy/${still.entity_id}`)
          .catch(() => undefined);
        return response && Buffer.from(await response.arrayBuffer());
      },
      15_000,
    );
    assert.equal(jpeg.readUInt16BE(0), 0xffd8);
  });

  test('the HomeKit Bridge lists the camera', async () => {
    const result = await house.core.flow({ handler: 'homekit' }, { include_domains: ['camera'] }, {});
    assert.equal(result.type, 'create_entry', JSON.stringify(result));
    const accessories = await until(
      'the accessory of the camera',
      async () => {
        const entries = await house.core.entries('homekit');
        const told = await Promise.all(
          entries.map(({ entry_id }) =>
            house.core.rest('GET', `/api/diagnostics/config_entry/${entry_id}`).catch(() => undefined),
          ),
        );
        const text = JSON.stringify(told);
        return text.includes(`"entity_id":"${CAMERA}"`) && text;
      },
      20_000,
    );
    assert.match(accessories, /"category":17/);
  });

  test('pictures of every page, in the light and the dark, on a phone and a desktop', async () => {
    await takeTour(browser, house, { camera: CAMERA, dashboard: DASHBOARD });
  });

  test('a camera that is deleted in the panel is gone everywhere', async () => {
    const frame = await openPanel();
    await frame
      .getByRole('link', { name: /Front door/ })
      .first()
      .click();
    await frame.getByRole('button', { name: 'More' }).click();
    await frame.getByRole('menuitem', { name: /Delete/ }).click();
    await frame.locator('ph-dialog').getByRole('button', { name: 'Delete' }).click();
    await frame.getByText('No cameras yet').waitFor({ timeout: 15_000 });
    await until(
      'the entities to go',
      async () => (await house.core.entities('porthole')).length === 0,
      15_000,
    );
    await until(
      'the MQTT device to go',
      async () => (await house.core.entities('mqtt')).length === 0,
      15_000,
    );
    assert.doesNotMatch(readFileSync(house.addon.configPath, 'utf8'), /front_door/);
  });

  test('no page of ours complained', () => {
    assert.deepEqual(complaints, []);
  });

  async function editConfig(change: object): Promise<void> {
    const response = await fetch('http://127.0.0.1:1984/api/config', {
      method: 'PATCH',
      body: JSON.stringify(change),
    });
    assert.equal(response.status, 200, await response.text());
  }
});
