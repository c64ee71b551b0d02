import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Variant } from './playlist-parser.ts';
import { chooseVariant } from './variant.ts';

describe('the variant', () => {
  const variant = (bandwidth: number, codecs = '', audioGroup?: string): Variant => ({
    uri: `${bandwidth}`,
    bandwidth,
    codecs: codecs.split(',').filter(Boolean),
    audioGroup,
  });
  const choose = (variants: Variant[], audio = [{ group: 'a', uri: 'sound', isDefault: true }]) => {
    const choice = chooseVariant({ kind: 'master', variants, audio });
    return choice && [choice.variant.uri, choice.audioUri];
  };
  test('the highest bandwidth with known codecs', () => {
    assert.deepEqual(choose([variant(1), variant(3, 'dvh1.05'), variant(2, 'avc1.42,mp4a.40.2')]), [
      '2',
      undefined,
    ]);
  });
  test('one whose video is known before one that is not known at all', () => {
    assert.deepEqual(choose([variant(9, 'dvh1.05,ac-3'), variant(2, 'avc1.42,ac-3', 'a')]), ['2', undefined]);
  });
  test('the sound of its group', () => {
    const audio = [
      { group: 'b', uri: 'other', isDefault: true },
      { group: 'a', uri: 'first', isDefault: false },
      { group: 'a', uri: 'default', isDefault: true },
    ];
    assert.deepEqual(choose([variant(2, 'avc1.42,mp4a.40.2', 'a')], audio), ['2', 'default']);
    assert.equal(choose([]), undefined);
  });
});
