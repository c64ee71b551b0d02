#!/usr/bin/env node
// Bundles the web pages: node scripts/build-ui.mjs [outdir=server/dist/ui]
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const UI = fileURLToPath(new URL('../server/ui', import.meta.url));
const OUT = fileURLToPath(new URL('../server/dist/ui', import.meta.url));
const COPIED = /\.(html|svg|png|webmanifest)$/;

/** Writes index.html, stream.html, their scripts and styles to `outdir`. */
export async function buildUi(outdir = OUT) {
  await mkdir(outdir, { recursive: true });
  const files = (await readdir(UI)).filter((name) => COPIED.test(name));
  await Promise.all([
    build({
      absWorkingDir: UI,
      entryPoints: ['index.ts', 'stream.ts', 'index.css'],
      outdir,
      bundle: true,
      minify: true,
      format: 'esm',
      target: ['es2022', 'safari16.4'],
      legalComments: 'none',
      logLevel: 'warning',
    }),
    ...files.map((name) => copyFile(join(UI, name), join(outdir, name))),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [outdir] = process.argv.slice(2);
  await buildUi(outdir && resolve(outdir));
}
