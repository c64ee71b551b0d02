import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWebrtcCamera } from './webrtc-camera.ts';

const camera = (options: object) =>
  parseWebrtcCamera({ type: 'custom:webrtc-camera', ...options }).cameras[0]!;

test('the minimum: a url or an entity', () => {
  assert.deepEqual(camera({ url: 'front' }).sources, [{ stream: 'front', server: undefined }]);
  assert.deepEqual(camera({ entity: 'camera.a' }).sources, [{ entity: 'camera.a' }]);
  assert.throws(() => camera({}), /url or entity is missing/);
  assert.throws(() => camera({ streams: [] }), /streams: list at least one/);
});

test('the full example of its documentation', () => {
  const { ui, name, poster, muted, background, mode, shortcuts, talk, media } = camera({
    url: 'front',
    ui: true,
    title: 'My super camera',
    poster: 'https://example.org/splash.png',
    muted: true,
    intersection: 0.75,
    background: true,
    mode: 'webrtc,mse,mp4,mjpeg',
    media: 'video,audio,microphone',
    shortcuts: [
      { name: 'Record', icon: 'mdi:x', service: 'switch.toggle', service_data: { entity_id: 'switch.r' } },
    ],
  });
  assert.deepEqual(
    [ui, name, poster, muted, background, mode, talk, media],
    [
      ...['full', 'My super camera', 'https://example.org/splash.png', true, true],
      ...['webrtc,mse,mp4,mjpeg', 'hold', 'video,audio,microphone'],
    ],
  );
  assert.equal(shortcuts[0]?.action.perform_action, 'switch.toggle');
});

test('several streams keep their names, modes and the server', () => {
  assert.deepEqual(
    camera({
      server: 'http://192.168.1.123:1984',
      streams: [{ url: 'hd', name: 'HD', mode: 'webrtc' }, { entity: 'camera.sd' }],
    }).sources,
    [
      { name: 'HD', mode: 'webrtc', media: undefined, stream: 'hd', server: 'http://192.168.1.123:1984/' },
      { name: undefined, mode: undefined, media: undefined, entity: 'camera.sd' },
    ],
  );
});

test('older switches, style and digital_ptz', () => {
  assert.equal(camera({ url: 'a', mse: false }).mode, 'webrtc');
  assert.equal(camera({ url: 'a', webrtc: false }).mode, 'mse');
  const { aspect, fit, zoom } = camera({
    url: 'a',
    style: 'video {aspect-ratio: 4/3; object-fit: fill;} .mode {display: none}',
    digital_ptz: false,
  });
  assert.deepEqual([aspect, fit, zoom], ['4 / 3', 'fill', false]);
});

test('moves by services', () => {
  assert.deepEqual(
    camera({
      url: 'a',
      ptz: {
        opacity: 0.4,
        service: 'onvif.ptz',
        data_left: { pan: 'LEFT' },
        data_end_left: { move_mode: 'Stop' },
      },
    }).ptz,
    { service: 'onvif.ptz', data: { left: { pan: 'LEFT' }, end_left: { move_mode: 'Stop' } } },
  );
  assert.throws(() => camera({ url: 'a', ptz: {} }), /ptz.service is missing/);
});
