/**
 * `npm run build`: the whole server in server/dist, where `node server/dist/main.js -c FILE` is the program.
 *
 *   main.js     turns the code cache on and loads server.js
 *   server.js   everything, packages included
 *   ui/         the web page
 *   .cache/     what V8 compiled in the first run: made by it, a quarter less time to start for the next ones
 */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, ROOT, runScript, SetupError } from './setup.mjs';

const DIST = join(ROOT, 'server/dist');

export const BUNDLE = join(DIST, 'main.js');

const INPUTS = ['server/src', 'server/ui', 'frontend-card/src', 'scripts', 'package-lock.json'];

/** CommonJS, as server.js is: it loads Node's own modules when they are first used, not all at the start. */
const MAIN = `require('node:module').enableCompileCache(__dirname + '/.cache');
require('./server.js');
`;

/**
 * Builds the server and its page beside server/dist, then puts them in its place; and the card into the integration.
 * The packages must be installed.
 */
export async function build() {
  const fresh = mkdtempSync(join(ROOT, 'node_modules/.build-'));
  try {
    const { buildUi } = await import('./build-ui.mjs');
    await buildUi(join(fresh, 'ui'));
    const { buildCard } = await import('./build-card.mjs');
    await buildCard();
    await bundleServer(join(ROOT, 'server/src/main.ts'), join(fresh, 'server.js'));
    writeFileSync(join(fresh, 'main.js'), MAIN);
    writeFileSync(join(fresh, 'package.json'), '{ "type": "commonjs" }\n');
    rmSync(DIST, { recursive: true, force: true });
    renameSync(fresh, DIST);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error.errors ? new SetupError(`the build failed: ${error.message}`) : error;
  }
}

/** Builds if a source is newer than the bundle, and says so. */
export async function buildIfStale() {
  if (newest(INPUTS.map((path) => join(ROOT, path))) <= newest([BUNDLE])) return;
  const startedAt = Date.now();
  process.stderr.write('porthole: building … ');
  await build();
  process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

/** Writes `entry` and all it imports, packages included, as one CommonJS module for Node. */
export async function bundleServer(entry, outfile) {
  const esbuild = await import('esbuild');
  await esbuild.build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    define: { 'import.meta.dirname': '__dirname' },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  // esbuild writes ASCII, but leaves regular expressions alone.
  if (/[^\0-\x7f]/.test(readFileSync(outfile, 'utf8')))
    throw new SetupError(`${outfile} is not ASCII: V8 would keep it in two bytes a character`);
}

/** Time of the last change among files and folders; 0 if one is missing. */
function newest(paths) {
  let latest = 0;
  for (const path of paths) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return 0;
    if (stats.isDirectory()) {
      const children = readdirSync(path, { withFileTypes: true });
      const relevant = children.filter((child) => child.name !== 'dist' && !child.name.endsWith('.test.ts'));
      latest = Math.max(latest, newest(relevant.map((child) => join(path, child.name))));
    }
    latest = Math.max(latest, stats.mtimeMs);
  }
  return latest;
}

if (import.meta.filename === process.argv[1]) {
  await runScript(async () => {
    await installPackages();
    await build();
  });
}
