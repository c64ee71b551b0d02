import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerState } from '../lib/api-types.ts';
import { noticesOf } from './notice-list.ts';

const server: ServerState = { id: 'a', version: '1', api: 1, role: 'admin' };
const ids = (...args: Parameters<typeof noticesOf>) => noticesOf(...args).map(({ id }) => id);

test('nothing to say of a healthy server', () => {
  assert.deepEqual(ids(server, false, []), []);
  assert.deepEqual(ids(undefined, false, []), []);
});

const troubled: ServerState = {
  ...server,
  warnings: ['open'],
  conflicts: [{ port: 1984, by: 'go2rtc', instead: 1985 }],
  webrtc: { port: 8555, reachable: false },
  integration: { restart_required: true },
  import: { path: '/homeassistant/go2rtc.yaml' },
};

test('all of it, the most urgent first', () => {
  assert.deepEqual(ids(troubled, true, []), [
    'gone',
    'warning:open',
    'port:1984:go2rtc',
    'webrtc',
    'restart',
    'import:/homeassistant/go2rtc.yaml',
  ]);
});

test('what was dismissed stays away, a lost server does not', () => {
  assert.deepEqual(ids({ ...server, warnings: ['open', 'new'] }, true, ['gone', 'warning:open']), [
    'gone',
    'warning:new',
  ]);
});

test('viewers are told only what concerns them', () => {
  assert.deepEqual(ids({ ...troubled, role: 'viewer' }, true, []), ['gone']);
  assert.deepEqual(ids({ ...troubled, api: 2, role: 'viewer' }, false, []), ['version']);
});
