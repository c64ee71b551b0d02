import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseTier, type TierSituation } from './tier.ts';

const SMALL: TierSituation = {
  choice: 'auto',
  hasSub: true,
  width: 320,
  fullscreen: false,
  zoom: 1,
  talking: false,
  now: 'sub',
};
const tier = (changes: Partial<TierSituation>) => chooseTier({ ...SMALL, ...changes });

test('small shows the sub stream; large, full screen, zoom and talk show the main one', () => {
  assert.equal(tier({}), 'sub');
  assert.equal(tier({ width: 900 }), 'main');
  assert.equal(tier({ fullscreen: true }), 'main');
  assert.equal(tier({ zoom: 2 }), 'main');
  assert.equal(tier({ talking: true, choice: 'sub' }), 'main');
  assert.equal(tier({ hasSub: false, choice: 'sub' }), 'main');
});

test('a chosen stream stays, whatever the size', () => {
  assert.equal(tier({ choice: 'main' }), 'main');
  assert.equal(tier({ choice: 'sub', width: 2000, fullscreen: true }), 'sub');
});

test('around the limit it does not flap', () => {
  assert.equal(tier({ width: 650, now: 'sub' }), 'sub');
  assert.equal(tier({ width: 650, now: 'main' }), 'main');
});
