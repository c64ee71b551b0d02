import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annexBCodec, forEachNal, joinNals, splitAnnexB, splitLengthPrefixed, unescapeNal } from './nal.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const hexes = (nals: readonly Buffer[]) => nals.map((nal) => nal.toString('hex'));

const SPLITS: readonly { name: string; bytes: string; nals: string[] }[] = [
  { name: '4-byte start codes', bytes: '00000001 6742 00000001 68ce', nals: ['6742', '68ce'] },
  { name: '3-byte start codes', bytes: '000001 6742 000001 68ce', nals: ['6742', '68ce'] },
  { name: 'trailing zeros', bytes: '000001 6742 000000 000001 68ce 0000', nals: ['6742', '68ce'] },
  { name: 'garbage in front', bytes: 'aabb 00 000001 41', nals: ['41'] },
  { name: 'empty units', bytes: '000001 000001 41 000001', nals: ['41'] },
  { name: 'escaped zeros stay', bytes: '000001 41000003 01', nals: ['4100000301'] },
  { name: 'no start code', bytes: '6742001f', nals: [] },
  { name: 'nothing', bytes: '', nals: [] },
];

for (const { name, bytes, nals } of SPLITS) {
  test(`Annex B is split: ${name}`, () => {
    assert.deepEqual(hexes(splitAnnexB(hex(bytes))), nals);
    assert.deepEqual(hexes(splitLengthPrefixed(joinNals(splitAnnexB(hex(bytes))))), nals);
  });
}

test('NAL units from Annex B are views', () => {
  const data = hex('000001 6742 000001 68ce');
  data[3] = 0x41;
  assert.equal(splitAnnexB(data)[0]!.buffer, data.buffer);
});

test('NAL units behind their lengths', () => {
  const nals = [hex('6742'), hex('68'), hex('65112233')];
  const data = joinNals(nals);
  assert.equal(data.toString('hex'), '000000026742000000016800000004' + '65112233');
});

const CORRUPT: readonly { name: string; bytes: string; nals: string[] }[] = [
  { name: 'length beyond the end', bytes: '00000002 6742 00000009 68ce', nals: ['6742'] },
  { name: 'cut within a length', bytes: '00000002 6742 000000', nals: ['6742'] },
  { name: 'huge length', bytes: 'ffffffff 6742', nals: [] },
  { name: 'empty unit between', bytes: '00000000 00000001 41', nals: ['41'] },
];

for (const { name, bytes, nals } of CORRUPT) {
  test(`iteration holds its bounds: ${name}`, () => {
    const data = hex(bytes);
    const found: string[] = [];
    forEachNal(data, (start, end) => found.push(data.toString('hex', start, end)));
    assert.deepEqual(found, nals);
    assert.deepEqual(hexes(splitLengthPrefixed(data)), nals);
  });
}

test('lengths of one and two bytes', () => {
  assert.deepEqual(hexes(splitLengthPrefixed(hex('02 6742 01 68'), 1)), ['6742', '68']);
  assert.deepEqual(hexes(splitLengthPrefixed(hex('0002 6742 0001 68 0005 41'), 2)), ['6742', '68']);
});

test('emulation prevention bytes are taken out', () => {
  const escaped = hex('67 000003 01 000003 000003 00 03 000003');
  assert.equal(
    unescapeNal(escaped).toString('hex'),
    '67' + '0000' + '01' + '0000' + '0000' + '0003' + '0000',
  );
  const plain = hex('67 42 00 01 03');
  assert.equal(unescapeNal(plain), plain, 'nothing to do, nothing copied');
});

const KINDS: readonly (readonly [string, string, ReturnType<typeof annexBCodec>])[] = [
  ['an H.264 parameter set', '00000001 6742c01e 00000001 68ce', 'h264'],
  ['a delimiter, then an H.264 parameter set', '00000001 09f0 00000001 67640028', 'h264'],
  ['an SEI, then an H.264 parameter set', '000001 0605ffff 00000001 6764', 'h264'],
  ['H.264 slices only', '00000001 419a00 00000001 419b', 'h264'],
  ['an HEVC parameter set', '00000001 40010c01ffff', 'hevc'],
  ['a delimiter, then an HEVC parameter set', '00000001 460150 00000001 40010c01', 'hevc'],
  ['an SEI, then an HEVC parameter set', '00000001 4e010516 00000001 42010101', 'hevc'],
  ['HEVC slices only', '00000001 0201d0 00000001 0201', 'hevc'],
  ['a program stream', '000001ba 4400', undefined],
  ['garbage in front', '55000001 6742', undefined],
  ['nothing behind the start code', '00000001', undefined],
  ['no start code', '474011', undefined],
];
for (const [name, bytes, codec] of KINDS) {
  test(`Annex B: ${name}`, () => assert.equal(annexBCodec(hex(bytes)), codec));
}
