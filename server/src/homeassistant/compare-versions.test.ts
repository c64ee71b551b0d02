import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions } from './compare-versions.ts';

const IN_ORDER = [
  '0.1',
  '0.1.1',
  '0.2.0-alpha.1',
  '0.2.0-beta',
  '0.2.0-beta.2',
  '0.2.0',
  '0.3.0a1',
  '0.3.0b2',
  '0.3.0b10',
  '0.3.0',
  '0.10.0',
  '1',
  '2026.8.0',
];

test('versions are in order', () => {
  assert.deepEqual([...IN_ORDER].reverse().sort(compareVersions), IN_ORDER);
});

test('what means the same is equal', () => {
  for (const [a, b] of [
    ['1.0', '1.0.0'],
    ['v1.2.3', '1.2.3'],
    ['1.2.3+build.7', '1.2.3'],
    ['', ''],
  ] as const) {
    assert.equal(compareVersions(a, b), 0, `${a} and ${b}`);
  }
});
