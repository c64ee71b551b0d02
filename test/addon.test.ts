/** The packaging of the add-on: what the Supervisor and the store read agrees with the code and with itself. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { optionsSchema } from '../server/src/homeassistant/options.ts';
import { VERSION } from '../server/src/util/version.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

type Plain = Record<string, unknown>;
const manifest = parse(read('addon/config.yaml')) as Plain & {
  readonly options: Plain;
  readonly schema: Record<string, string>;
  readonly ports: Record<string, number | null>;
};
const dockerfile = read('addon/Dockerfile');
const integration = JSON.parse(read('integration/custom_components/porthole/manifest.json')) as Plain;

/** What the Supervisor knows; it drops other keys without a word. */
const KNOWN = new Set(
  `name version slug description url image arch init startup boot hassio_api homeassistant_api discovery services ingress
  ingress_port ingress_stream panel_icon panel_title panel_admin host_network ports ports_description watchdog map video
  audio usb udev devices backup backup_exclude backup_pre backup_post options schema timeout homeassistant stage`.split(
    /\s+/,
  ),
);
const LANGUAGES = ['de', 'en', 'es', 'fr', 'ru', 'zh-Hans'];
const TYPE = /^(?:bool|port|str|password|list\([\w|]+\))\??$/;

describe('config.yaml', () => {
  test('has keys that the Supervisor knows, and those that this add-on stands on', () => {
    assert.deepEqual(
      Object.keys(manifest).filter((key) => !KNOWN.has(key)),
      [],
    );
    for (const [key, value] of Object.entries({
      slug: 'porthole',
      arch: ['amd64', 'aarch64'],
      init: false,
      ingress: true,
      ingress_port: 0,
      ingress_stream: true,
      host_network: true,
      hassio_api: true,
      homeassistant_api: true,
      services: ['mqtt:want'],
      watchdog: 'http://[HOST]:[PORT:1984]/api/health',
    })) {
      assert.deepEqual(manifest[key], value, key);
    }
    assert.deepEqual(manifest.discovery, [integration.domain]);
  });

  test('may write where the server does, and nowhere else', () => {
    const map = manifest.map as { type: string; read_only: boolean }[];
    const writable = map.flatMap(({ type, read_only }) => (read_only ? [] : type));
    assert.deepEqual(writable, ['app_config', 'homeassistant_config']);
    const profile = read('addon/apparmor.txt');
    for (const folder of ['media', 'share'])
      assert.match(profile, new RegExp(`^ +/${folder}/\\{,\\*\\*\\} r,$`, 'm'));
  });

  test('all say the same version', () => {
    const versions = ['package.json', 'server/package.json'].map((path) => JSON.parse(read(path)).version);
    assert.deepEqual([manifest.version, ...versions, integration.version], Array(4).fill(VERSION));
    assert.ok(read('addon/CHANGELOG.md').includes(`\n## ${VERSION}\n`));
  });

  test('options are those that the server reads, with its defaults', () => {
    const { properties } = optionsSchema as unknown as {
      properties: Record<string, { default?: unknown; enum?: string[] }>;
    };
    assert.deepEqual(Object.keys(manifest.schema).sort(), Object.keys(properties).sort());
    for (const [name, type] of Object.entries(manifest.schema)) {
      assert.match(type, TYPE, name);
      assert.equal(manifest.options[name], properties[name]!.default, name);
      assert.equal(type.endsWith('?'), properties[name]!.default === undefined, `${name} without a default`);
      const choices = /^list\((.*)\)$/.exec(type)?.[1]?.split('|');
      assert.deepEqual(choices, properties[name]!.enum && [...properties[name]!.enum], name);
    }
  });

  test('all name the same home of the project', () => {
    const home = String(manifest.url);
    assert.ok(String(integration.documentation).startsWith(`${home}/`));
    assert.equal(integration.issue_tracker, `${home}/issues`);
    assert.equal((parse(read('repository.yaml')) as Plain).url, home);
    assert.ok(dockerfile.includes(`image.source="${home}"`));
  });

  test('its image has neither tag nor architecture, and is the one that the workflow builds', () => {
    assert.match(String(manifest.image), /^[a-z0-9.-]+\/[a-z0-9/-]+$/);
    assert.ok(read('.github/workflows/build.yml').includes(`IMAGE: ${manifest.image}\n`));
  });

  test('ports are described', () => {
    assert.deepEqual(Object.keys(manifest.ports_description as Plain), Object.keys(manifest.ports));
    assert.ok('1984/tcp' in manifest.ports, 'the watchdog can be told of another port');
  });
});

