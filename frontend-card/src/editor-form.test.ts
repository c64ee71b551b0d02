import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromForm, toForm } from './editor-form.ts';

test('what is as usual is not written down', () => {
  const config = {
    type: 'custom:porthole-card',
    entity: 'camera.door',
    tier: 'sub',
    shortcuts: [{ name: 'X' }],
  };
  assert.deepEqual(fromForm(toForm(config), config), config);
});

test('one camera becomes several and back; options of single cameras stay', () => {
  const config = {
    type: 'x',
    entities: [{ entity: 'camera.a', mode: 'mse' }, 'camera.b'],
    layout: 'carousel',
  };
  assert.deepEqual(toForm(config).entities, ['camera.a', 'camera.b']);
  assert.deepEqual(fromForm({ ...toForm(config), entities: ['camera.b', 'camera.a'] }, config), {
    type: 'x',
    entities: ['camera.b', { entity: 'camera.a', mode: 'mse' }],
    layout: 'carousel',
  });
  assert.deepEqual(fromForm({ type: 'x', entities: ['camera.b'] }, config), {
    type: 'x',
    entity: 'camera.b',
  });
});

test('short words of YAML are choices of the form', () => {
  const { ui, talk } = toForm({ entity: 'camera.a', ui: false, talk: false });
  assert.deepEqual([ui, talk], ['none', 'off']);
});
