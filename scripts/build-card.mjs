#!/usr/bin/env node
// Bundles the card: node scripts/build-card.mjs [outdir=integration/custom_components/porthole/frontend]
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const CARD = fileURLToPath(new URL('../frontend-card', import.meta.url));
const OUT = fileURLToPath(new URL('../integration/custom_components/porthole/frontend', import.meta.url));

/**
 * Writes porthole-card.js to `outdir`, where the integration serves it from: one module with all that it needs, but for
 * hls.js, which few need, beside it. That chunk must not import the card: the card has a `?v=` in its address, and would
 * run twice.
 */
export async function buildCard(outdir = OUT) {
  const { build } = await import('vite');
  await build({
    root: CARD,
    configFile: false,
    logLevel: 'warn',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: outdir,
      emptyOutDir: true,
      target: ['es2022', 'safari16.4'],
      minify: true,
      reportCompressedSize: false,
      lib: { entry: join(CARD, 'src/porthole-card.ts'), formats: ['es'], fileName: () => 'porthole-card.js' },
      rolldownOptions: { output: { minify: true, chunkFileNames: 'porthole-[name]-[hash].js' } },
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [outdir] = process.argv.slice(2);
  await buildCard(outdir && resolve(outdir));
}
