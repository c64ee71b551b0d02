/**
 * `npm run build`: the whole server as one file, server/dist/main.js, beside its web page, server/dist/ui.
 * `node server/dist/main.js -c FILE` is the program.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, ROOT, runScript, SetupError } from './setup.mjs';

const DIST = join(ROOT, 'server/dist');

export const BUNDLE = join(DIST, 'main.js');

const INPUTS = ['server/src', 'server/ui', 'frontend-card/src', 'scripts', 'package-lock.json'];

/** Some packages are CommonJS and call `require` for Node's own modules. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/** Builds the server and its page into an empty server/dist. The packages must be installed. */
export async function build() {
  rmSync(DIST, { recursive: true, force: true });
  const { buildUi } = await import('./build-ui.mjs');
  await buildUi(join(DIST, 'ui'));
  await bundleServer(join(ROOT, 'server/src/main.ts'), BUNDLE);
}

/** Builds if a source is newer than the bundle, and says so. */
export async function buildIfStale() {
  if (newest(INPUTS.map((path) => join(ROOT, path))) <= newest([BUNDLE])) return;
  const startedAt = Date.now();
  process.stderr.write('porthole: building … ');
  await build();
  process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

/** Writes `entry` and all it imports, packages included, as one ES module for Node. */
export async function bundleServer(entry, outfile) {
  const esbuild = await import('esbuild');
  try {
    await esbuild.build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      banner: { js: REQUIRE },
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: 'none',
      logLevel: 'warning',
    });
  } catch (error) {
    throw new SetupError(`the build failed: ${error.message}`);
  }
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