describe('translations', () => {
  test('are those of the page', () => {
    const files = globSync('addon/translations/*.yaml', { cwd: ROOT });
    assert.deepEqual(files.map((path) => basename(path, '.yaml')).sort(), LANGUAGES);
  });

  for (const language of LANGUAGES) {
    test(`${language}: every option has a name and a description, every port a name, and nothing else has`, () => {
      const texts = parse(read(`addon/translations/${language}.yaml`)) as {
        configuration: Record<string, { name: string; description: string }>;
        network: Record<string, string>;
      };
      assert.deepEqual(Object.keys(texts.configuration).sort(), Object.keys(manifest.schema).sort());
      assert.deepEqual(Object.keys(texts.network).sort(), Object.keys(manifest.ports).sort());
      for (const [option, { name, description }] of Object.entries(texts.configuration)) {
        assert.ok(name && description, option);
        if (language === 'en') continue;
        const english = parse(read('addon/translations/en.yaml')) as typeof texts;
        assert.notEqual(description, english.configuration[option]!.description, option);
      }
    });
  }
});

describe('the image', () => {
  test('stands on a base with a default, and is labelled', () => {
    assert.match(dockerfile, /^ARG BUILD_FROM=ghcr\.io\/home-assistant\/base-debian:\w+$/m);
    assert.match(dockerfile, /io\.hass\.type="app"/);
    assert.match(dockerfile, /io\.hass\.arch="\$\{BUILD_ARCH\}"/);
    assert.match(dockerfile, /io\.hass\.version="\$\{BUILD_VERSION\}"/);
  });

  test('copies what the repository has', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, words]) =>
      words!.split(' '),
    );
    assert.ok(sources.length > 5);
    assert.deepEqual(
      sources.filter((path) => !existsSync(join(ROOT, path))),
      [],
    );
  });

  test('run.sh only becomes the server', () => {
    const lines = read('addon/run.sh')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(lines, ['exec node /opt/porthole/server/main.js']);
    assert.ok(statSync(join(ROOT, 'addon/run.sh')).mode & 0o111);
  });

  test('has an AppArmor profile of the name of the add-on', () => {
    assert.deepEqual(
      [...read('addon/apparmor.txt').matchAll(/^profile (\S+)/gm)].map(([, name]) => name),
      [manifest.slug],
    );
  });
});

describe('the store', () => {
  test('has pictures and texts', () => {
    const size = (path: string): number[] => {
      const bytes = readFileSync(join(ROOT, path));
      assert.equal(bytes.toString('latin1', 1, 4), 'PNG');
      return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    };
    assert.deepEqual(size('addon/icon.png'), [128, 128]);
    assert.equal(size('addon/logo.png')[1], 100);
    for (const path of ['README.md', 'DOCS.md', 'CHANGELOG.md'])
      assert.ok(read(`addon/${path}`).length > 100, path);
    const repository = parse(read('repository.yaml')) as Plain;
    assert.ok(repository.name && repository.url && repository.maintainer);
  });

  test("the documentation names every option by the name that it has on the add-on's page", () => {
    const { configuration } = parse(read('addon/translations/en.yaml')) as {
      configuration: Record<string, { name: string }>;
    };
    const docs = read('addon/DOCS.md');
    assert.deepEqual(
      Object.values(configuration).filter(({ name }) => !docs.includes(`**${name}**`)),
      [],
    );
  });

  test("the marketplace's file names what the integration is named", () => {
    assert.equal(JSON.parse(read('integration/hacs.json')).name, integration.name);
  });
});
