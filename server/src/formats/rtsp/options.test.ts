import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSourceText } from '../source-text.ts';
import { parseOptions, type RtspOptions } from './options.ts';

const options = (text: string): RtspOptions => parseOptions(parseSourceText(text));

test('without options: TCP or what there is, both kinds, the loudspeaker too', () => {
  const { address, lower, webSocket, kinds, twoWay, timeoutMs, insecureTls } = options(
    'rtsp://u:p@camera:8554/a?b',
  );
  assert.deepEqual(address, {
    scheme: 'rtsp',
    credentials: { username: 'u', password: 'p' },
    host: 'camera',
    port: 8554,
    target: '/a?b',
  });
  assert.deepEqual(
    [lower, webSocket, [...kinds], twoWay, timeoutMs, insecureTls],
    [undefined, undefined, ['video', 'audio'], true, 5000, false],
  );
});

test('rtspx is rtsps that takes any certificate', () => {
  assert.deepEqual(
    [options('rtspx://c/').address.scheme, options('rtspx://c/').insecureTls],
    ['rtsps', true],
  );
  assert.deepEqual(
    [options('rtsps://c/').address.scheme, options('rtsps://c/').insecureTls],
    ['rtsps', false],
  );
});

test('any option but backchannel=1 means: do not ask for the loudspeaker', () => {
  assert.equal(options('rtsp://c/#backchannel=1').twoWay, true);
  assert.equal(options('rtsp://c/#media=video#backchannel=1').twoWay, true);
  assert.equal(options('rtsp://c/#backchannel=0').twoWay, false);
  assert.equal(options('rtsp://c/#timeout=20').twoWay, false);
});

test('transport, media and timeout', () => {
  assert.equal(options('rtsp://c/#transport=udp').lower, 'udp');
  assert.equal(options('rtsp://c/#transport=tcp').lower, 'tcp');
  assert.equal(options('rtsp://c/#transport=').lower, undefined);
  const socket = options('rtsp://c/#transport=ws://u:p@c:8080/rtsp-over-websocket').webSocket;
  assert.deepEqual([socket?.scheme, socket?.port, socket?.credentials?.username], ['ws', 8080, 'u']);
  assert.deepEqual([...options('rtsp://c/#media=audio').kinds], ['audio']);
  assert.deepEqual([...options('rtsp://c/#media=video,audio').kinds], ['video', 'audio']);
  assert.equal(options('rtsp://c/#timeout=2.5').timeoutMs, 2500);
});

for (const text of [
  'rtsp:camera',
  'rtsp://',
  'rtsp://c/#transport=quic',
  'rtsp://c/#timeout=0',
  'rtsp://c/#timeout=x',
]) {
  test(`refuses ${text}`, () => assert.throws(() => options(text), { code: 'invalid_source' }));
}
