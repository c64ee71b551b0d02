import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigProblem } from '../config/error.ts';
import { findTrouble, watchLoop } from './health.ts';

const calm = { worstMs: () => 20 };
const problem = (path: string): ConfigProblem => ({
  source: 'a',
  line: 1,
  column: 1,
  path,
  message: 'secret',
});

test('only what a new start may mend is trouble', () => {
  assert.equal(findTrouble(calm, [], 0), undefined);
  assert.equal(findTrouble(calm, [problem('streams.a')], 0), undefined);
  assert.equal(findTrouble(calm, [problem('')], 1), undefined, 'streams work');
  assert.equal(findTrouble(calm, [problem('')], 0), 'the config file cannot be read');
  assert.match(findTrouble({ worstMs: () => 9000 }, [], 1)!, /blocked/);
});

test('a blocked event loop is seen once', async () => {
  const loop = watchLoop(50);
  const turn = () => new Promise((resolve) => setTimeout(resolve, 250));
  await turn();
  loop.worstMs();
  const until = performance.now() + 400;
  while (performance.now() < until);
  await turn();
  assert.ok(loop.worstMs() > 300);
  await turn();
  assert.ok(loop.worstMs() < 300);
  loop.close();
});
