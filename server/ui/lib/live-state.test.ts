import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Camera, ServerState } from './api-types.ts';
import { initialState, reduce } from './live-state.ts';

const server: ServerState = { id: 'a', version: '1', api: 1 };
const camera = (id: string, name?: string): Camera => ({
  id,
  enabled: true,
  status: 'idle',
  ...(name ? { name } : {}),
});

test('the first state, changes, removals; sorted by name, as people count', () => {
  let state = reduce(initialState, {
    type: 'state',
    server,
    cameras: [camera('c10', 'Cam 10'), camera('c2', 'Cam 2')],
  });
  assert.deepEqual(
    state.cameras.map(({ id }) => id),
    ['c2', 'c10'],
  );
  state = reduce(state, { type: 'camera', camera: camera('attic') });
  assert.deepEqual(
    state.cameras.map(({ id }) => id),
    ['attic', 'c2', 'c10'],
  );
  state = reduce(state, { type: 'camera', camera: { ...camera('c2', 'Cam 2'), status: 'live' } });
  assert.equal(state.cameras[1]!.status, 'live');
  state = reduce(state, { type: 'removed', id: 'attic' });
  assert.deepEqual(
    state.cameras.map(({ id }) => id),
    ['c2', 'c10'],
  );
  state = reduce(state, { type: 'server', server: { ...server, role: 'viewer' } });
  assert.equal(state.server?.role, 'viewer');
});

test('messages of another shape change nothing', () => {
  for (const message of [
    undefined,
    null,
    7,
    'x',
    [],
    {},
    { type: 'state' },
    { type: 'state', server, cameras: 'x' },
    { type: 'camera' },
    { type: 'camera', camera: { id: 3 } },
    { type: 'removed' },
    { type: 'later' },
  ])
    assert.equal(reduce(initialState, message), initialState, JSON.stringify(message));
});
