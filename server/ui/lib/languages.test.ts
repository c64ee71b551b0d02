import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directionOf, matchLanguage } from './languages.ts';

test('the first language of the reader that there is', () => {
  assert.equal(matchLanguage(['de-AT', 'en']), 'de');
  assert.equal(matchLanguage(['sv', 'fr-CA']), 'fr');
  assert.equal(matchLanguage(['zh-TW']), 'zh-Hans');
  assert.equal(matchLanguage(['sv']), 'en');
  assert.equal(matchLanguage([]), 'en');
});

test('direction', () => {
  assert.deepEqual(['de', 'ar', 'he-IL'].map(directionOf), ['ltr', 'rtl', 'rtl']);
});
