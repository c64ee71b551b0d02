import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressesOf, isIngress } from './addresses.ts';

const DIRECT = 'http://10.0.0.2:1984/';
const INGRESS = 'https://ha.local/api/hassio_ingress/TOKEN/';

test('RTSP first, for both streams; then what HTTP has', () => {
  const addresses = addressesOf({ base: DIRECT, id: 'front door', sub: 'front_sub', rtsp: ':8554' });
  assert.deepEqual(
    addresses.slice(0, 3).map(({ url, sub }) => [url, sub]),
    [
      ['rtsp://10.0.0.2:8554/front%20door', false],
      ['rtsp://10.0.0.2:8554/front_sub', true],
      ['http://10.0.0.2:1984/stream.html?src=front+door', false],
    ],
  );
  assert.equal(addresses.at(-1)!.url, 'http://10.0.0.2:1984/onvif/front%20door/device_service');
  assert.equal(new Set(addresses.map(({ url }) => url)).size, addresses.length);
});

test('no RTSP while its server is off', () => {
  for (const rtsp of [null, undefined, ''])
    assert.ok(addressesOf({ base: DIRECT, id: 'a', rtsp }).every(({ url }) => url.startsWith('http')));
});

test('behind ingress the addresses have its prefix', () => {
  const [first] = addressesOf({ base: INGRESS, id: 'a' });
  assert.equal(first!.url, `${INGRESS}stream.html?src=a`);
  assert.deepEqual([isIngress(INGRESS), isIngress(DIRECT)], [true, false]);
});
