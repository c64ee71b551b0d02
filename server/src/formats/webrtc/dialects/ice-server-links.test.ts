import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iceServersOfJson, iceServersOfLinks, iceServersOfOption } from './ice-server-links.ts';

test('links of RFC 9725, in one header or in several', () => {
  const values = [
    '<stun:stun.example.net>; rel="ice-server", <https://example.net/help>; rel="help"',
    '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="us,er"; credential="my\\"pass"; credential-type="password"',
  ];
  assert.deepEqual(iceServersOfLinks(values), [
    { urls: ['stun:stun.example.net'], username: undefined, credential: undefined },
    { urls: ['turn:turn.example.net?transport=udp'], username: 'us,er', credential: 'my"pass' },
  ]);
  assert.deepEqual(
    iceServersOfLinks(['', '<', 'rel="ice-server"', `<${'x'.repeat(1000)}>; rel=ice-server`]),
    [],
  );
  assert.equal(iceServersOfLinks([Array(99).fill('<stun:a>; rel=ice-server').join(', ')]).length, 16);
});

test('JSON of RTCIceServer, with what makes no sense left out', () => {
  const servers = iceServersOfJson([
    { urls: 'stun:a' },
    { urls: ['turn:b', 7], username: 'u', credential: 'c' },
    { url: 'stun:d', username: 1 },
    { urls: [] },
    null,
    'stun:e',
  ]);
  assert.deepEqual(
    servers.map(({ urls, username, credential }) => [urls, username, credential]),
    [
      [['stun:a'], undefined, undefined],
      [['turn:b'], 'u', 'c'],
      [['stun:d'], undefined, undefined],
    ],
  );
  assert.deepEqual(iceServersOfJson({ urls: 'stun:a' }), []);
});

test('the option of a source', () => {
  const json = '[{"urls":"stun:a"}]';
  const expected = [{ urls: ['stun:a'], username: undefined, credential: undefined }];
  assert.deepEqual(iceServersOfOption(json), expected);
  assert.deepEqual(iceServersOfOption(Buffer.from(json).toString('base64')), expected);
  assert.equal(iceServersOfOption(undefined), undefined);
  assert.deepEqual(iceServersOfOption('[{'), []);
});
