import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audioCodec, videoCodec } from '../codecs/codec.ts';
import { StreamError } from '../core/errors.ts';
import type { SourceInfo, StreamInfo } from '../core/inspect.ts';
import { type CameraFacts, cameraState } from './camera-state.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { consumerInfo, streamInfo } from './testing.ts';

const state = (main: StreamInfo, facts: Partial<CameraFacts> = {}) =>
  cameraState({
    id: 'door',
    settings: DEFAULT_SETTINGS,
    main,
    rates: new Map(),
    events: [],
    motion: false,
    ...facts,
  });

const VIDEO = { id: 1, codec: videoCodec('hevc', { width: 2560, height: 1440 }), bytes: 0, packets: 0 };
const AUDIO = { id: 2, codec: audioCodec('aac', 16_000), bytes: 0, packets: 0 };
const RATES = new Map([
  [1, { bitrate: 3_900_000, fps: 25 }],
  [2, { bitrate: 32_000, fps: 15.6 }],
]);
const failed = (code: StreamError['code'], more: Partial<SourceInfo> = {}): Partial<SourceInfo> => ({
  error: new StreamError(code, `it is ${code}`),
  errorSinceMs: 5000,
  failures: 1,
  ...more,
});
const LIVE: Partial<SourceInfo> = {
  state: 'live',
  tracks: [VIDEO, AUDIO],
  receivers: [
    { ...VIDEO, children: [] },
    { ...AUDIO, children: [] },
  ],
  hasLoudspeaker: true,
  gopSeconds: 2.04,
};

describe('the status', () => {
  const cases: [string, readonly Partial<SourceInfo>[], string, string?][] = [
    ['nobody watches', [{}], 'idle'],
    ['nothing is configured', [], 'idle'],
    ['is being opened', [{ state: 'opening' }], 'connecting'],
    ['packets flow', [LIVE], 'live'],
    ['one of two works', [failed('unauthorized', { state: 'waiting' }), LIVE], 'live'],
    ['failed, and nobody watches now', [failed('unauthorized')], 'failed', 'unauthorized'],
    ['failed, and waits', [failed('unreachable', { state: 'waiting' })], 'failed', 'unreachable'],
    ['is tried again', [failed('unreachable', { state: 'opening' })], 'failed', 'unreachable'],
    ['broke off a moment ago', [failed('closed', { state: 'waiting', failures: 0 })], 'connecting', 'closed'],
    [
      'is open again, without a picture',
      [failed('closed', { ...LIVE, failures: 0 })],
      'connecting',
      'closed',
    ],
    ['broke off while nobody watched', [failed('closed', { failures: 0 })], 'failed', 'closed'],
    ['sleeps', [failed('asleep')], 'asleep', 'asleep'],
    ['sleeps, and is asked again', [failed('asleep', { state: 'waiting' })], 'asleep', 'asleep'],
  ];
  for (const [title, sources, status, code] of cases) {
    test(title, () => {
      const { status: told, error } = state(streamInfo(sources));
      assert.equal(told, status);
      assert.deepEqual(error, code && { code, message: `it is ${code}`, since: 5000 });
    });
  }

  test('of a camera that is switched off, whatever was before', () => {
    const settings = { ...DEFAULT_SETTINGS, enabled: false };
    const { status, error, enabled } = state(streamInfo([failed('unauthorized')]), { settings });
    assert.deepEqual([status, error, enabled], ['disabled', undefined, false]);
  });

  test('is that of the stream in use, the main one first', () => {
    const settings = { ...DEFAULT_SETTINGS, sub: 'small' };
    const [idle, live] = [streamInfo(), streamInfo([LIVE])];
    const stale = streamInfo([failed('timeout')]);
    const failing = streamInfo([failed('timeout', { state: 'waiting' })]);
    assert.equal(state(idle, { settings, sub: live }).status, 'live');
    assert.equal(state(stale, { settings, sub: live }).status, 'live', 'a failure of the past');
    assert.equal(state(failing, { settings, sub: live }).status, 'failed');
    assert.equal(state(live, { settings, sub: failing }).status, 'live');
    assert.equal(state(idle, { settings, sub: failing }).status, 'failed');
    assert.equal(state(idle, { settings, sub: idle }).status, 'idle');
  });
});

test('tracks with what is measured of them, and totals while they run', () => {
  const live = state(streamInfo([LIVE]), { rates: RATES });
  assert.deepEqual(live.tracks, [
    { id: 1, kind: 'video', codec: 'hevc', width: 2560, height: 1440, fps: 25, bitrate: 3_900_000, gop: 2 },
    { id: 2, kind: 'audio', codec: 'aac', sample_rate: 16_000, channels: 1, bitrate: 32_000 },
  ]);
  assert.deepEqual([live.bitrate, live.fps], [3_932_000, 25]);
  const idle = state(streamInfo([{ ...LIVE, state: 'idle', receivers: [] }]), { rates: RATES });
  assert.deepEqual(idle.tracks, live.tracks);
  assert.deepEqual([idle.bitrate, idle.fps], [undefined, undefined]);
});

test('viewers of both streams, without the server’s own; those that get a transcode once each', () => {
  const transcode = { from: VIDEO.codec, to: videoCodec('h264'), hardware: undefined, viewers: 1 };
  const made = { id: 9, codec: videoCodec('h264'), bytes: 0, packets: 0 };
  const madeToo = { id: 10, codec: audioCodec('opus', 48_000, 2), bytes: 0, packets: 0 };
  const main = streamInfo(
    [LIVE, { transcode, tracks: [made] }, { transcode, tracks: [madeToo] }],
    [
      consumerInfo('rtsp', 1, 2),
      consumerInfo('webrtc', 9, 10),
      consumerInfo('transcode', 1),
      consumerInfo('preload', 1),
      consumerInfo('keyframe', 1),
      consumerInfo('probe', 1),
    ],
  );
  const sub = streamInfo([LIVE], [consumerInfo('mse/fmp4', 1)]);
  const { viewers, transcoding, tracks } = state(main, { sub });
  assert.deepEqual([viewers, transcoding], [3, 1]);
  assert.deepEqual(
    tracks.map(({ id }) => id),
    [1, 2],
    'a transcode is no track of the camera',
  );
});

test('what is not known is left out', () => {
  assert.deepEqual(state(streamInfo()), {
    id: 'door',
    name: 'door',
    enabled: true,
    doorbell: false,
    status: 'idle',
    tracks: [],
    viewers: 0,
    transcoding: 0,
    events: [],
    reconnects: 0,
  });
});

test('the loudspeaker of any source', () => {
  const talk = (...known: (boolean | undefined)[]) =>
    state(streamInfo(known.map((hasLoudspeaker) => ({ hasLoudspeaker })))).talk;
  assert.deepEqual([talk(undefined), talk(false, undefined), talk(false, true)], [undefined, false, true]);
});

test('settings, events and motors', () => {
  const settings = { name: 'Front door', area: 'Entrance', sub: undefined, enabled: true, doorbell: true };
  const ptz = { move: true, zoom: false, presets: ['Door'] };
  const { name, area, events, motion, ...rest } = state(streamInfo(), {
    settings,
    ptz,
    events: ['motion'],
    motion: true,
  });
  assert.deepEqual(
    [name, area, events, motion, rest.ptz],
    ['Front door', 'Entrance', ['motion', 'ring'], true, ptz],
  );
});
