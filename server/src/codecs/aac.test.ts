import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../test/helpers/ffmpeg-sync.ts';
import { boxContent } from '../../../test/helpers/mp4.ts';
import {
  type AudioSpecificConfig,
  aacCodec,
  buildAdtsHeader,
  buildAudioSpecificConfig,
  parseAdtsHeader,
  parseAudioSpecificConfig,
} from './aac.ts';
import { audioCodec } from './codec.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const config = (fields: Partial<AudioSpecificConfig>): AudioSpecificConfig => ({
  objectType: 2,
  sampleRate: 48000,
  channels: 2,
  frameLength: 1024,
  sbr: false,
  ps: false,
  ...fields,
});

const CONFIGS: readonly { name: string; bytes: string; parsed: AudioSpecificConfig; builds?: boolean }[] = [
  { name: 'LC 48 kHz stereo', bytes: '1190', parsed: config({}), builds: true },
  {
    name: 'LC 16 kHz mono',
    bytes: '1408',
    parsed: config({ sampleRate: 16000, channels: 1 }),
    builds: true,
  },
  { name: 'LC 8 kHz mono', bytes: '1588', parsed: config({ sampleRate: 8000, channels: 1 }), builds: true },
  { name: 'LC 7.1', bytes: '11b8', parsed: config({ channels: 8 }), builds: true },
  { name: 'LC of 960 samples', bytes: '1194', parsed: config({ frameLength: 960 }), builds: true },
  {
    name: 'a rate of its own',
    bytes: '1780 1770 08',
    parsed: config({ sampleRate: 12000, channels: 1 }),
  },
  {
    name: 'a rate out of the table',
    bytes: '1780 1f40 88',
    parsed: config({ sampleRate: 16001, channels: 1 }),
    builds: true,
  },
  {
    name: 'HE-AAC, hierarchical',
    bytes: '2b11 8800',
    parsed: config({ sampleRate: 24000, sbr: true }),
  },
  {
    name: 'HE-AAC, backward compatible',
    bytes: '1310 56e5 98',
    parsed: config({ sampleRate: 24000, sbr: true }),
  },
  {
    name: 'HE-AAC v2, hierarchical',
    bytes: 'eb09 8800',
    parsed: config({ sampleRate: 24000, channels: 1, sbr: true, ps: true }),
  },
  {
    name: 'HE-AAC v2, backward compatible',
    bytes: '1308 56e5 9d48 80',
    parsed: config({ sampleRate: 24000, channels: 1, sbr: true, ps: true }),
  },
  {
    name: 'ELD 16 kHz with SBR, as HomeKit has it',
    bytes: 'f8f0 212c 00bc 00',
    parsed: config({ objectType: 39, sampleRate: 16000, channels: 1, frameLength: 512, sbr: true }),
  },
  {
    name: 'ELD 24 kHz of 480 samples',
    bytes: 'f8ec 3000',
    parsed: config({ objectType: 39, sampleRate: 24000, channels: 1, frameLength: 480 }),
    builds: true,
  },
];

for (const { name, bytes, parsed, builds } of CONFIGS) {
  test(`AudioSpecificConfig: ${name}`, () => {
    assert.deepEqual(parseAudioSpecificConfig(hex(bytes)), parsed);
    if (builds) assert.equal(buildAudioSpecificConfig(parsed).toString('hex'), hex(bytes).toString('hex'));
  });
}

const BAD_CONFIGS = [
  { name: 'nothing', bytes: '' },
  { name: 'one byte', bytes: '11' },
  { name: 'reserved rate', bytes: '1690' },
  { name: 'rate 0', bytes: '1780 0000 08' },
  { name: 'MP3', bytes: 'f8 44 90 00' },
  { name: 'channels in a program_config_element that is missing', bytes: '1180' },
];

