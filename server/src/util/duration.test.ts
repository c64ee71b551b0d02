import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from './duration.ts';

test('durations', () => {
  const table: [string, number | undefined][] = [
    ['5s', 5000],
    ['1m', 60_000],
    ['1m30s', 90_000],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['10', 10_000],
    ['0', 0],
    ['0.5', 500],
    ['', undefined],
    ['5 s', undefined],
    ['s', undefined],
    ['-5s', undefined],
    ['5x', undefined],
    ['1e9', undefined],
    ['1'.repeat(33), undefined],
  ];
  for (const [text, expected] of table) assert.equal(parseDuration(text), expected, text);
});
