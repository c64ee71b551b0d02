import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTopics, slug } from './topics.ts';

const topics = createTopics('1f0c9a2e-0000-4000-8000-000000000000', 'porthole', 'homeassistant');

describe('topics', () => {
  test('of a camera with a plain name', () => {
    assert.equal(topics.config('front_door'), 'homeassistant/device/porthole_1f0c9a2e_front_door/config');
    assert.equal(topics.state('front_door'), 'porthole/1f0c9a2e/front_door/state');
    assert.deepEqual(topics.retained('front_door'), [
      'porthole/1f0c9a2e/front_door/state',
      'porthole/1f0c9a2e/front_door/still',
    ]);
  });

  test('discovery messages of another server are not ours', () => {
    assert.equal(topics.isOurs(topics.config('a')), true);
    assert.equal(topics.isOurs('homeassistant/device/porthole_ffffffff_a/config'), false);
    assert.equal(topics.isOurs('homeassistant/device/zigbee/config'), false);
  });

  for (const name of ['Küche/1', 'a+b', '#', 'камера', '../x', 'rtsp://u:p@h/1', 'x'.repeat(200), ' ']) {
    test(`${JSON.stringify(name.slice(0, 20))} becomes a name that topics and discovery take`, () => {
      assert.match(slug(name), /^[a-zA-Z0-9_-]{1,64}$/);
    });
  }

  test('names that differ stay different', () => {
    const names = ['a b', 'a_b', 'a+b', 'a/b', 'é', 'e'];
    assert.equal(new Set(names.map(slug)).size, names.length);
  });
});
