import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../../test/helpers/ffmpeg-sync.ts';
import type { Packet } from '../../core/model.ts';
import { createDemuxer } from './demuxer.ts';

function demux(bytes: Buffer, pieceBytes: number) {
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    demuxer.push(bytes.subarray(at, at + pieceBytes), (packet) => packets.push(packet));
  }
  return { codec: demuxer.tracks[0]?.codec, packets };
}

const TONE = '-f lavfi -i sine=frequency=440:sample_rate=16000:duration=1';

for (const [codec, raw] of [
  ['pcm_mulaw', 'mulaw'],
  ['pcm_alaw', 'alaw'],
  ['pcm_s16be', 's16be'],
] as const) {
  test(`${codec} as ffmpeg writes it, in pieces of any size`, () => {
    const bytes = ffmpeg(`${TONE} -c:a ${codec} -ac 2 -f au -`);
    const samples = ffmpeg(`${TONE} -c:a ${codec} -ac 2 -f ${raw} -`);
    for (const pieceBytes of [7, 5000]) {
      const { codec: found, packets } = demux(bytes, pieceBytes);
      assert.deepEqual(found, { ...found, name: codec, sampleRate: 16000, channels: 2 });
      assert.equal(packets.length, 50);
      assert.ok(Buffer.concat(packets.map(({ data }) => data)).equals(samples));
      assert.equal(packets.at(-1)!.pts, 49 * 320);
    }
  });
}

test('without a header it is mu-law of 8000 Hz', () => {
  const { codec, packets } = demux(Buffer.alloc(1600, 0xff), 3);
  assert.deepEqual(codec, { ...codec, name: 'pcm_mulaw', sampleRate: 8000, channels: 1 });
  assert.equal(packets.length, 10);
});

test('other sample formats are refused', () => {
  const bytes = ffmpeg(`${TONE} -c:a pcm_s24be -f au -`);
  assert.throws(() => demux(bytes, 1000), {
    code: 'unsupported',
    message: /encoding 4, 1 channels, 16000 Hz/,
  });
});