for (const { name, bytes } of BAD_CONFIGS) {
  test(`no AudioSpecificConfig: ${name}`, () => {
    assert.equal(parseAudioSpecificConfig(hex(bytes)), undefined);
    assert.equal(aacCodec(hex(bytes)), undefined);
  });
}

const LAYOUTS = ['mono', 'stereo', '3.0', '4.0', '5.0', '5.1', '7.1(wide)', '2.1', 'quad', 'hexagonal'];

for (const layout of LAYOUTS) {
  test(`channels are those of FFmpeg: ${layout}`, () => {
    const mp4 = ffmpeg(
      `-f lavfi -i anullsrc=r=44100:cl=${layout} -frames:a 2 -c:a aac -movflags frag_keyframe+empty_moov -f mp4 -`,
    );
    const esds = boxContent(mp4, 'esds');
    const at = esds.indexOf(Buffer.from([5, 0x80, 0x80, 0x80])) + 4;
    const codec = aacCodec(esds.subarray(at + 1, at + 1 + esds[at]!))!;
    const stream = ffprobe('-show_streams', mp4).streams![0]!;
    assert.deepEqual([codec.channels, codec.sampleRate], [stream.channels, 44100]);
  });
}

const ADTS = [
  { sampleRate: 8000, layout: 'mono', channels: 1 },
  { sampleRate: 44100, layout: 'stereo', channels: 2 },
  { sampleRate: 96000, layout: '5.1', channels: 6 },
];

for (const { sampleRate, layout, channels } of ADTS) {
  test(`ADTS of FFmpeg is taken apart and put together again: ${sampleRate} Hz ${layout}`, () => {
    const stream = ffmpeg(
      `-f lavfi -i sine=r=${sampleRate}:d=0.3 -af aformat=channel_layouts=${layout} -c:a aac -f adts -`,
    );
    const first = parseAdtsHeader(stream)!;
    assert.deepEqual(first, { ...first, objectType: 2, sampleRate, channels, headerLength: 7, blocks: 1 });
    const codec = aacCodec(buildAudioSpecificConfig(first))!;
    const parts: Buffer[] = [];
    for (let offset = 0; offset < stream.length; ) {
      const header = parseAdtsHeader(stream, offset)!;
      const payload = stream.subarray(offset + header.headerLength, offset + header.frameLength);
      parts.push(buildAdtsHeader(codec, payload.length)!, payload);
      offset += header.frameLength;
    }
    assert.ok(parts.length > 4);
    assert.ok(Buffer.concat(parts).equals(stream));
  });
}

test('an ADTS header with a CRC', () => {
  assert.deepEqual(parseAdtsHeader(hex('ff f0 50 80 02 1f fc 1234')), {
    objectType: 2,
    sampleRate: 44100,
    channels: 2,
    headerLength: 9,
    frameLength: 16,
    blocks: 1,
  });
});

const BAD_ADTS = [
  { name: 'cut short', bytes: 'fff150800 21f' },
  { name: 'no sync word', bytes: 'ffe1 5080 021f fc' },
  { name: 'MPEG layer', bytes: 'fff3 5080 021f fc' },
  { name: 'reserved rate', bytes: 'fff1 7480 021f fc' },
  { name: 'shorter than its header', bytes: 'fff1 5080 00df fc' },
];

for (const { name, bytes } of BAD_ADTS) {
  test(`no ADTS header: ${name}`, () => assert.equal(parseAdtsHeader(hex(bytes)), undefined));
}

test('what ADTS cannot say has no header', () => {
  assert.equal(buildAdtsHeader(aacCodec(hex('f8ec 3000'))!, 100), undefined);
  assert.equal(buildAdtsHeader(audioCodec('aac', 16001), 100), undefined);
  assert.equal(buildAdtsHeader(audioCodec('aac', 16000), 8185), undefined);
  assert.equal(parseAdtsHeader(buildAdtsHeader(audioCodec('aac', 16000), 8184)!)?.frameLength, 8191);
});
