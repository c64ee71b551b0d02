import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from '@formatjs/icu-messageformat-parser';
import { ENGLISH } from './player/texts.ts';
import { nearestLanguage, t, useLanguage } from './translate.ts';

const FOLDER = join(import.meta.dirname, 'translations');
const read = (file: string) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
const english = { ...read('en.json'), player: ENGLISH };

/** Names of the values in a message. */
function valuesOf(message: string): string[] {
  return [...message.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort();
}

for (const file of readdirSync(FOLDER).filter((name) => name !== 'en.json'))
  test(`${file} has every word, with the same values`, () => {
    const catalogue = read(file);
    for (const part of ['card', 'player'] as const) {
      assert.deepEqual(Object.keys(catalogue[part]), Object.keys(english[part]));
      for (const [key, message] of Object.entries<string>(catalogue[part])) {
        assert.deepEqual(valuesOf(message), valuesOf(english[part][key]), key);
        assert.ok(parse(message, { ignoreTag: true }).length > 0, key);
      }
    }
  });

test('the nearest language speaks', () => {
  assert.deepEqual(['de-CH', 'zh-CN', 'zh-Hans', 'pt-BR', 'en-GB'].map(nearestLanguage), [
    'de',
    'zh-Hans',
    'zh-Hans',
    'en',
    'en',
  ]);
  useLanguage('de');
  assert.equal(t('slide', { name: 'Tür', index: 2, count: 3 }), 'Tür, 2 von 3');
  useLanguage('en');
});
