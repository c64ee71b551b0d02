import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../core/errors.ts';
import { grantFor, Tokens } from './tokens.ts';

const HOUR = { mayTalk: false, ttlSeconds: 3600 };

test('a token is found by itself only, until its time', () => {
  let now = 1_000_000;
  const tokens = new Tokens(() => now);
  const { token, id, expires } = tokens.create('door', { mayTalk: true, ttlSeconds: 60 });
  assert.match(token, /^[\w-]{32}$/);
  assert.equal(expires, now + 60_000);
  const grant = tokens.find(token);
  assert.deepEqual([grant?.id, grant?.stream, grant?.mayTalk], [id, 'door', true]);
  for (const other of ['', id, token.slice(1), `${token}x`, token.toLowerCase(), 'x'.repeat(1 << 20)])
    assert.equal(tokens.find(other), undefined);
  assert.ok(!JSON.stringify(tokens.list()).includes(token));
  now = expires;
  assert.equal(tokens.find(token), undefined);
  assert.deepEqual(tokens.list(), []);
});

test('no two are alike', () => {
  const tokens = new Tokens();
  const made = Array.from({ length: 100 }, () => tokens.create('door', HOUR));
  assert.equal(new Set(made.map(({ token }) => token)).size, 100);
  assert.equal(new Set(made.map(({ id }) => id)).size, 100);
});

test('revoking ends what was opened, of one token or of all of a stream, and of those that are over', () => {
  let now = 0;
  const tokens = new Tokens(() => now);
  const [one, two, other] = ['door', 'door', 'garden'].map((stream) => {
    const { id, token } = tokens.create(stream, HOUR);
    return { id, token, signal: tokens.find(token)!.revoked };
  }) as [Opened, Opened, Opened];
  assert.equal(
    tokens.revoke(({ id }) => id === one.id),
    1,
  );
  assert.deepEqual(
    [one, two, other].map(({ signal }) => signal.aborted),
    [true, false, false],
  );
  assert.equal(tokens.find(one.token), undefined);
  now = 3_600_001;
  assert.equal(tokens.find(two.token), undefined);
  assert.equal(
    tokens.revoke(({ stream }) => stream === 'door'),
    1,
  );
  assert.deepEqual(
    [two, other].map(({ signal }) => signal.aborted),
    [true, false],
  );
});

interface Opened {
  readonly id: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

test('there is an end to their number, and those that are over make room', () => {
  let now = 0;
  const tokens = new Tokens(() => now);
  const fill = (): void => {
    for (;;) tokens.create('door', HOUR);
  };
  const isFull = (error: unknown): boolean => error instanceof StreamError && error.code === 'limit';
  assert.throws(fill, isFull);
  const most = tokens.list().length;
  for (let day = 0; day < 3; day++) {
    now += 3_600_000;
    assert.throws(fill, isFull);
    assert.equal(tokens.list().length, most);
  }
});

test('a grant is for its camera, and for the sub stream that the config names now', () => {
  const tokens = new Tokens();
  const grant = tokens.find(tokens.create('door', HOUR).token);
  const config = { cameras: { door: { sub: 'door_sub' }, garden: { sub: 'door' } } };
  const opened = (name: string, cameras: object = config.cameras) =>
    grantFor(grant, { name }, { cameras } as Parameters<typeof grantFor>[2]) !== undefined;
  assert.ok(opened('door'));
  assert.ok(opened('door_sub'));
  assert.ok(!opened('door_sub', {}));
  assert.ok(!opened('garden'));
  assert.ok(!opened('constructor'));
  assert.equal(grantFor(grant, undefined, { cameras: {} }), undefined);
  assert.equal(grantFor(undefined, { name: 'door' }, { cameras: {} }), undefined);
});
