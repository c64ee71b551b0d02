import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { audioCodec, videoCodec } from '../../codecs/codec.ts';
import type { Packet } from '../../core/model.ts';
import { Pacer, PlayClock } from './pacer.ts';
import type { Timed } from './rendition.ts';

describe('the clock of the pacer', () => {
  test('packets are due by their time', () => {
    const clock = new PlayClock();
    assert.equal(clock.dueInMs(100, 0), 0);
    assert.equal(clock.dueInMs(101, 0), 1000);
    assert.equal(Math.round(clock.dueInMs(101, 400)), 600);
    assert.equal(clock.dueInMs(101, 1000), 0);
  });
  test('late ones move it, holes are jumped over', () => {
    const clock = new PlayClock();
    clock.dueInMs(100, 0);
    assert.equal(clock.dueInMs(101, 5000), 0);
    assert.equal(clock.dueInMs(102, 5000), 1000);
    assert.equal(clock.dueInMs(200, 6000), 0);
    assert.equal(clock.dueInMs(201, 6000), 1000);
    assert.equal(clock.dueInMs(50, 7000), 0);
  });
  test('it may run faster', () => {
    const clock = new PlayClock();
    clock.dueInMs(100, 0);
    clock.setRate(2, 1000);
    assert.equal(clock.dueInMs(103, 1000), 1000);
    clock.setRate(1, 1500);
    assert.equal(clock.dueInMs(103, 1500), 1000);
  });
});

const VIDEO = { id: 0, codec: videoCodec('h264') };
const AUDIO = { id: 1, codec: audioCodec('aac', 48000) };

function packet(track: Packet['track'], seconds: number): Timed {
  const dts = Math.round(seconds * track.codec.timeBase);
  return { track, data: Buffer.alloc(10), pts: dts, dts, duration: 0, key: true, time: 0 };
}

describe('the pacer', () => {
  test('sends a burst evenly, tracks in the order of their times, and ends', async () => {
    const pacer = new Pacer(Number.POSITIVE_INFINITY);
    // As in a segment: all video in front of all audio.
    for (let index = 0; index < 25; index++) pacer.push(packet(VIDEO, 10 + index * 0.04));
    for (let index = 0; index < 25; index++) pacer.push(packet(AUDIO, 10.02 + index * 0.04));
    pacer.end();
    const sent: [seconds: number, atMs: number][] = [];
    const startMs = performance.now();
    await pacer.run(({ dts, track, time }) => {
      assert.ok(Math.abs(time - Date.now()) < 100, 'the wall clock of its sending');
      sent.push([dts / track.codec.timeBase, performance.now() - startMs]);
    }, new AbortController().signal);
    assert.equal(sent.length, 50);
    for (const [index, [seconds, atMs]] of sent.entries()) {
      assert.ok(index === 0 || seconds > sent[index - 1]![0]);
      assert.ok(Math.abs(atMs - 1000 * (seconds - 10)) < 60, `${seconds} s was sent after ${atMs} ms`);
    }
    assert.equal(pacer.bytes, 0);
  });

  test('tells when there is room, and passes a failure on when all is sent', async () => {
    const pacer = new Pacer(Number.POSITIVE_INFINITY);
    for (const seconds of [1, 1.1, 1.2]) pacer.push(packet(VIDEO, seconds));
    let sent = 0;
    const reached = pacer.reached(1.15).then(() => sent);
    const running = pacer.run(() => sent++, new AbortController().signal);
    pacer.end(new Error('the server is gone'));
    await assert.rejects(running, /gone/);
    assert.equal(sent, 3);
    assert.ok((await reached) >= 2);
  });

  test('stops at once when told to', async () => {
    const pacer = new Pacer(10);
    pacer.push(packet(VIDEO, 0));
    pacer.push(packet(VIDEO, 9));
    const stop = new AbortController();
    const running = pacer.run(() => {}, stop.signal);
    await sleep(20);
    stop.abort();
    const before = performance.now();
    await running;
    assert.ok(performance.now() - before < 100);
  });
});
