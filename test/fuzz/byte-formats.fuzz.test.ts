/** Byte formats: whatever comes in, a demuxer writes whole packets or nothing, fails only with StreamError, and keeps within its limits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../server/src/core/errors.ts';
import { FORMATS } from '../../server/src/formats/index.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 150;

for (const format of FORMATS) {
  if (!format.demuxer) continue;
  test(`${format.name} demuxer`, async () => {
    const { createDemuxer } = await format.demuxer!();
    const corpus = readCorpus('byte-formats');
    const random = createRandom(20261123);
    for (let round = 0; round < ROUNDS; round++) {
      const input = mutate(corpus[random(corpus.length)]!, random);
      const demuxer = createDemuxer();
      let outputBytes = 0;
      try {
        for (let offset = 0; offset < input.length; ) {
          const size = 1 + random(2000);
          demuxer.push(input.subarray(offset, offset + size), (packet) => {
            outputBytes += packet.data.length;
            assert.ok(packet.data.length > 0);
            assert.ok(Number.isSafeInteger(packet.dts) && packet.pts >= packet.dts);
            assert.ok(demuxer.tracks.some(({ id }) => id === packet.track.id));
          });
          offset += size;
        }
        demuxer.flush?.((packet) => (outputBytes += packet.data.length));
      } catch (error) {
        assert.ok(error instanceof StreamError, `${error}`);
      }
      assert.ok(outputBytes <= 2 * input.length + 1000, `${outputBytes} bytes out of ${input.length}`);
    }
  });
}

test('detection never throws, and no two formats of ours take the same head', () => {
  const random = createRandom(7);
  for (const head of readCorpus('byte-formats')) {
    const takers = FORMATS.filter(({ detect }) => detect?.(head.subarray(0, 4096)));
    assert.equal(takers.length, 1, takers.map(({ name }) => name).join());
    for (let round = 0; round < 100; round++) {
      const mutated = mutate(head, random).subarray(0, 4096);
      for (const { detect } of FORMATS) assert.equal(typeof (detect?.(mutated) ?? false), 'boolean');
    }
  }
});
