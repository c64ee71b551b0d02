/** Writes the pages of docs that are made from data; test/architecture.test.ts fails when one of them is stale. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderConfiguration } from './docs/configuration-page.ts';
import { renderFormats } from './docs/formats-page.ts';

/** Each page, and what makes it. */
export const PAGES: readonly { readonly name: string; readonly render: () => string }[] = [
  { name: 'docs/formats.md', render: renderFormats },
  { name: 'docs/configuration.md', render: renderConfiguration },
];

if (import.meta.main) {
  for (const { name, render } of PAGES) writeFileSync(join(import.meta.dirname, '..', name), render());
}
