import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioCodec, videoCodec } from '../../codecs/codec.ts';
import type { Packet } from '../../core/model.ts';
import { Interleaver } from './interleaver.ts';

const VIDEO = { id: 0, codec: videoCodec('h264') };
const AUDIO = { id: 1, codec: audioCodec('aac', 48000) };

function interleave(order: readonly (readonly ['V' | 'A', number])[], tracks = [VIDEO, AUDIO]): string[] {
  const written: string[] = [];
  const interleaver = new Interleaver(tracks, ({ track, dts }) =>
    written.push(`${track === VIDEO ? 'V' : 'A'}${Math.round((1000 * dts) / track.codec.timeBase)}`),
  );
  for (const [kind, ms] of order) {
    const track = kind === 'V' ? VIDEO : AUDIO;
    const dts = (ms * track.codec.timeBase) / 1000;
    const packet: Packet = { track, data: Buffer.alloc(1), pts: dts, dts, duration: 0, key: true, time: 0 };
    interleaver.push(packet);
  }
  return written;
}

test('sound that comes later than the picture is put in its place', () => {
  const order = [
    ['V', 0],
    ['V', 40],
    ['V', 80],
    ['A', 0],
    ['A', 42],
    ['V', 120],
    ['A', 85],
    ['A', 130],
  ] as const;
  assert.deepEqual(interleave(order), ['V0', 'A0', 'A42', 'A85', 'V40', 'A130']);
});

test('nothing comes before the first picture', () => {
  const order = [
    ['V', 100],
    ['A', 40],
    ['A', 110],
    ['V', 140],
  ] as const;
  assert.deepEqual(interleave(order), ['V100', 'A110']);
});

test('what does not come is not waited for', () => {
  const order = Array.from({ length: 20 }, (_, index) => ['V', index * 40] as const);
  assert.deepEqual(interleave(order).slice(0, 3), ['V0', 'V40', 'V80']);
  assert.equal(interleave(order).length, 12);
});

test('one track alone passes at once', () => {
  assert.deepEqual(
    interleave(
      [
        ['V', 0],
        ['V', 40],
      ],
      [VIDEO],
    ),
    ['V0', 'V40'],
  );
});
