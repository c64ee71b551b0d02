import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES, type ErrorCode } from './errors.ts';
import { retryDelay } from './retry.ts';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

test('a broken connection is tried again at once, then ever slower, at most twice a minute', () => {
  const delays = Array.from({ length: 20 }, (_, attempt) => retryDelay('closed', attempt) ?? Number.NaN);
  assert.equal(delays[0], 100);
  assert.equal(delays[1], 1000);
  assert.equal(delays.at(-1), 30_000);
  assert.deepEqual(
    delays,
    [...delays].sort((a, b) => a - b),
  );
});

test('a refused password is not tried again within five seconds, nor is a camera that sleeps', () => {
  for (const code of ['unauthorized', 'asleep', 'disabled'] as const) {
    for (let attempt = 0; attempt < 10; attempt++) assert.ok((retryDelay(code, attempt) ?? 0) >= 5000);
  }
});

test('a source text that cannot work is given up; every other code has a delay', () => {
  const hopeless = codes.filter((code) => retryDelay(code, 0) === undefined);
  assert.deepEqual(hopeless.sort(), ['aborted', 'invalid_source', 'unsafe_source']);
});
