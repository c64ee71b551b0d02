import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioCodec } from '../../codecs/codec.ts';
import { createOutput } from './output.ts';

const TABLE: readonly (readonly [query: string, video: string, audio: string])[] = [
  ['', 'h264 hevc', 'aac'],
  ['mp4=all', 'h264 hevc', 'aac'],
  ['video=h264', 'h264', ''],
  ['video&audio', 'h264 hevc', 'aac opus mp3 pcm_alaw/8000 pcm_mulaw/8000'],
  ['video=hevc,mjpeg&audio=opus,flac,mp3', 'hevc', 'opus mp3'],
  ['audio=pcma/16000,aac', '', 'pcm_alaw/8000 aac'],
];

for (const [query, video, audio] of TABLE) {
  test(`accepts of ?${query}`, () => {
    const { accepts } = createOutput(new URLSearchParams(query));
    const of = (kind: string) =>
      accepts
        .filter((request) => request.kind === kind)
        .flatMap(({ codecs }) =>
          codecs.map(({ name, sampleRate }) => name + (sampleRate ? `/${sampleRate}` : '')),
        )
        .join(' ');
    assert.deepEqual([of('video'), of('audio')], [video, audio]);
  });
}

test('refuses what cannot be carried, and what is no codec', () => {
  assert.throws(() => createOutput(new URLSearchParams('video=mjpeg')), {
    code: 'no_match',
    message: /mjpeg/,
  });
  assert.throws(() => createOutput(new URLSearchParams('audio=loud')), { code: 'invalid' });
  const { createMuxer } = createOutput(new URLSearchParams());
  assert.throws(() => createMuxer([{ id: 1, codec: audioCodec('flac', 48000) }]), { code: 'unsupported' });
});

test('a muxer goes on where the one before it ended: counters, and another version of the tables', () => {
  const { createMuxer } = createOutput(new URLSearchParams('audio'));
  const track = { id: 1, codec: audioCodec('pcm_alaw', 8000) };
  const packet = { track, data: Buffer.alloc(160), pts: 0, dts: 0, duration: 160, key: true, time: 0 };
  const first = createMuxer([track]).mux(packet)!.body[0]!;
  const second = createMuxer([track]).mux({ ...packet, pts: 160, dts: 160 })!.body[0]!;
  for (const at of [0, 188, 376]) assert.equal(second[at + 3]! & 15, ((first[at + 3]! & 15) + 1) & 15);
  assert.notEqual((first[10]! >> 1) & 31, (second[10]! >> 1) & 31);
});
