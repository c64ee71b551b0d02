#!/usr/bin/env node
// Bundles the web pages: node scripts/build-ui.mjs [outdir=server/dist/ui]
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const UI = fileURLToPath(new URL('../server/ui', import.meta.url));
const OUT = fileURLToPath(new URL('../server/dist/ui', import.meta.url));

/**
 * Writes index.html, stream.html and `assets/`, whose names change with their content, to `outdir`.
 * All addresses are relative, because the pages may be anywhere behind a proxy.
 */
export async function buildUi(outdir = OUT) {
  const { build } = await import('vite');
  await build({
    root: UI,
    base: './',
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: outdir,
      emptyOutDir: true,
      target: ['es2022', 'safari16.4'],
      assetsInlineLimit: 0,
      // The config editor, and nothing else, is larger than Vite likes.
      chunkSizeWarningLimit: 800,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: {
        // A busy machine is not worth a warning.
        checks: { pluginTimings: false },
        input: [join(UI, 'index.html'), join(UI, 'stream.html')],
      },
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [outdir] = process.argv.slice(2);
  await buildUi(outdir && resolve(outdir));
}
