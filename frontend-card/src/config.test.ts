import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseActions, parseAspect, parseConfig } from './config.ts';

const one = (options: object = {}) => parseConfig({ entity: 'camera.door', ...options }).cameras[0]!;

test('an entity is enough', () => {
  const { cameras, layout, columns, maxLive } = parseConfig({ type: 'x', entity: 'camera.door' });
  assert.deepEqual([layout, columns, maxLive, cameras.length], ['grid', 0, undefined, 1]);
  assert.deepEqual(cameras[0], {
    sources: [{ entity: 'camera.door' }],
    name: undefined,
    mode: '',
    media: 'video,audio',
    tier: 'auto',
    muted: true,
    aspect: undefined,
    fit: 'contain',
    ui: 'full',
    ptz: true,
    talk: 'hold',
    zoom: true,
    background: false,
    poster: undefined,
    doorbell: { answerTimeout: 30, entity: undefined, actions: [] },
    shortcuts: [],
  });
});

test('several cameras: options of the card are those of each, unless it has its own', () => {
  const { cameras, layout } = parseConfig({
    layout: 'carousel',
    mode: 'mse',
    entities: ['camera.a', { entity: 'camera.b', mode: 'mjpeg', name: 'Back' }],
  });
  assert.equal(layout, 'carousel');
  assert.deepEqual(
    cameras.map(({ sources, mode, name }) => [sources[0]!.entity, mode, name]),
    [
      ['camera.a', 'mse', undefined],
      ['camera.b', 'mjpeg', 'Back'],
    ],
  );
});

test('aspect ratios as people write them', () => {
  for (const [given, css] of [
    ['16/9', '16 / 9'],
    ['4:3', '4 / 3'],
    [1.5, '1.5 / 1'],
    ['50%', '100 / 50'],
    ['', undefined],
  ])
    assert.equal(parseAspect(given), css);
  assert.throws(() => parseAspect('wide'), /aspect_ratio: wide is none/);
  assert.throws(() => parseAspect('0/9'), /aspect_ratio/);
});

test('short words: false takes away', () => {
  const { doorbell, talk, ui, poster, name } = one({
    doorbell: false,
    talk: false,
    ui: false,
    poster: false,
    name: false,
  });
  assert.deepEqual([doorbell, talk, ui, poster, name], [undefined, 'off', 'none', '', '']);
});

test('actions: the older spelling is understood', () => {
  assert.deepEqual(
    parseActions(
      [
        {
          name: 'Record',
          icon: 'mdi:record',
          service: 'switch.toggle',
          service_data: { entity_id: 'switch.r' },
        },
        { name: 'More', action: 'more-info' },
      ],
      'shortcuts',
    ),
    [
      {
        name: 'Record',
        icon: 'mdi:record',
        action: {
          action: 'perform-action',
          perform_action: 'switch.toggle',
          data: { entity_id: 'switch.r' },
        },
      },
      { name: 'More', icon: undefined, action: { action: 'more-info' } },
    ],
  );
});

test('what is wrong is named', () => {
  const wrong = (options: object, message: RegExp) => assert.throws(() => parseConfig(options), message);
  wrong({}, /^Error: entity: name a camera/);
  wrong({ entities: [] }, /entities: list at least one/);
  wrong({ entities: ['camera.a', 3] }, /entities\[1\]/);
  wrong({ entity: 'door' }, /door is no entity id/);
  wrong({ entity: 'camera.a', tier: 'best' }, /tier: best is none of auto, main, sub/);
  wrong({ entity: 'camera.a', muted: 'yes' }, /muted: must be true or false/);
  wrong({ entity: 'camera.a', columns: 40 }, /columns: must be a number from 0 to 12/);
  wrong({ entity: 'camera.a', shortcuts: [{ name: 'X' }] }, /shortcuts\[0\]: perform_action is missing/);
  wrong({ entity: 'camera.a', doorbell: { actions: [{ name: 'X', service: 'open' }] } }, /open is no action/);
});
