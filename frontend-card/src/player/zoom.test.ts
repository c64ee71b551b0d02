import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panBy, transformOf, WHOLE, zoomAt } from './zoom.ts';

test('the point under the pointer stays where it is', () => {
  const at = { x: 0.25, y: 0.75 };
  const look = zoomAt(zoomAt(WHOLE, 2, at), 1.5, at);
  assert.equal(look.scale, 3);
  // Point p of the picture is seen at x + p * scale.
  assert.ok(Math.abs(look.x + 0.25 * look.scale - 0.25) < 1e-9);
  assert.ok(Math.abs(look.y + 0.75 * look.scale - 0.75) < 1e-9);
});

test('the picture always covers the frame', () => {
  const look = zoomAt(WHOLE, 2, { x: 0.5, y: 0.5 });
  assert.deepEqual(panBy(look, 5, -5), { scale: 2, x: 0, y: -1 });
  const corner = zoomAt(panBy(look, 5, 5), 0.6, { x: 1, y: 1 });
  assert.ok(corner.x <= 0 && corner.x >= 1 - corner.scale);
});

test('out to the whole picture, in to eight times', () => {
  assert.deepEqual(zoomAt(zoomAt(WHOLE, 3, { x: 0, y: 0 }), 0.1, { x: 1, y: 1 }), WHOLE);
  assert.equal(zoomAt(WHOLE, 100, { x: 0, y: 0 }).scale, 8);
  assert.equal(transformOf(WHOLE), 'none');
  assert.equal(transformOf({ scale: 2, x: -0.5, y: -1 }), 'translate(-50.00%, -100.00%) scale(2.000)');
});
