import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NominationPair, pairToNominate } from './ice-nomination.ts';

const pair = (priority: number, state: NominationPair['state'], relayed = false): NominationPair => ({
  priority,
  state,
  relayed,
});

const CASES: readonly [
  what: string,
  pairs: readonly NominationPair[],
  validForMs: number,
  chosen: number | undefined,
][] = [
  ['nothing is valid', [pair(9, 'checking'), pair(8, 'failed')], 5000, undefined],
  ['the only one', [pair(5, 'valid')], 0, 5],
  ['the better of two', [pair(5, 'valid'), pair(7, 'valid')], 0, 7],
  ['a better one may answer', [pair(5, 'valid'), pair(7, 'checking')], 199, undefined],
  ['a better one was given time', [pair(5, 'valid'), pair(7, 'checking')], 200, 5],
  ['a better one failed', [pair(5, 'valid'), pair(7, 'failed')], 0, 5],
  ['a worse one is not waited for', [pair(5, 'valid'), pair(4, 'waiting')], 0, 5],
  ['a relay waits longer', [pair(5, 'valid', true), pair(7, 'waiting')], 599, undefined],
  ['but not for ever', [pair(5, 'valid', true), pair(7, 'waiting')], 600, 5],
];

for (const [what, pairs, validForMs, chosen] of CASES) {
  test(what, () => assert.equal(pairToNominate(pairs, validForMs)?.priority, chosen));
}
