import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client, Role } from './access.ts';
import { HttpError } from './errors.ts';
import { type Asked, authorize, type RouteAccess } from './roles.ts';

const CLIENT: Client = {
  identity: 'x',
  local: false,
  role: 'admin',
  trusted: false,
  lacksPassword: false,
  remoteAddress: '192.0.2.1:1',
  userAgent: undefined,
};

/** Whether a client may; the token is for `door`. */
function may(
  client: Partial<Client>,
  route: RouteAccess,
  asked: Partial<Asked> = {},
  readOnly = false,
): boolean {
  const opens = (stream: string): boolean => stream === 'door' || stream === 'door_sub';
  try {
    authorize({ ...CLIENT, ...client }, route, { streams: [], pushes: false, ...asked }, { readOnly, opens });
    return true;
  } catch (error) {
    assert.ok(error instanceof HttpError && error.status === 403 && error.message !== '', `${error}`);
    return false;
  }
}

const door = { streams: ['door'] };

test('a route says who may use it; one that says nothing is for administrators', () => {
  const table: [RouteAccess, Record<Role, boolean>][] = [
    [{}, { admin: true, viewer: false, token: false }],
    [{ changes: true }, { admin: true, viewer: false, token: false }],
    [{ openTo: 'viewer' }, { admin: true, viewer: true, token: false }],
    [{ openTo: 'token' }, { admin: true, viewer: true, token: true }],
    [{ openTo: 'anyone' }, { admin: true, viewer: true, token: true }],
    // Flags that contradict each other lock out.
    [
      { openTo: 'viewer', changes: true },
      { admin: true, viewer: false, token: false },
    ],
    [
      { openTo: 'token', changes: true },
      { admin: true, viewer: false, token: false },
    ],
    [{ admin: true }, { admin: false, viewer: false, token: false }],
  ];
  for (const [route, allowed] of table) {
    for (const role of ['admin', 'viewer', 'token'] as const)
      assert.equal(may({ role }, route, door), allowed[role], `${role} ${JSON.stringify(route)}`);
  }
  assert.ok(may({ role: 'admin', trusted: true }, { admin: true }));
});

test('a token opens its camera, one at a time, and nothing can be pushed with it', () => {
  const token = { role: 'token' } as const;
  const media = { openTo: 'token' } as const;
  assert.ok(may(token, media, { streams: ['door_sub'] }));
  for (const streams of [['garden'], [], ['door', 'garden'], ['garden', 'door'], ['door', 'door'], ['']])
    assert.ok(!may(token, media, { streams }), streams.join());
  assert.ok(!may(token, media, { ...door, pushes: true }));
  assert.ok(!may({ role: 'viewer' }, media, { ...door, pushes: true }));
  assert.ok(may({ role: 'admin' }, media, { streams: [], pushes: true }));
});

test('read-only is for everybody; who has yet to show a password is the route’s to judge', () => {
  assert.ok(!may({ role: 'admin', trusted: true }, { changes: true }, {}, true));
  assert.ok(may({ role: 'admin' }, {}, {}, true));
  const lacking = { role: 'viewer', lacksPassword: true } as const;
  assert.ok(may(lacking, { asksItself: true }));
  assert.ok(!may(lacking, {}));
});
