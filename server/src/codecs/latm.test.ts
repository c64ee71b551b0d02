import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/helpers/ffmpeg-sync.ts';
import { parseAdtsHeader } from './aac.ts';
import { BitWriter } from './bits.ts';
import { parseStreamMuxConfig, readLatmAudioMuxElement, type StreamMuxConfig } from './latm.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** AudioMuxElements of a LOAS stream: sync word of 11 bits, length of 13. */
function splitLoas(stream: Buffer): Buffer[] {
  const elements: Buffer[] = [];
  for (let offset = 0; offset + 3 <= stream.length; ) {
    const head = stream.readUIntBE(offset, 3);
    assert.equal(head >> 13, 0x2b7);
    const end = offset + 3 + (head & 0x1fff);
    elements.push(stream.subarray(offset + 3, end));
    offset = end;
  }
  return elements;
}

for (const channels of [1, 2]) {
  test(`LATM of FFmpeg has the access units of the ADTS it was made of, ${channels} channels`, () => {
    const adts = ffmpeg(`-f lavfi -i sine=r=16000:d=2 -ac ${channels} -c:a aac -f adts -`);
    const expected: Buffer[] = [];
    for (let offset = 0; offset < adts.length; ) {
      const { headerLength, frameLength } = parseAdtsHeader(adts, offset)!;
      expected.push(adts.subarray(offset + headerLength, offset + frameLength));
      offset += frameLength;
    }
    const loas = ffmpeg('-f aac -i - -c copy -bsf:a aac_adtstoasc -f latm -', adts);
    let config: StreamMuxConfig | undefined;
    const frames: Buffer[] = [];
    for (const element of splitLoas(loas)) {
      const unit = readLatmAudioMuxElement(element, config)!;
      config = unit.config;
      frames.push(...unit.frames);
    }
    assert.deepEqual(frames, expected);
    assert.equal(config?.audio.sampleRate, 16000);
    assert.equal(config.audio.channels, channels);
    assert.equal(config.audioSpecificConfig.toString('hex'), channels === 1 ? '1408' : '1410');
  });
}

test('a configuration from SDP: the elements have none (RFC 6416 §7.3)', () => {
  const config = parseStreamMuxConfig(hex('40002620 3fc0'))!;
  assert.deepEqual(
    { ...config, audioSpecificConfig: config.audioSpecificConfig.toString('hex') },
    {
      audio: { objectType: 2, sampleRate: 24000, channels: 2, frameLength: 1024, sbr: false, ps: false },
      audioSpecificConfig: '1310',
      inBand: false,
      subFrames: 1,
      fixedLength: 0,
    },
  );
  const long = Buffer.alloc(300, 0x5a);
  const element = Buffer.concat([hex('ff2d'), long]);
  assert.deepEqual(readLatmAudioMuxElement(element, config)?.frames, [long]);
  assert.equal(readLatmAudioMuxElement(element.subarray(0, 301), config), undefined, 'cut short');
});

test('GStreamer ends its configuration behind the AudioSpecificConfig, which may be extended', () => {
  const element = hex('03 a1b2c3');
  for (const [text, audioSpecificConfig] of [
    ['40002320 adca00', '119056e500'],
    ['40002320', '1190'],
  ] as const) {
    const config = parseStreamMuxConfig(hex(text))!;
    assert.equal(config.audioSpecificConfig.toString('hex'), audioSpecificConfig);
    assert.equal(config.audio.sbr, false);
    assert.deepEqual(readLatmAudioMuxElement(element, config)?.frames, [hex('a1b2c3')]);
  }
  assert.equal(parseStreamMuxConfig(hex('400023')), undefined, 'cut short');
});

test('several access units in an element, each of a fixed length', () => {
  const bits = new BitWriter();
  bits.bits(0b01, 2); // version 0, same time framing
  bits.bits(2, 6); // three subframes
  bits.bits(0, 4 + 3);
  bits.bits(0x1408, 16);
  bits.bits(1, 3); // fixed length
  bits.bits(1, 9); // of 21 bytes
  bits.bits(0, 2);
  const config = parseStreamMuxConfig(bits.finish())!;
  assert.deepEqual([config.subFrames, config.fixedLength], [3, 21]);
  const units = [1, 2, 3].map((value) => Buffer.alloc(21, value));
  assert.deepEqual(readLatmAudioMuxElement(Buffer.concat(units), config)?.frames, units);
});

test('version 1 gives the length of its AudioSpecificConfig', () => {
  const bits = new BitWriter();
  bits.bits(0b10, 2);
  bits.bits(0x00ff, 10); // tara buffer fullness, one byte
  bits.bits(1, 1);
  bits.bits(0, 6 + 4 + 3);
  bits.bits(40, 10); // length in bits, one byte
  for (const byte of hex('1310 56e5 98')) bits.bits(byte, 8);
  bits.bits(0, 3 + 8);
  bits.bits(0, 2);
  const config = parseStreamMuxConfig(bits.finish())!;
  assert.equal(config.audioSpecificConfig.toString('hex'), '131056e598');
  assert.equal(config.audio.sbr, true);
});

test('an element that repeats a configuration nobody has seen gives nothing', () => {
  assert.equal(readLatmAudioMuxElement(hex('8002 1122'), undefined), undefined);
  assert.equal(readLatmAudioMuxElement(Buffer.alloc(0), undefined), undefined);
});
