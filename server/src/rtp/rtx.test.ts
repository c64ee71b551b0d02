import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originalOf } from './rtx.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ORIGINAL = { ssrc: 0x11223344, payloadType: 102 };

const CASES: readonly [what: string, packet: string, original: string | undefined][] = [
  ['plain', '80e70001 00000005 99999999 abcd 0102', '80e6abcd 00000005 11223344 0102'],
  [
    'with an extension and padding',
    'b0670001 00000005 99999999 bede0001 10000000 abcd 01 000003',
    '9066abcd 00000005 11223344 bede0001 10000000 01',
  ],
  ['nothing but padding', 'a0670001 00000005 99999999 000003', undefined],
  ['a sequence number alone', '80670001 00000005 99999999 abcd', undefined],
  ['cut off', '90670001 00000005 99999999', undefined],
];

for (const [what, packet, original] of CASES) {
  test(what, () =>
    assert.equal(originalOf(hex(packet), ORIGINAL)?.toString('hex'), original?.replaceAll(' ', '')),
  );
}
