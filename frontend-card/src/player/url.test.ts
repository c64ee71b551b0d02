import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiUrl, parsePageQuery, rtspUrl, socketUrl } from './url.ts';

test('addresses stay beside the document, whatever prefix it is served under', () => {
  const cases = [
    ['http://cam.local:1984/', 'ws://cam.local:1984/api/ws?src=door'],
    ['http://cam.local:1984/stream.html?src=other#x', 'ws://cam.local:1984/api/ws?src=door'],
    ['https://ha/api/hassio_ingress/TOKEN/stream.html', 'wss://ha/api/hassio_ingress/TOKEN/api/ws?src=door'],
    ['https://ha/base/', 'wss://ha/base/api/ws?src=door'],
  ] as const;
  for (const [base, expected] of cases) assert.equal(socketUrl(base, 'door'), expected);
});

test('names are quoted', () => {
  assert.equal(socketUrl('http://h/', 'a b&c=d/é#1'), 'ws://h/api/ws?src=a+b%26c%3Dd%2F%C3%A9%231');
  assert.equal(
    apiUrl('http://h/p/', 'api/frame.jpeg', { src: 'x', width: '640' }),
    'http://h/p/api/frame.jpeg?src=x&width=640',
  );
});

test('the RTSP address takes the host of the page and the port of the server', () => {
  assert.equal(
    rtspUrl('http://cam.local:1984/', ':8554', 'front door'),
    'rtsp://cam.local:8554/front%20door',
  );
  assert.equal(rtspUrl('http://[fd00::1]:1984/', '[::]:9554', 'a'), 'rtsp://[fd00::1]:9554/a');
  assert.equal(rtspUrl('http://h/', 'nonsense', 'a'), 'rtsp://h:8554/a');
});

test('the page query pairs sources with modes', () => {
  const pairs = (search: string) => parsePageQuery(search).players.map(({ src, mode }) => `${src}/${mode}`);
  assert.deepEqual(pairs(''), []);
  assert.deepEqual(pairs('?mode=mse'), []);
  assert.deepEqual(pairs('?src=a'), ['a/']);
  assert.deepEqual(pairs('?src=a&src=b&mode=mse'), ['a/mse', 'b/mse']);
  assert.deepEqual(pairs('?src=a&mode=mse&mode=webrtc,mp4'), ['a/mse', 'a/webrtc,mp4']);
});

test('the page query reads background, media and width', () => {
  assert.equal(parsePageQuery('?src=a').background, false);
  assert.equal(parsePageQuery('?src=a&background').background, true);
  assert.equal(parsePageQuery('?src=a&background=false').background, false);
  assert.equal(parsePageQuery('?src=a&media=video&media=microphone').media, 'video,microphone');
  const widths = { '320': '320px', '45.5%': '45.5%', '20em': '20em', 'calc(1px)': '', '1px;x:y': '' };
  for (const [given, expected] of Object.entries(widths))
    assert.equal(parsePageQuery(`?width=${encodeURIComponent(given)}`).width, expected);
});
