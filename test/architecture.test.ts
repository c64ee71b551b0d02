/** Holds the house together: who may import whom, how files are named and sized, and that the table tells the truth. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { CONFIGURATION_EXAMPLE } from '../scripts/docs/configuration-page.ts';
import { FORMAT_NOTES } from '../scripts/docs/format-notes.ts';
import { PAGES } from '../scripts/generate-docs.ts';
import { loadConfig } from '../server/src/config/load.ts';
import { FORMATS } from '../server/src/formats/index.ts';
import { resolveSourceText } from '../server/src/formats/open.ts';
import { parseSourceText } from '../server/src/formats/source-text.ts';

const ROOT = join(import.meta.dirname, '..');
const SERVER = 'server/src';

/** Each folder of server/src, and the folders it may import from besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  util: [],
  config: ['util'],
  codecs: ['util'],
  core: ['util', 'codecs'],
  rtp: ['util', 'codecs', 'core'],
  net: ['util', 'codecs', 'core'],
  formats: ['util', 'config', 'codecs', 'core', 'rtp', 'net'],
  cameras: ['util', 'config', 'codecs', 'core', 'net', 'formats'],
  api: ['util', 'config', 'codecs', 'core', 'rtp', 'net', 'formats', 'cameras'],
  homeassistant: ['util', 'config', 'codecs', 'core', 'net', 'formats', 'cameras'],
};

const MAXIMUM_LINES = 400;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|fuzz|config|generated|d))*\.(ts|mjs)$/;
const IMPORT = /(?:^|[\s;])(?:import|export)\s(?:[^'"]*?\sfrom\s)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

const FILES = globSync('{server,frontend-card,test,scripts}/**/*.{ts,mjs}', {
  cwd: ROOT,
  exclude: ['**/node_modules/**', '**/dist/**', '**/fixtures/**', '**/.cache/**'],
});
const SERVER_FILES = FILES.filter((path) => path.startsWith(`${SERVER}/`));

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const isTest = (path: string): boolean => path.endsWith('.test.ts');

/** The modules that a file imports: paths from the root for files, names for packages. */
function importsOf(path: string): string[] {
  return [...read(path).matchAll(IMPORT)].map(([, fixed, lazy]) => {
    const target = (fixed ?? lazy)!;
    return target.startsWith('.') ? normalize(join(dirname(path), target)) : target;
  });
}

/** `server/src/rtp/h264.ts` → `rtp`; main.ts → ``. */
function folderOf(path: string): string {
  const [first, ...rest] = path.slice(SERVER.length + 1).split('/');
  return rest.length > 0 ? first! : '';
}

