import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedPorts, reachedBy } from './announce.ts';

test('core reaches us on this machine where we listen there', () => {
  assert.deepEqual(reachedBy(['127.0.0.1:1984', '172.30.32.1:1984']), { host: '127.0.0.1', port: 1984 });
  assert.deepEqual(reachedBy(['/run/porthole.sock', ':1985']), { host: '127.0.0.1', port: 1985 });
  assert.deepEqual(reachedBy(['192.0.2.4:1984']), { host: '192.0.2.4', port: 1984 });
  assert.equal(reachedBy(['/run/porthole.sock']), undefined);
});

test('the watchdog is told of another port, and told again when it is the usual one', () => {
  const rest = { '8554/tcp': null };
  assert.equal(changedPorts({ ...rest, '1984/tcp': null }, 1984), undefined);
  assert.deepEqual(changedPorts({ ...rest, '1984/tcp': null }, 1985), { ...rest, '1984/tcp': 1985 });
  assert.deepEqual(changedPorts({ ...rest, '1984/tcp': 1985 }, 1984), { ...rest, '1984/tcp': null });
  assert.equal(changedPorts({ ...rest, '1984/tcp': 1985 }, 1985), undefined);
  assert.equal(changedPorts(undefined, 1985), undefined);
  assert.equal(changedPorts(rest, 1985), undefined);
});
