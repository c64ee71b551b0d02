import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseAddress } from './url.ts';

const cases: [string, string | undefined, string, number | undefined, string][] = [
  ['rtsp://camera', undefined, 'camera', undefined, ''],
  ['RTSP://camera:8554/a/b?c=d', undefined, 'camera', 8554, '/a/b?c=d'],
  ['rtsp://u:p@192.168.1.1:554/x', 'u:p', '192.168.1.1', 554, '/x'],
  ['rtsp://u@host', 'u:', 'host', undefined, ''],
  ['rtsp://:p@host/', ':p', 'host', undefined, '/'],
  ['rtsp://u:p%40ss%2F@host/', 'u:p@ss/', 'host', undefined, '/'],
  ['rtsp://u:100%@host/', 'u:100%', 'host', undefined, '/'],
  ['rtsp://u:p@ss:w@host/path@x', 'u:p@ss:w', 'host', undefined, '/path@x'],
  ['rtsp://u:p/w?d@host:1/path', 'u:p/w?d', 'host', 1, '/path'],
  ['rtsp://host/path@x:y', undefined, 'host', undefined, '/path@x:y'],
  ['rtsp://[fe80::1%eth0]:554/x', undefined, 'fe80::1%eth0', 554, '/x'],
  ['rtsp://u:p@[::1]/x', 'u:p', '::1', undefined, '/x'],
  ['rtsp://host:/x', undefined, 'host', undefined, '/x'],
  ['rtsp://host?x=1', undefined, 'host', undefined, '?x=1'],
];
for (const [text, user, host, port, target] of cases) {
  test(`splits ${text}`, () => {
    const address = parseAddress(text);
    const { credentials } = address;
    assert.equal(credentials && `${credentials.username}:${credentials.password}`, user);
    assert.deepEqual(
      [address.scheme, address.host, address.port, address.target],
      ['rtsp', host, port, target],
    );
  });
}

for (const text of [
  'camera/x',
  'rtsp://',
  'rtsp:///x',
  'rtsp://u:p@',
  'rtsp://host:99999/',
  'rtsp://a b/',
  'rtsp://@@@',
]) {
  test(`refuses ${text}`, () => assert.throws(() => parseAddress(text), { code: 'invalid_source' }));
}

test('the wire form has no credentials', () => {
  assert.equal(formatAddress(parseAddress('rtsp://u:p@[::1]:5/x?y')), 'rtsp://[::1]:5/x?y');
  assert.equal(formatAddress(parseAddress('rtsp://u:p@host')), 'rtsp://host');
});
