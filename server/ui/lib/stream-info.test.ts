import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserOf, readStream, withoutSecrets } from './stream-info.ts';

test('sources and viewers of a stream', () => {
  const answer = {
    producers: [
      { url: 'rtsp://***@camera/1', format_name: 'rtsp', receivers: [{ id: 1 }] },
      { url: 'rtsp://***@camera/2', error: 'unreachable' },
      { url: '', transcode: { from: 'hevc' }, receivers: [{ id: 2 }] },
    ],
    consumers: [
      {
        id: 7,
        format_name: 'webrtc',
        remote_addr: '::ffff:10.0.0.5',
        user_agent: 'X Firefox/1',
        bytes_send: 9,
      },
      { id: 8, format_name: 'transcode' },
    ],
  };
  assert.deepEqual(readStream('door', answer), {
    sources: [
      { url: 'rtsp://***@camera/1', running: true, format: 'rtsp', error: '' },
      { url: 'rtsp://***@camera/2', running: false, format: '', error: 'unreachable' },
    ],
    viewers: [{ id: 7, stream: 'door', format: 'WebRTC', address: '10.0.0.5', agent: 'Firefox', bytes: 9 }],
  });
});

test('answers of another shape', () => {
  for (const answer of [undefined, null, 'x', [], { producers: 3, consumers: [null, 1] }])
    assert.deepEqual(readStream('a', answer), { sources: [], viewers: [] });
});

test('credentials are not shown', () => {
  assert.equal(withoutSecrets('rtsp://a:p%40s@10.0.0.1/x?y=@'), 'rtsp://***@10.0.0.1/x?y=@');
  assert.equal(withoutSecrets('ffmpeg:rtsp://a:b@c/1#video=copy'), 'ffmpeg:rtsp://***@c/1#video=copy');
  assert.equal(withoutSecrets('rtsp://c/1'), 'rtsp://c/1');
});

test('user agents', () => {
  assert.equal(browserOf('Mozilla/5.0 (X11) AppleWebKit Chrome/130 Safari/537 Edg/130'), 'Edge');
  assert.equal(browserOf('Mozilla/5.0 (X11) AppleWebKit Chrome/130 Safari/537'), 'Chrome');
  assert.equal(browserOf('Lavf/60.3.100'), 'Lavf/60.3.100');
  assert.equal(browserOf(''), '');
});
