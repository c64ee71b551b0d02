import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from './summary.ts';

const RUNNING = {
  id: 1,
  format_name: 'rtsp',
  url: 'rtsp://***@camera/1',
  medias: ['video, recvonly, H264', 'audio, recvonly, MPEG4-GENERIC/16000', 'audio, sendonly, PCMA/8000'],
  receivers: [
    { id: 2, codec: { codec_name: 'h264', codec_type: 'video', profile: 'High', level: 40 } },
    { id: 3, codec: { codec_name: 'aac', codec_type: 'audio', sample_rate: 16000 } },
  ],
};

test('a running stream: codecs, viewers, loudspeaker', () => {
  const streams = {
    door: {
      producers: [RUNNING],
      consumers: [{ format_name: 'mse/fmp4' }, { format_name: 'preload' }, { format_name: 'webrtc' }],
    },
  };
  assert.deepEqual(summarize(streams), [
    {
      name: 'door',
      state: 'live',
      reason: '',
      empty: false,
      codecs: 'H.264 · AAC 16 kHz',
      viewers: 2,
      transcodes: [],
      talk: true,
    },
  ]);
});

test('transcodes are told, and count neither as cameras nor as viewers', () => {
  const made = (codec: string, transcode: object) => ({
    format_name: 'transcode',
    receivers: [{ id: 9, codec: { codec_name: codec } }],
    transcode,
  });
  const door = {
    producers: [
      RUNNING,
      made('mjpeg', { from: 'h264', to: 'mjpeg', hardware: 'vaapi', viewers: 2 }),
      made('opus', { from: 'aac', to: 'opus', viewers: 1 }),
      made('h264', { from: 'hevc', to: 'h264', viewers: 0 }),
    ],
    consumers: [{ format_name: 'transcode' }, { format_name: 'webrtc' }],
  };
  const [summary] = summarize({ door });
  assert.deepEqual(summary!.transcodes, [
    'Transcoding H.264 → MJPEG (vaapi) for 2 viewers',
    'Transcoding AAC → Opus for 1 viewer',
  ]);
  assert.equal(summary!.codecs, 'H.264 · AAC 16 kHz');
  assert.equal(summary!.viewers, 1);
});

test('idle and failing streams', () => {
  const streams = {
    idle: { producers: [{ url: 'rtsp://a' }], consumers: null },
    failing: { producers: [{ url: 'rtsp://b', error: 'unauthorized: rtsp://***@b' }], consumers: [] },
    fallback: { producers: [{ url: 'rtsp://c', error: 'unreachable' }, RUNNING] },
  };
  const states = summarize(streams).map(({ name, state, reason }) => [name, state, reason]);
  assert.deepEqual(states, [
    ['failing', 'error', 'unauthorized: rtsp://***@b'],
    ['fallback', 'live', ''],
    ['idle', 'idle', ''],
  ]);
});

test('a stream that nobody pushes into', () => {
  assert.deepEqual(
    summarize({ a: { producers: [] }, b: { producers: null }, c: { producers: [RUNNING] } }).map(
      ({ empty }) => empty,
    ),
    [true, true, false],
  );
});

test('sorted as people count', () => {
  const names = summarize({ 'cam 10': {}, 'cam 2': {}, Attic: {} }).map(({ name }) => name);
  assert.deepEqual(names, ['Attic', 'cam 2', 'cam 10']);
});

test('answers of an unexpected shape are no crash', () => {
  for (const answer of [
    null,
    'text',
    [],
    { a: null },
    { a: { producers: 'x', consumers: 3 } },
    { a: { producers: [null, 1] } },
  ])
    assert.ok(Array.isArray(summarize(answer)));
});
