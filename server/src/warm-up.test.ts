import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError } from './core/errors.ts';
import type { OpenSource } from './core/streams.ts';
import { openSource } from './formats/open.ts';
import { createLogger } from './util/log.ts';
import { warmUp } from './warm-up.ts';

const services = { streams: { get: () => undefined }, section: () => ({}) };
const open: OpenSource = (text, stream, signal) =>
  openSource(text, { stream, signal, log: createLogger('test'), services: services as never }, false);

test('plays the made-up camera through the server, and leaves nothing behind', async () => {
  assert.ok((await warmUp(open)) >= 1000);
  const isOpen = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('TCP'));
  for (let waits = 0; isOpen() && waits < 100; waits++) await sleep(20);
  assert.equal(isOpen(), false);
});

test('a server that cannot open RTSP sources is not disturbed', async () => {
  const refuse: OpenSource = async () => {
    throw new StreamError('unsupported', 'switched off');
  };
  assert.equal(await warmUp(refuse), 0);
});
