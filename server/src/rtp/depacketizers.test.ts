/** What cameras send that our own packetizers never would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aacCodec, buildAdtsHeader, buildAudioSpecificConfig } from '../codecs/aac.ts';
import type { AudioCodec, Codec } from '../codecs/codec.ts';
import { joinNals } from '../codecs/nal.ts';
import { buildJpegHeader, quantizationOfQuality } from './jpeg-header.ts';
import { type RtpFormat, rtpFormat } from './payload.ts';
import { payloadFormatNamed } from './payload-formats.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const SPS = Buffer.from('Z0LAHtoCgL/lwEQAAAMABAAAAwDKPFi6gA==', 'base64');
const OTHER_SPS = Buffer.from('Z2QAHqzZQKAv+XARAAADAAEAAAMAMg8WLZY=', 'base64');
const PPS = Buffer.from('aM48gA==', 'base64');
const AUD = hex('09f0');
const FILLER = hex('0cffff80');
const SEI = hex('0605 0100 80');
const IDR = Buffer.concat([hex('65'), Buffer.alloc(300, 0xaa)]);
const SLICE = Buffer.concat([hex('41'), Buffer.alloc(200, 0xbb)]);

interface Payload {
  readonly bytes: Buffer;
  readonly timestamp?: number;
  readonly marker?: boolean;
  readonly lost?: boolean;
}

interface Emitted {
  readonly data: Buffer;
  readonly timestamp: number;
  readonly key: boolean;
  readonly ticks: number;
  readonly duration: number;
  readonly codec: Codec | undefined;
}

function depacketize(
  format: RtpFormat,
  payloads: readonly Payload[],
): { units: Emitted[]; corrupt: number; codec: Codec | undefined } {
  const units: Emitted[] = [];
  const depacketizer = payloadFormatNamed(format.encoding)!.createDepacketizer(
    format,
    (data, timestamp, key, duration, ticks) =>
      units.push({ data, timestamp, key, duration, ticks, codec: depacketizer.codec }),
  );
  for (const { bytes, timestamp = 0, marker = false, lost } of payloads) {
    if (lost) depacketizer.lost();
    const lent = Buffer.concat([hex('ff'), bytes, hex('ff')]);
    depacketizer.push(lent, 1, lent.length - 1, timestamp, marker);
    lent.fill(0xee);
  }
  return { units, corrupt: depacketizer.corrupt, codec: depacketizer.codec };
}

const stap = (...nals: Buffer[]): Buffer =>
  Buffer.concat([hex('78'), ...nals.flatMap((nal) => [Buffer.from([nal.length >> 8, nal.length]), nal])]);
const fragments = (nal: Buffer, size: number): Buffer[] => {
  const parts: Buffer[] = [];
  for (let at = 1; at < nal.length; at += size) {
    const flags = (at === 1 ? 0x80 : 0) | (at + size >= nal.length ? 0x40 : 0);
    parts.push(
      Buffer.concat([
        Buffer.from([(nal[0]! & 0xe0) | 28, flags | (nal[0]! & 31)]),
        nal.subarray(at, at + size),
      ]),
    );
  }
  return parts;
};
const sprop = (...sets: Buffer[]): RtpFormat =>
  rtpFormat(96, 'H264', 90000, {
    parameters: { 'sprop-parameter-sets': sets.map((set) => set.toString('base64')).join() },
  });
const H264 = sprop(SPS, PPS);
const datas = (format: RtpFormat, payloads: readonly Payload[]): Buffer[] =>
  depacketize(format, payloads).units.map(({ data }) => data);

test('H.264: delimiters and filler go, SEI stays', () => {
  assert.deepEqual(
    datas(H264, [{ bytes: stap(AUD, SPS, PPS, SEI) }, { bytes: FILLER }, { bytes: IDR, marker: true }]),
    [joinNals([SEI, IDR])],
  );
});

test('H.264: SEI and parameter sets with markers of their own belong to the next picture', () => {
  const payloads = [
    { bytes: SPS, marker: true },
    { bytes: PPS, marker: true },
    { bytes: SEI, marker: true, timestamp: 1 },
    { bytes: IDR, marker: true, timestamp: 2 },
  ];
  assert.deepEqual(datas(rtpFormat(96, 'H264', 90000), payloads), [joinNals([SEI, IDR])]);
});

test('H.264: a whole unit in Annex B form that was sent as one SPS', () => {
  const start = hex('00000001');
  const whole = Buffer.concat([SPS, start, PPS, start, SEI, start, IDR]);
  for (const payloads of [
    [{ bytes: whole, marker: true }],
    fragments(whole, 90).map((bytes, index, all) => ({ bytes, marker: index === all.length - 1 })),
  ])
    assert.deepEqual(datas(rtpFormat(96, 'H264', 90000), payloads), [joinNals([SEI, IDR])]);
});

test('H.264: new parameter sets are a new codec, in the unit that they come with', () => {
  const { units } = depacketize(H264, [
    { bytes: IDR, marker: true },
    { bytes: stap(SPS, PPS), timestamp: 1 },
    { bytes: IDR, timestamp: 1, marker: true },
    { bytes: stap(OTHER_SPS, PPS), timestamp: 2 },
    { bytes: IDR, timestamp: 2, marker: true },
  ]);
  assert.equal(units[0]!.codec, units[1]!.codec);
  assert.notEqual(units[1]!.codec, units[2]!.codec);
  assert.ok(units[2]!.codec?.extradata?.includes(OTHER_SPS));
});

test('H.264: nothing comes out while there are no parameter sets', () => {
  assert.deepEqual(datas(rtpFormat(96, 'H264', 90000), [{ bytes: IDR, marker: true }]), []);
});

const DAMAGED: readonly { name: string; payloads: readonly Payload[] }[] = [
  { name: 'STAP-B', payloads: [{ bytes: Buffer.concat([hex('790000'), stap(IDR).subarray(1)]) }] },
  { name: 'STAP-A with a size beyond its end', payloads: [{ bytes: hex('780100 65aa') }] },
  {
    name: 'FU-A without its start',
    payloads: fragments(IDR, 100)
      .slice(1)
      .map((bytes) => ({ bytes })),
  },
  {
    name: 'FU-A without its end',
    payloads: fragments(IDR, 100)
      .slice(0, 2)
      .map((bytes) => ({ bytes })),
  },
  { name: 'FU-A cut to its header', payloads: [{ bytes: hex('7c85') }] },
  {
    name: 'a FU-A that begins within another',
    payloads: [fragments(IDR, 100)[0]!, ...fragments(SLICE, 100)].map((bytes) => ({ bytes })),
  },
  { name: 'NAL unit type 0', payloads: [{ bytes: hex('00aa') }] },
  { name: 'a loss within the unit', payloads: [{ bytes: SLICE }, { bytes: SLICE, lost: true }] },
];

for (const { name, payloads } of DAMAGED) {
  test(`H.264: a unit with ${name} is left out, the next one is not`, () => {
    const { units, corrupt } = depacketize(H264, [...payloads, { bytes: SLICE, timestamp: 1, marker: true }]);
    assert.deepEqual(
      units.map(({ data }) => data),
      [joinNals([SLICE])],
    );
    assert.equal(corrupt, 1);
  });
}

test('H.264: what never gets a slice does not grow without end', () => {
  const noise = Array.from({ length: 2000 }, (_, timestamp) => ({
    bytes: Buffer.concat([hex('06'), Buffer.alloc(1400, 1)]),
    timestamp,
    marker: true,
  }));
  const [unit] = datas(H264, [...noise, { bytes: IDR, timestamp: 5000, marker: true }]);
  assert.ok(unit!.length < 100_000);
});

test('HEVC: a FU with S and E set is a whole NAL unit', () => {
  const { units } = depacketize(
    rtpFormat(96, 'H265', 90000, {
      parameters: {
        'sprop-vps': 'QAEMAf//AUAAAAMAAAMAAAMAAAMAmawJ',
        'sprop-sps': hex('42010101400000030000030000030000030099a001402005a1fe5aee46c1ae5504').toString(
          'base64',
        ),
        'sprop-pps': hex('4401c073c04c90').toString('base64'),
      },
    }),
    [{ bytes: Buffer.concat([hex('6201 d3'), Buffer.alloc(50, 7)]), marker: true }],
  );
  assert.deepEqual(
    units.map(({ data }) => data),
    [joinNals([Buffer.concat([hex('2601'), Buffer.alloc(50, 7)])])],
  );
  assert.equal(units[0]!.key, true);
});

const CONFIG = buildAudioSpecificConfig({ objectType: 2, sampleRate: 16000, channels: 1 });
const HBR = { mode: 'AAC-hbr', sizelength: '13', indexlength: '3', indexdeltalength: '3' };
const aacFormat = (parameters: Record<string, string>): RtpFormat =>
  rtpFormat(97, 'MPEG4-GENERIC', 16000, { parameters });
const FIRST = Buffer.alloc(20, 1);
const SECOND = Buffer.alloc(7, 2);

const AAC_FORMS: readonly { name: string; parameters: Record<string, string>; bytes: Buffer }[] = [
  {
    name: 'two AUs in a packet',
    parameters: HBR,
    bytes: Buffer.concat([hex('0020 00a0 0038'), FIRST, SECOND]),
  },
  {
    name: 'no sizes in fmtp',
    parameters: { mode: 'AAC-hbr' },
    bytes: Buffer.concat([hex('0020 00a0 0038'), FIRST, SECOND]),
  },
  {
    name: 'AAC-lbr',
    parameters: { mode: 'AAC-lbr', sizelength: '6', indexlength: '2', indexdeltalength: '2' },
    bytes: Buffer.concat([hex('0010 501c'), FIRST, SECOND]),
  },
  {
    name: 'CTS deltas and random access flags',
    parameters: { ...HBR, ctsdeltalength: '8', randomaccessindication: '1' },
    // 13+3+1+1 bits, then 13+3+1+8+1 bits
    bytes: Buffer.concat([
      hex('002c'),
      bits('0000000010100 000 0 1  0000000000111 000 1 00001111 1'),
      FIRST,
      SECOND,
    ]),
  },
  {
    name: 'auxiliary data',
    parameters: { ...HBR, auxiliarydatasizelength: '8' },
    bytes: Buffer.concat([hex('0020 00a0 0038 10 abcd'), FIRST, SECOND]),
  },
];

function bits(text: string): Buffer {
  const digits = text.replaceAll(' ', '');
  return Buffer.from(digits.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

for (const { name, parameters, bytes } of AAC_FORMS) {
  test(`AAC: ${name}`, () => {
    const format = aacFormat({ ...parameters, config: CONFIG.toString('hex') });
    const { units, corrupt } = depacketize(format, [{ bytes, marker: true, timestamp: 5 }]);
    assert.deepEqual(
      units.map(({ data, ticks, timestamp, duration }) => [data, timestamp, ticks, duration]),
      [
        [FIRST, 5, 0, 1024],
        [SECOND, 5, 1024, 1024],
      ],
    );
    assert.equal(corrupt, 0);
  });
}

test('AAC: units of constant size need no headers', () => {
  const format = aacFormat({ mode: 'generic', constantsize: '20', config: CONFIG.toString('hex') });
  assert.deepEqual(datas(format, [{ bytes: Buffer.concat([FIRST, FIRST]), marker: true }]), [FIRST, FIRST]);
});

test('AAC: ADTS headers are cut off, and tell the codec where SDP does not', () => {
  const stereo = aacCodec(
    buildAudioSpecificConfig({ objectType: 2, sampleRate: 44100, channels: 2 }),
  ) as AudioCodec;
  const unit = Buffer.concat([buildAdtsHeader(stereo, FIRST.length)!, FIRST]);
  const bytes = Buffer.concat([
    hex('0010'),
    Buffer.from([unit.length >> 5, (unit.length << 3) & 0xff]),
    unit,
  ]);
  const { units, codec } = depacketize(aacFormat(HBR), [{ bytes, marker: true }]);
  assert.deepEqual(units[0]!.data, FIRST);
  assert.equal(codec?.kind === 'audio' && codec.sampleRate, 44100);
});

test('AAC: a part that is missing takes its unit with it', () => {
  const part = Buffer.concat([hex('0010 0140'), FIRST]);
  const whole = Buffer.concat([hex('0010 00a0'), FIRST]);
  const format = aacFormat({ ...HBR, config: CONFIG.toString('hex') });
  assert.deepEqual(datas(format, [{ bytes: part }, { bytes: part, marker: true }]), [
    Buffer.concat([FIRST, FIRST]),
  ]);
  const { units, corrupt } = depacketize(format, [
    { bytes: part },
    { bytes: whole, timestamp: 1, marker: true, lost: true },
  ]);
  assert.deepEqual([units.length, corrupt], [1, 1]);
});

/** A frame of one packet whose header has these fields. */
const jpegPacket = (
  widthField: number,
  heightField: number,
  quality = 50,
  tables: Buffer = Buffer.alloc(0),
): Buffer => {
  const tableHeader =
    quality >= 128
      ? Buffer.concat([hex('0000'), Buffer.from([tables.length >> 8, tables.length]), tables])
      : tables;
  return Buffer.concat([
    hex('00000000 01'),
    Buffer.from([quality, widthField, heightField]),
    tableHeader,
    Buffer.alloc(100, 9),
  ]);
};
const sizeOf = ({ codec }: { codec: Codec | undefined }): string =>
  codec?.kind === 'video' ? `${codec.width}x${codec.height}` : 'none';

