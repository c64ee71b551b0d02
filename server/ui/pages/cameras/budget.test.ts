import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Camera } from '../../lib/api-types.ts';
import { decoderBudget, shareOut, wishOf } from './budget.ts';

const camera = (id: string, more: Partial<Camera> = {}): Camera => ({
  id,
  enabled: true,
  status: 'idle',
  ...more,
});
const CAMERAS = ['a', 'b', 'c', 'd'].map((id) => camera(id));
const modes = (visible: string[], playing: string[], budget: number) =>
  [...shareOut(CAMERAS, new Set(visible), new Set(playing), budget).values()].map((mode) => mode[0]).join('');

test('phones decode few, desktops more, the frugal none', () => {
  assert.equal(decoderBudget({ cores: 8, handheld: true, frugal: false }), 4);
  assert.equal(decoderBudget({ cores: 2, handheld: false, frugal: false }), 4);
  assert.equal(decoderBudget({ cores: 16, handheld: false, frugal: false }), 12);
  assert.equal(decoderBudget({ cores: 16, handheld: false, frugal: true }), 0);
});

test('the visible ones play, in their order, as far as the budget goes', () => {
  assert.equal(modes(['a', 'b', 'c', 'd'], [], 4), 'pppp');
  assert.equal(modes(['a', 'b', 'c', 'd'], [], 2), 'ppss');
  assert.equal(modes(['c', 'd'], [], 4), 'sspp');
});

test('what plays goes on playing while others come into view', () => {
  assert.equal(modes(['a', 'b', 'c', 'd'], ['c', 'd'], 2), 'sspp');
});

test('what sleeps is not woken, what is refused is not asked again', () => {
  assert.equal(wishOf(camera('a', { status: 'asleep' })), 'none');
  assert.equal(wishOf(camera('a', { enabled: false, status: 'disabled' })), 'none');
  assert.equal(
    wishOf(camera('a', { status: 'failed', error: { code: 'unauthorized', message: '' } })),
    'none',
  );
  assert.equal(wishOf(camera('a', { status: 'failed', error: { code: 'timeout', message: '' } })), 'player');
});
