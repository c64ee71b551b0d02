import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregateUrl, baseUrl, controlUrl } from './control-url.ts';

const REQUEST = 'rtsp://camera:554/live?x=1';
const base = (headers: Record<string, string>): string =>
  baseUrl({ headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])) }, REQUEST);

const bases: [string, string][] = [
  ['rtsp://camera/live/', 'rtsp://camera/live/'],
  ['rtsp://rtsp://turret.lan:554/stream1/', 'rtsp://turret.lan:554/stream1/'],
  ['192.168.253.220:1935/', 'rtsp://192.168.253.220:1935/'],
  ['rtsp://::ffff:192.168.1.123/onvif/profile.1/', 'rtsp://192.168.1.123/onvif/profile.1/'],
  ['rtsp://fe80::1/onvif/', REQUEST],
  ['rtsp://[fe80::1]:554/onvif/', 'rtsp://[fe80::1]:554/onvif/'],
  ['/live/', 'rtsp://camera:554/live/'],
  ['rtsp://', REQUEST],
];
for (const [header, expected] of bases) {
  test(`Content-Base: ${header}`, () => assert.equal(base({ 'content-base': header }), expected));
}

test('Content-Base comes before Content-Location, and the request is the last resort', () => {
  assert.equal(base({ 'content-location': 'rtsp://a/1', 'content-base': 'rtsp://a/2' }), 'rtsp://a/2');
  assert.equal(base({ 'content-location': 'rtsp://a/1' }), 'rtsp://a/1');
  assert.equal(base({}), REQUEST);
});

const controls: [string, string, string][] = [
  ['rtsp://a/live/', 'trackID=1', 'rtsp://a/live/trackID=1'],
  ['rtsp://a/live', 'trackID=1', 'rtsp://a/live/trackID=1'],
  ['rtsp://a/live?x=1', 'track1', 'rtsp://a/live?x=1/track1'],
  ['rtsp://a/live', '/track1', 'rtsp://a/live/track1'],
  ['rtsp://a/live/', '/track1', 'rtsp://a/live/track1'],
  ['rtsp://a/live', '?ctype=video', 'rtsp://a/live?ctype=video'],
  ['rtsp://a/live', 'rtsp://b/live/1', 'rtsp://b/live/1'],
  ['rtsp://a/live', '*', 'rtsp://a/live'],
  ['rtsp://a/live', '', 'rtsp://a/live'],
];
for (const [from, control, expected] of controls) {
  test(`${control || 'no control'} from ${from}`, () => assert.equal(controlUrl(from, control), expected));
}

test('the session plays by its base, unless its control URL is absolute', () => {
  assert.equal(aggregateUrl('rtsp://a/live/', '*'), 'rtsp://a/live/');
  assert.equal(aggregateUrl('rtsp://a/live/', ''), 'rtsp://a/live/');
  assert.equal(aggregateUrl('rtsp://a/live/', 'rtsp://a/all'), 'rtsp://a/all');
});
