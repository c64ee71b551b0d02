/** Rates, history, and when they are told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audioCodec, videoCodec } from '../codecs/codec.ts';
import { cameraState } from './camera-state.ts';
import { isNews, lookInMs } from './change-gate.ts';
import { History, INTERVAL_MS } from './history.ts';
import { RateMeter } from './rates.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { streamInfo } from './testing.ts';

describe('rates', () => {
  const track = (bytes: number, packets: number) => ({ id: 7, codec: videoCodec('h264'), bytes, packets });

  test('need two readings; are steady over the window, and fresh over the last interval', () => {
    const meter = new RateMeter();
    meter.read(0, [track(1000, 10)]);
    assert.deepEqual([...meter.over(10_000)], []);
    meter.read(2000, [track(1000 + 250_000, 60)]);
    assert.deepEqual(meter.over(10_000).get(7), { bitrate: 1_000_000, fps: 25 });
    meter.read(4000, [track(1000 + 250_000, 60)]);
    assert.deepEqual(meter.over(10_000).get(7), { bitrate: 500_000, fps: 12.5 });
    assert.deepEqual(meter.over(0).get(7), { bitrate: 0, fps: 0 });
    for (let ms = 6000; ms <= 20_000; ms += 2000) meter.read(ms, [track(251_000, 60)]);
    assert.deepEqual(meter.over(10_000).get(7), { bitrate: 0, fps: 0 }, 'what is long ago does not count');
  });

  test('begin anew after a pause, and for a track that came later', () => {
    const meter = new RateMeter();
    meter.read(0, [track(0, 0)]);
    meter.read(2000, []);
    meter.read(60_000, [track(500, 5)]);
    assert.deepEqual([...meter.over(10_000)], []);
    const later = { id: 8, codec: audioCodec('aac', 16_000), bytes: 100, packets: 1 };
    meter.read(62_000, [track(1000, 5), later]);
    assert.deepEqual([...meter.over(10_000).keys()], [7]);
  });
});

describe('history', () => {
  const sample = (time: number, bitrate = 1000) => ({ time, bitrate, fps: 25, viewers: 1 });

  test('holds five minutes, oldest first', () => {
    const history = new History();
    const start = 1_764_260_000_000;
    for (let index = 0; index < 400; index++) history.add(sample(start + index * INTERVAL_MS, index));
    const now = start + 399 * INTERVAL_MS;
    const samples = history.samples(now);
    assert.equal(samples.length, 150);
    assert.deepEqual(samples.at(-1), sample(now, 399));
    assert.deepEqual(samples[0], sample(start + 250 * INTERVAL_MS, 250));
    assert.deepEqual(history.samples(now + 300_000), [sample(now, 399)]);
    assert.deepEqual(history.samples(now + 400_000), []);
  });

  test('of a camera that nobody uses is empty; the end of its use is in it', () => {
    const history = new History();
    const idle = { bitrate: 0, fps: 0, viewers: 0 };
    const start = 1_764_260_000_000;
    history.add({ time: start, ...idle });
    assert.deepEqual(history.samples(start), []);
    history.add(sample(start + 2000));
    history.add({ time: start + 4000, ...idle });
    assert.equal(history.samples(start + 4000).length, 2);
  });
});

describe('news', () => {
  const facts = {
    id: 'door',
    settings: DEFAULT_SETTINGS,
    main: streamInfo(),
    events: [],
    motion: false,
  } as const;
  const now = cameraState({ ...facts, rates: new Map() });

  test('are what is new, at most once a second; rates alone every five', () => {
    assert.equal(isNews(undefined, now, 0), true);
    assert.equal(isNews(now, { ...now }, 60_000), false);
    assert.equal(isNews(now, { ...now, viewers: 1 }, 0), true);
    assert.equal(isNews(now, { ...now, bitrate: 1, fps: 2 }, 0), true, 'measured for the first time');
    const measured = { ...now, bitrate: 1, fps: 2 };
    assert.equal(isNews(measured, { ...now, bitrate: 3, fps: 4 }, 4999), false);
    assert.equal(isNews(measured, { ...now, bitrate: 3, fps: 4 }, 5000), true);
    const track = { id: 1, kind: 'video', codec: 'h264', fps: 25, bitrate: 5, gop: 2 } as const;
    const watched = { ...now, tracks: [track] };
    assert.equal(isNews(watched, { ...now, tracks: [{ ...track, fps: 24, bitrate: 6, gop: 3 }] }, 0), false);
    assert.equal(isNews(watched, { ...now, tracks: [{ ...track, codec: 'hevc' }] }, 0), true);
  });

  test('wait for what comes with them, and for a second since the last', () => {
    assert.equal(lookInMs(Number.POSITIVE_INFINITY), 30);
    assert.equal(lookInMs(990), 30);
    assert.equal(lookInMs(400), 600);
  });
});
