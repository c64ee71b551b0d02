/** Playlists: whatever comes in, the parser gives numbers in range and no more entries than lines, or fails with StreamError. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../server/src/core/errors.ts';
import { startSequence } from '../../server/src/formats/hls/follower.ts';
import { createPackedAudioDemuxer } from '../../server/src/formats/hls/packed-audio.ts';
import { parsePlaylist } from '../../server/src/formats/hls/playlist-parser.ts';
import { chooseVariant } from '../../server/src/formats/hls/variant.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 5000;

test('playlists', () => {
  const corpus = readCorpus('hls');
  const random = createRandom(8216);
  let read = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutate(corpus[random(corpus.length)]!, random).toString();
    const lines = text.split(/[\r\n]/).length;
    try {
      const playlist = parsePlaylist(text);
      read++;
      if (playlist.kind === 'master') {
        assert.ok(playlist.variants.length + playlist.audio.length <= lines);
        assert.equal(chooseVariant(playlist) === undefined, playlist.variants.length === 0);
        continue;
      }
      assert.ok(playlist.segments.length <= lines);
      assert.ok(playlist.targetSeconds > 0 && playlist.targetSeconds <= 3600);
      assert.ok(Number.isSafeInteger(startSequence(playlist)));
      for (const { sequence, seconds, range, key, discontinuity } of playlist.segments) {
        assert.ok(Number.isSafeInteger(sequence) && Number.isSafeInteger(discontinuity));
        assert.ok(seconds >= 0 && seconds <= 3600);
        assert.ok(!range || (Number.isSafeInteger(range.offset) && Number.isSafeInteger(range.length)));
        assert.ok(!key?.iv || key.iv.length === 16);
      }
    } catch (error) {
      assert.ok(error instanceof StreamError, `${error}`);
    }
  }
  assert.ok(read > ROUNDS / 2, `only ${read} were read`);
});

test('packed audio', () => {
  const [adts] = readCorpus('byte-formats').filter(
    (bytes) => bytes[0] === 0xff && (bytes[1]! & 0xf6) === 0xf0,
  );
  const owner = Buffer.from('com.apple.streaming.transportStreamTimestamp\0', 'latin1');
  const time = Buffer.from('0000000000015f90', 'hex');
  const frame = Buffer.concat([Buffer.from('PRIV\0\0\0\x35\0\0', 'latin1'), owner, time]);
  const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\x3f', 'latin1'), frame]);
  const segment = Buffer.concat([tag, adts!]);
  const packets: { dts: number; track: { codec: { timeBase: number } } }[] = [];
  createPackedAudioDemuxer().push(segment, (packet) => packets.push(packet));
  assert.ok(packets.length > 0);
  assert.equal(packets[0]!.dts / packets[0]!.track.codec.timeBase, 1);
  const random = createRandom(3);
  for (let round = 0; round < 2000; round++) {
    const input = mutate(segment, random);
    let bytes = 0;
    createPackedAudioDemuxer().push(input, ({ data, dts }) => {
      bytes += data.length;
      assert.ok(Number.isSafeInteger(dts));
    });
    assert.ok(bytes <= input.length);
  }
});
