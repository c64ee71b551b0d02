/** Bitstreams of codecs: whatever comes in, a parser gives a value in range or undefined, throws nothing, and gives back no more than it got. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aacCodec,
  buildAdtsHeader,
  parseAdtsHeader,
  parseAudioSpecificConfig,
} from '../../server/src/codecs/aac.ts';
import { codecString } from '../../server/src/codecs/codec-string.ts';
import { h264Codec, isH264Key, parseAvcC, parseSps as parseH264Sps } from '../../server/src/codecs/h264.ts';
import { hevcCodec, isHevcKey, parseHvcC } from '../../server/src/codecs/hevc.ts';
import { parseSps as parseHevcSps } from '../../server/src/codecs/hevc-sps.ts';
import { withTypicalHuffmanTables } from '../../server/src/codecs/jpeg-huffman.ts';
import { parseStreamMuxConfig, readLatmAudioMuxElement } from '../../server/src/codecs/latm.ts';
import { findJpegEnd, parseJpegSize, splitJpegs, withHuffmanTables } from '../../server/src/codecs/mjpeg.ts';
import { joinNals, splitAnnexB, unescapeNal } from '../../server/src/codecs/nal.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 10_000;
const MAX_SIDE = 16384;

function fuzz(inputs: readonly Buffer[], seed: number, check: (input: Buffer) => void): void {
  for (const input of inputs) check(input);
  const random = createRandom(seed);
  for (let round = 0; round < ROUNDS; round++) check(mutate(inputs[random(inputs.length)]!, random));
}

function assertNalsInBounds(input: Buffer): void {
  const nals = splitAnnexB(input);
  assert.ok(nals.reduce((sum, nal) => sum + nal.length + 3, 0) <= input.length);
  assert.ok(joinNals(nals).length <= input.length + nals.length);
  assert.ok(unescapeNal(input).length <= input.length);
}

test('h264 parameter sets', () => {
  const inputs = readCorpus('h264-parameter-sets').flatMap((avcC) => [avcC, ...parseAvcC(avcC)!.sps]);
  let read = 0;
  fuzz(inputs, 264, (input) => {
    assertNalsInBounds(input);
    assert.equal(typeof isH264Key(input), 'boolean');
    const { sps, pps } = parseAvcC(input) ?? { sps: [input], pps: [] };
    assert.ok([...sps, ...pps].reduce((sum, nal) => sum + nal.length, 0) <= input.length);
    const codec = h264Codec(sps, pps);
    assert.ok(codec.width >= 0 && codec.width <= MAX_SIDE && codec.height >= 0 && codec.height <= MAX_SIDE);
    assert.match(codecString(codec), /^avc1\.[0-9A-F]{6}$/);
    const parsed = sps[0] && parseH264Sps(sps[0]);
    if (parsed) read++;
    assert.ok(parsed?.fps === undefined || parsed.fps > 0);
    if (codec.extradata) assert.ok(parseAvcC(codec.extradata), 'our own avcC reads back');
  });
  assert.ok(read > ROUNDS / 4, `only ${read} inputs got as far as an SPS`);
});

test('hevc parameter sets', () => {
  const inputs = readCorpus('hevc-parameter-sets').flatMap((hvcC) => [hvcC, ...parseHvcC(hvcC)!.sps]);
  let read = 0;
  fuzz(inputs, 265, (input) => {
    assertNalsInBounds(input);
    assert.equal(typeof isHevcKey(input), 'boolean');
    const { vps, sps, pps } = parseHvcC(input) ?? { vps: [], sps: [input], pps: [] };
    assert.ok([...vps, ...sps, ...pps].reduce((sum, nal) => sum + nal.length, 0) <= input.length);
    const codec = hevcCodec(vps, sps, pps);
    assert.ok(codec.width >= 0 && codec.width <= MAX_SIDE && codec.height >= 0 && codec.height <= MAX_SIDE);
    assert.match(codecString(codec), /^hvc1\.[ABC]?\d+\.[0-9A-F]+\.[LH]\d+(\.[0-9A-F]{1,2}){0,6}$/);
    const parsed = sps[0] && parseHevcSps(sps[0]);
    if (parsed) read++;
    assert.ok((parsed?.minSpatialSegmentation ?? 0) <= 4095);
    if (codec.extradata) assert.ok(parseHvcC(codec.extradata), 'our own hvcC reads back');
  });
  assert.ok(read > ROUNDS / 8, `only ${read} inputs got as far as an SPS`);
});

test('aac configurations, ADTS and LATM', () => {
  let units = 0;
  fuzz(readCorpus('aac'), 14496, (input) => {
    const audio = parseAudioSpecificConfig(input);
    if (audio) {
      assert.ok(audio.sampleRate > 0 && audio.sampleRate <= 192000);
      assert.ok(audio.channels > 0 && audio.channels <= 100);
      assert.match(codecString(aacCodec(input)!), /^mp4a\.40\.\d+$/);
      const header = buildAdtsHeader(aacCodec(input)!, 100);
      if (header) assert.equal(parseAdtsHeader(header)?.frameLength, 107);
    }
    for (let offset = 0; offset < Math.min(input.length, 64); offset++) {
      const header = parseAdtsHeader(input, offset);
      if (header) assert.ok(header.frameLength >= header.headerLength && header.sampleRate > 0);
    }
    for (const config of [undefined, parseStreamMuxConfig(input)]) {
      const element = readLatmAudioMuxElement(input, config);
      if (!element) continue;
      units++;
      assert.ok(element.frames.length <= 64);
      assert.ok(element.frames.reduce((sum, frame) => sum + frame.length, 0) <= input.length);
    }
  });
  assert.ok(units > 100, `only ${units} inputs got as far as an access unit`);
});

test('jpeg', () => {
  let sizes = 0;
  fuzz(readCorpus('jpeg'), 81, (input) => {
    const size = parseJpegSize(input);
    if (size) sizes++;
    assert.ok(!size || (size.width <= 65535 && size.height <= 65535));
    assert.ok(withHuffmanTables(input).length <= input.length + 420);
    assert.ok((withTypicalHuffmanTables(input)?.length ?? 0) <= 4 * input.length + 2000);
    assert.ok(findJpegEnd(input) <= input.length);
    const { frames, rest } = splitJpegs(input);
    assert.ok(frames.reduce((sum, frame) => sum + frame.length, rest.length) <= input.length);
  });
  assert.ok(sizes > ROUNDS / 4, `only ${sizes} inputs had a size`);
});
