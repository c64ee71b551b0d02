import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopbackHost, parseListen } from './listen.ts';

test('listen addresses', () => {
  const table: [string, ReturnType<typeof parseListen>][] = [
    ['', undefined],
    [':1984', { host: undefined, port: 1984, transport: undefined }],
    ['127.0.0.1:1984', { host: '127.0.0.1', port: 1984, transport: undefined }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0, transport: undefined }],
    ['[::1]:1984', { host: '::1', port: 1984, transport: undefined }],
    ['[::]:1984', { host: '::', port: 1984, transport: undefined }],
    ['localhost:80', { host: 'localhost', port: 80, transport: undefined }],
    [':8555/tcp', { host: undefined, port: 8555, transport: 'tcp' }],
    ['192.0.2.1:8555/udp', { host: '192.0.2.1', port: 8555, transport: 'udp' }],
  ];
  for (const [text, expected] of table) assert.deepEqual(parseListen(text), expected, text);
});

test('what is no listen address is named', () => {
  for (const text of [
    '1984',
    'host',
    ':',
    ':99999',
    '::1:80',
    '[x]:80',
    'a b:c',
    ':80/sctp',
    'http://x:80',
  ]) {
    assert.throws(() => parseListen(text), /not a(n)? (listen|IPv6) address: /, text);
  }
});

test('loopback', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) assert.ok(isLoopbackHost(host), host);
  for (const host of [undefined, '0.0.0.0', '::', '192.0.2.1', '12.7.0.1']) assert.ok(!isLoopbackHost(host));
});
