import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reachability } from './reachability.ts';

test('a port is reachable once anybody reached it, and not reachable only when several did not', () => {
  const port = new Reachability();
  assert.equal(port.reachable, undefined);
  port.note(false);
  assert.equal(port.reachable, undefined);
  port.note(false);
  assert.equal(port.reachable, false);
  port.note(true);
  port.note(false);
  assert.equal(port.reachable, true, 'the peer that failed was somewhere else');
});
