import assert from 'node:assert/strict';
import { test } from 'node:test';
import { href, parseHash } from './router.ts';

test('an address leads to a page, and back to the same address', () => {
  const place = { page: 'camera', id: 'front/door ü', query: { tab: 'urls' } } as const;
  const address = href(place.page, place.id, place.query);
  assert.equal(address, '#/camera/front%2Fdoor%20%C3%BC?tab=urls');
  assert.deepEqual(parseHash(address), place);
});

test('what is not known leads to the list of cameras', () => {
  for (const hash of ['', '#', '#/', '#/nowhere', '#/constructor'])
    assert.equal(parseHash(hash).page, 'cameras', hash);
});

test('a broken escape is a name like another', () => {
  assert.equal(parseHash('#/camera/50%').id, '50%');
});