describe('imports', () => {
  test('every folder of server/src has a place in the order', () => {
    const folders = new Set(SERVER_FILES.map(folderOf).filter(Boolean));
    assert.deepEqual(
      [...folders].filter((folder) => !MAY_IMPORT[folder]),
      [],
    );
  });

  test('point one way', () => {
    const wrong = SERVER_FILES.flatMap((path) => {
      const from = folderOf(path);
      if (!from) return [];
      return importsOf(path)
        .filter((target) => target.startsWith(SERVER))
        .filter((target) => folderOf(target) !== from && !MAY_IMPORT[from]?.includes(folderOf(target)))
        .filter((target) => !isTest(path) || folderOf(target) === '')
        .map((target) => `${path} imports ${target}`);
    });
    assert.deepEqual(wrong, []);
  });

  test('the server never imports tests, scripts, the card or the page', () => {
    const wrong = SERVER_FILES.filter((path) => !isTest(path)).flatMap((path) =>
      importsOf(path)
        .filter((target) => /^(test|scripts|frontend-card|server\/ui)\//.test(target))
        .map((target) => `${path} imports ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  test('the fake camera shares nothing with the server, so that it can catch its mistakes', () => {
    const judges = FILES.filter((path) =>
      /^test\/(fakes\/(rtsp|onvif|clips|feed|ffmpeg|packetize)|helpers\/rtsp)/.test(path),
    );
    const wrong = judges.flatMap((path) => importsOf(path).filter((target) => target.startsWith('server/')));
    assert.ok(judges.length > 5);
    assert.deepEqual(wrong, []);
  });

  test('packages of the server are among its dependencies, and each is used', () => {
    const { dependencies } = JSON.parse(read('server/package.json')) as { dependencies: object };
    const used = new Set(
      SERVER_FILES.filter((path) => !isTest(path))
        .flatMap(importsOf)
        .filter((target) => !target.startsWith('server/') && !target.startsWith('node:'))
        .map((target) => target.split('/', target.startsWith('@') ? 2 : 1).join('/')),
    );
    assert.deepEqual([...used].sort(), Object.keys(dependencies).sort());
  });
});

describe('files', () => {
  test('are named in kebab-case', () => {
    assert.deepEqual(
      FILES.filter((path) => !KEBAB_CASE.test(path.split('/').at(-1)!)),
      [],
    );
  });

  test(`have at most ${MAXIMUM_LINES} lines`, () => {
    const long = FILES.filter((path) => !isTest(path) && read(path).split('\n').length - 1 > MAXIMUM_LINES);
    assert.deepEqual(long, []);
  });

  test('have no default export', () => {
    assert.deepEqual(
      FILES.filter((path) => /^export default\b|\bas default\b/m.test(read(path))),
      [],
    );
  });

  test('leave no work undone', () => {
    const unfinished = /\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented/;
    assert.deepEqual(
      FILES.filter((path) => path !== 'test/architecture.test.ts' && unfinished.test(read(path))),
      [],
    );
  });
});

describe('the table of formats', () => {
  const folders = globSync(`${SERVER}/formats/*/`, { cwd: ROOT }).map((path) => path.split('/').at(-1)!);

  test('has one row a name, and one row a scheme', () => {
    const names = FORMATS.map(({ name }) => name);
    const schemes = FORMATS.flatMap((format) => format.schemes ?? []);
    assert.equal(new Set(names).size, names.length);
    assert.equal(new Set(schemes).size, schemes.length);
  });

  test('uses every folder of formats, directly or through another', () => {
    const unused = folders.filter((folder) => {
      const inside = `${SERVER}/formats/${folder}/`;
      return !SERVER_FILES.some(
        (path) =>
          !path.startsWith(inside) &&
          !isTest(path) &&
          importsOf(path).some((target) => target.startsWith(inside)),
      );
    });
    assert.deepEqual(unused, []);
  });

  for (const format of FORMATS) {
    test(`${format.name}: modules load and export what the table says`, async () => {
      if (format.producer) assert.equal(typeof (await format.producer()).open, 'function');
      if (format.demuxer) {
        const demuxer = (await format.demuxer()).createDemuxer();
        assert.equal(typeof demuxer.push, 'function');
        assert.ok(
          format.detect ?? format.mimeTypes,
          'a byte format is found by its first bytes or its MIME type',
        );
      }
      if (format.output) {
        const output = (await format.output()).createOutput(new URLSearchParams());
        assert.ok(output.key && output.accepts.length > 0);
        assert.ok(format.extensions?.length, 'an output has an extension to fetch it by');
      }
      if (format.publisher) assert.equal(typeof (await format.publisher()).publish, 'function');
      if (format.discovery) assert.equal(typeof (await format.discovery()).discover, 'function');
      if (format.service) assert.equal(typeof (await format.service()).start, 'function');
    });

    if (format.schemes) {
      test(`${format.name}: its example is a source of one of its schemes`, () => {
        assert.ok(format.example);
        assert.ok(format.schemes!.includes(parseSourceText(format.example).scheme));
        assert.ok(format.producer);
      });
    }
  }
});

describe('the docs', () => {
  for (const { name, render } of PAGES) {
    test(`${name} is what the code says`, () => {
      const page = existsSync(join(ROOT, name)) ? read(name) : '';
      assert.equal(page, render(), 'stale: run node scripts/generate-docs.ts');
    });
  }

  test('notes belong to formats', () => {
    const names = FORMATS.map(({ name }) => name);
    assert.deepEqual(
      Object.keys(FORMAT_NOTES).filter((name) => !names.includes(name)),
      [],
    );
  });

  for (const format of FORMATS) {
    const { sources, outputs, pushes, targets } = FORMAT_NOTES[format.name] ?? {};
    const extensionsIn = (texts: object = {}): string[] =>
      Object.keys(texts).flatMap((text) =>
        [...text.matchAll(/api\/stream\.(\w+)/g)].map(([, name]) => name!),
      );

    test(`${format.name}: examples are of this format, and none is missing`, () => {
      for (const text of Object.keys({ ...sources, ...targets })) {
        const { scheme } = resolveSourceText(text, (name) => name === 'front_door');
        const schemes = format.schemes ?? ['http', 'https', 'httpx'];
        assert.ok(schemes.includes(scheme), text);
      }
      if (format.output) assert.ok(extensionsIn(outputs).length > 0);
      if (format.demuxer) assert.ok(extensionsIn(pushes).length > 0);
      if (format.extensions) {
        const strange = extensionsIn({ ...outputs, ...pushes }).filter(
          (name) => !format.extensions!.includes(name),
        );
        assert.deepEqual(strange, []);
      }
      assert.equal(targets !== undefined, format.publisher !== undefined);
    });
  }

  test('the example of a configuration loads without a complaint', () => {
    const { problems } = loadConfig([{ kind: 'document', text: CONFIGURATION_EXAMPLE }]);
    assert.deepEqual(problems, []);
  });

  test('the row of docs/add-a-source.md is in the table', () => {
    const words = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
    const [, path, row] = /```ts\n\s*\/\/ (\S+)\n([\s\S]*?)```/.exec(read('docs/add-a-source.md'))!;
    assert.ok(words(read(path!)).includes(words(row!)));
  });

  test('links lead to files', () => {
    const pages = globSync('{README.md,docs/*.md,server/src/**/README.md}', { cwd: ROOT });
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map(([, target]) => join(dirname(page), target!))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${page} links to ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  test('files that the pages name exist', () => {
    const missing = ['docs/architecture.md', 'docs/security.md', 'docs/add-a-source.md'].flatMap((page) =>
      [...read(page).matchAll(/`([\w./-]*\w\.ts)`/g)]
        .map(([, path]) => path!)
        .filter((path) => !FILES.some((file) => `/${file}`.endsWith(`/${path}`)))
        .map((path) => `${page} names ${path}`),
    );
    assert.deepEqual(missing, []);
  });
});