const JPEG_SIZES: readonly { fields: [number, number]; declared?: string; size: string }[] = [
  { fields: [80, 60], size: '640x480' },
  { fields: [135, 240], size: '1080x1920' },
  { fields: [64, 240], size: '2560x1920' },
  { fields: [224, 14], size: '3840x2160' },
  { fields: [32, 162], size: '2304x1296' },
  { fields: [0, 0], declared: '3840,2160', size: '3840x2160' },
  { fields: [64, 180], declared: '2560-1440', size: '2560x1440' },
  { fields: [80, 60], declared: '3840,2160', size: '640x480' },
  { fields: [0, 0], size: 'none' },
];

for (const { fields, declared, size } of JPEG_SIZES) {
  test(`JPEG: size fields ${fields.join()}${declared ? ` and ${declared} in SDP` : ''} mean ${size}`, () => {
    const format = rtpFormat(26, 'JPEG', 90000, { parameters: declared ? { 'x-dimensions': declared } : {} });
    assert.equal(sizeOf(depacketize(format, [{ bytes: jpegPacket(...fields), marker: true }])), size);
  });
}

test('JPEG: tables by quality factor, in band, remembered, and one for both', () => {
  const tables = quantizationOfQuality(80);
  const format = rtpFormat(26, 'JPEG', 90000);
  const header = (quantization: Buffer): Buffer =>
    buildJpegHeader({
      width: 640,
      height: 480,
      subsampling: '4:2:0',
      quantization,
      precision: 0,
      restartInterval: 0,
    });
  const units = datas(format, [
    { bytes: jpegPacket(80, 60, 50), marker: true },
    { bytes: jpegPacket(80, 60, 200, tables), marker: true, timestamp: 1 },
    { bytes: jpegPacket(80, 60, 200), marker: true, timestamp: 2 },
    { bytes: jpegPacket(80, 60, 255, tables.subarray(0, 64)), marker: true, timestamp: 3 },
    { bytes: jpegPacket(80, 60, 201), marker: true, timestamp: 4 },
  ]);
  const expected = [quantizationOfQuality(50), tables, tables, tables.subarray(0, 64)].map(header);
  assert.deepEqual(
    units.map((unit) => unit.subarray(0, -102)),
    expected,
  );
});

test('JPEG: a frame with a hole is left out', () => {
  const later = (offset: number): Buffer =>
    Buffer.concat([Buffer.from([0, offset >> 16, offset >> 8, offset]), jpegPacket(80, 60).subarray(4)]);
  const format = rtpFormat(26, 'JPEG', 90000);
  const { units, corrupt } = depacketize(format, [
    { bytes: jpegPacket(80, 60) },
    { bytes: later(200), marker: true },
    { bytes: later(100), timestamp: 1, marker: true },
    { bytes: jpegPacket(80, 60), timestamp: 2 },
    { bytes: later(100), timestamp: 2, marker: true },
  ]);
  assert.deepEqual([units.length, corrupt], [1, 1]);
});
