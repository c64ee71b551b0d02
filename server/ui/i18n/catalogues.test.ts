/** All languages have the same messages, with the same values in them, and each can be formatted. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { IntlMessageFormat } from 'intl-messageformat';
import { LANGUAGES } from '../lib/languages.ts';

type Catalogue = Readonly<Record<string, string>>;

const read = (language: string, file: string): Catalogue =>
  JSON.parse(readFileSync(join(import.meta.dirname, language, file), 'utf8')) as Catalogue;

/** Names of the values that a message takes. */
function valuesOf(text: string): string[] {
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) visit(item);
    else if (typeof node === 'object' && node !== null) {
      const { type, value, options } = node as { type?: number; value?: string; options?: object };
      // 0 is text, 7 the # of a plural.
      if (type !== 0 && type !== 7 && typeof value === 'string') names.add(value);
      for (const option of Object.values(options ?? {})) visit((option as { value: unknown }).value);
    }
  };
  visit(new IntlMessageFormat(text, 'en', undefined, { ignoreTag: true }).getAst());
  return [...names].sort();
}

const files = readdirSync(join(import.meta.dirname, 'en'));

for (const language of LANGUAGES) {
  describe(language, () => {
    test('has every catalogue', () => {
      assert.deepEqual(readdirSync(join(import.meta.dirname, language)), files);
    });
    for (const file of files) {
      test(file, () => {
        const english = read('en', file);
        const own = read(language, file);
        assert.deepEqual(Object.keys(own).sort(), Object.keys(english).sort());
        for (const [key, text] of Object.entries(own)) {
          assert.ok(text.trim(), `${key} is empty`);
          assert.deepEqual(valuesOf(text), valuesOf(english[key]!), `${key}: ${text}`);
          const values = Object.fromEntries(valuesOf(text).map((name) => [name, 2]));
          const format = new IntlMessageFormat(text, language, undefined, { ignoreTag: true });
          assert.equal(typeof format.format(values), 'string', key);
        }
      });
    }
  });
}
