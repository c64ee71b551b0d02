import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { installIntegration } from './install-integration.ts';

interface Home {
  readonly homeassistant: string;
  readonly place: string;
  install(install?: boolean): ReturnType<typeof installIntegration>;
  /** Version of what lies in the folder, and the files beside the manifest. */
  present(): readonly unknown[];
}

/** A Home Assistant that has this version of ours, or nothing, and a server that brings 1.2.0. */
function home(version?: string, name = 'Porthole'): Home {
  const root = mkdtempSync(join(tmpdir(), 'porthole-install-'));
  const [source, homeassistant] = [join(root, 'bundled'), join(root, 'homeassistant')];
  const place = join(homeassistant, 'custom_components/porthole');
  write(source, '1.2.0', 'Porthole');
  writeFileSync(join(source, 'camera.py'), 'fresh');
  mkdirSync(join(homeassistant, 'custom_components/other'), { recursive: true });
  writeFileSync(join(homeassistant, 'custom_components/other/manifest.json'), '{}');
  if (version !== undefined) {
    write(place, version, name);
    writeFileSync(join(place, 'stale.py'), 'stale');
  }
  return {
    homeassistant,
    place,
    install: (install = true) => installIntegration({ source, homeassistant, install }),
    present: () => [
      JSON.parse(readFileSync(join(place, 'manifest.json'), 'utf8')).version,
      readdirSync(place).filter((file) => file !== 'manifest.json' && file !== 'translations'),
    ],
  };
}

function write(folder: string, version: string, name: string): void {
  mkdirSync(join(folder, 'translations'), { recursive: true });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ domain: 'porthole', name, version }));
}

describe('the integration', () => {
  test('is installed where there is none, and nothing else is touched', async () => {
    const { homeassistant, install, present } = home();
    const before = readdirSync(homeassistant);
    assert.deepEqual(await install(), { outcome: 'installed', installed: '1.2.0', bundled: '1.2.0' });
    assert.deepEqual(present(), ['1.2.0', ['camera.py']]);
    assert.deepEqual(readdirSync(join(homeassistant, 'custom_components')).sort(), ['other', 'porthole']);
    assert.deepEqual(readdirSync(homeassistant), before, 'nothing is left behind');
  });

  test('is installed into a Home Assistant without custom components', async () => {
    const { homeassistant, install } = home();
    rmSync(join(homeassistant, 'custom_components'), { recursive: true });
    assert.equal((await install()).outcome, 'installed');
  });

  test('an older one is replaced as a whole', async () => {
    const { homeassistant, install, present } = home('1.1.9');
    assert.equal((await install()).outcome, 'updated');
    assert.deepEqual(present(), ['1.2.0', ['camera.py']]);
    assert.deepEqual(readdirSync(homeassistant), ['custom_components']);
  });

  for (const [version, reason] of [
    ['1.2.0', undefined],
    ['1.10.0', '1.10.0 is newer than 1.2.0'],
  ] as const) {
    test(`${version} is kept`, async () => {
      const { install, present } = home(version);
      const { outcome, installed, reason: told } = await install();
      assert.deepEqual([outcome, installed, told], ['kept', version, reason]);
      assert.deepEqual(present(), [version, ['stale.py']]);
    });
  }

  test('what is not ours is left as it is', async () => {
    const other = home('0.0.1', 'Porthole windows');
    const answer = await other.install();
    assert.deepEqual([answer.outcome, answer.installed], ['kept', undefined]);
    assert.match(answer.reason!, /not our integration/);
    assert.deepEqual(other.present(), ['0.0.1', ['stale.py']]);

    const link = home();
    const elsewhere = mkdtempSync(join(tmpdir(), 'porthole-link-'));
    symlinkSync(elsewhere, link.place);
    assert.match((await link.install()).reason!, /a link or a file/);
    assert.deepEqual(readdirSync(elsewhere), []);

    const empty = home();
    mkdirSync(empty.place);
    assert.equal((await empty.install()).outcome, 'kept');
    assert.deepEqual(readdirSync(empty.place), []);
  });

  test('switched off, it only looks', async () => {
    assert.deepEqual((await home().install(false)).installed, undefined);
    const { install, present } = home('1.0.0');
    assert.deepEqual([(await install(false)).installed, present()[0]], ['1.0.0', '1.0.0']);
  });

  test('after a start that was cut short between two renames, the one before is back, and then updated', async () => {
    const { homeassistant, install, present, place } = home();
    write(join(homeassistant, '.porthole-old'), '1.0.0', 'Porthole');
    mkdirSync(join(homeassistant, '.porthole-new'));
    assert.ok(!existsSync(place));
    assert.equal((await install()).outcome, 'updated');
    assert.equal(present()[0], '1.2.0');
    assert.deepEqual(readdirSync(homeassistant), ['custom_components']);
  });

  test('a folder that cannot be written fails with the reason', async () => {
    const { homeassistant, install } = home();
    rmSync(join(homeassistant, 'custom_components'), { recursive: true });
    writeFileSync(join(homeassistant, 'custom_components'), 'a file');
    const { outcome, reason } = await install();
    assert.equal(outcome, 'failed');
    assert.match(reason!, /custom_components/);
  });

  test('a server that came without it says so', async () => {
    const { homeassistant } = home();
    const answer = await installIntegration({ source: '/nowhere', homeassistant, install: true });
    assert.equal(answer.outcome, 'failed');
  });
});
