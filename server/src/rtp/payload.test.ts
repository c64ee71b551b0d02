/** Every payload format there and back: what is packetized comes out of the depacketizer as it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/helpers/ffmpeg-sync.ts';
import { aacCodec, buildAudioSpecificConfig } from '../codecs/aac.ts';
import { audioCodec, type Codec, sameCodec } from '../codecs/codec.ts';
import { h264Codec } from '../codecs/h264.ts';
import { hevcCodec } from '../codecs/hevc.ts';
import { mjpegCodec } from '../codecs/mjpeg.ts';
import { joinNals, splitAnnexB } from '../codecs/nal.ts';
import { opusCodec } from '../codecs/opus.ts';
import type { Packet } from '../core/model.ts';
import { packetLength, RtpBlockWriter } from './block.ts';
import { buildJpegHeader, type JpegFrame, quantizationOfQuality } from './jpeg-header.ts';
import { rtpMarker, rtpTimestamp } from './packet.ts';
import type { RtpFormat } from './payload.ts';
import { formatOfCodec, PAYLOAD_FORMATS, payloadFormatNamed, payloadFormatOf } from './payload-formats.ts';
import { RtpSender } from './sender.ts';

const clip = (codec: string, options: string): Buffer[] =>
  splitAnnexB(
    ffmpeg(`-f lavfi -i testsrc=size=640x360:rate=25 -frames:v 8 -pix_fmt yuv420p ${options} -f ${codec} -`),
  );
const h264Nals = clip('h264', '-c:v libx264 -g 4 -bf 0 -b:v 3M -preset ultrafast');
const hevcNals = clip(
  'hevc',
  '-c:v libx265 -x265-params log-level=none:keyint=4:bframes=0 -preset ultrafast -b:v 3M',
);

const h264Type = (nal: Buffer): number => nal[0]! & 31;
const hevcType = (nal: Buffer): number => (nal[0]! >> 1) & 63;
const pick = (nals: Buffer[], typeOf: (nal: Buffer) => number, type: number): Buffer[] =>
  nals.filter((nal) => typeOf(nal) === type).slice(0, 1);

/** One unit per slice NAL; every picture of these clips has one slice. */
const pictures = (
  nals: Buffer[],
  typeOf: (nal: Buffer) => number,
  isSlice: (type: number) => boolean,
): Buffer[] => nals.filter((nal) => isSlice(typeOf(nal))).map((nal) => joinNals([nal]));

/** Whole frames of 128 kbit/s. */
const mp3Frames = (rate: number): Buffer[] => {
  const bytes = ffmpeg(
    `-f lavfi -i sine=sample_rate=${rate} -t 0.5 -c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0 -f mp3 -`,
  );
  const frames: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const padding = (bytes[at + 2]! >> 1) & 1;
    const size = Math.floor(((rate < 32000 ? 72 : 144) * 128000) / rate) + padding;
    if (at + size <= bytes.length) frames.push(bytes.subarray(at, at + size));
    at += size;
  }
  return frames;
};
const samples = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7) & 0xff));
const jpeg = ffmpeg(
  '-f lavfi -i testsrc=size=640x360 -frames:v 1 -c:v mjpeg -huffman default -pix_fmt yuvj420p -f image2 -',
);
/** As our own depacketizer writes it, so that it comes back byte by byte. */
const madeJpeg = (fields: Partial<JpegFrame>): Buffer => {
  const frame = {
    width: 640,
    height: 360,
    subsampling: '4:2:2',
    precision: 0,
    restartInterval: 0,
    ...fields,
  } as const;
  const header = buildJpegHeader({ quantization: quantizationOfQuality(70), ...frame });
  return Buffer.concat([header, samples(5000), Buffer.from([0xff, 0xd9])]);
};

interface Sample {
  readonly name: string;
  readonly codec: Codec;
  readonly units: readonly Buffer[];
  /** What comes out, when it isn't what went in. */
  readonly back?: { readonly codec?: Codec; readonly units: readonly Buffer[] };
}

const aac = aacCodec(buildAudioSpecificConfig({ objectType: 2, sampleRate: 16000, channels: 1 }))!;

const SAMPLES: readonly Sample[] = [
  {
    name: 'h264',
    codec: h264Codec(pick(h264Nals, h264Type, 7), pick(h264Nals, h264Type, 8)),
    units: pictures(h264Nals, h264Type, (type) => type === 1 || type === 5),
  },
  {
    name: 'h264 with SEI and several slices',
    codec: h264Codec(pick(h264Nals, h264Type, 7), pick(h264Nals, h264Type, 8)),
    units: [
      joinNals([
        Buffer.from([6, 5, 1, 0, 0x80]),
        Buffer.from([0x65, ...samples(900)]),
        Buffer.from([0x65, ...samples(4000)]),
      ]),
    ],
  },
  {
    name: 'hevc',
    codec: hevcCodec(
      pick(hevcNals, hevcType, 32),
      pick(hevcNals, hevcType, 33),
      pick(hevcNals, hevcType, 34),
    ),
    units: pictures(hevcNals, hevcType, (type) => type < 32),
  },
  { name: 'aac', codec: aac, units: [samples(300), samples(1), samples(1400)] },
  { name: 'aac in parts', codec: aac, units: [samples(5000), samples(8191)] },
  { name: 'opus', codec: opusCodec(), units: [Buffer.from([0x78, 1, 2, 3]), Buffer.from([0x7c, 9])] },
  { name: 'mp3', codec: audioCodec('mp3', 44100), units: mp3Frames(44100) },
  { name: 'mp3 of MPEG-2', codec: audioCodec('mp3', 16000), units: mp3Frames(16000) },
  { name: 'pcm_alaw', codec: audioCodec('pcm_alaw', 8000), units: [samples(160), samples(1024)] },
  { name: 'pcm_mulaw', codec: audioCodec('pcm_mulaw', 16000, 2), units: [samples(320)] },
  { name: 'pcm_s16be', codec: audioCodec('pcm_s16be', 48000, 2), units: [samples(960)] },
  {
    name: 'pcm_s16le',
    codec: audioCodec('pcm_s16le', 16000),
    units: [samples(640)],
    back: { codec: audioCodec('pcm_s16be', 16000), units: [samples(640).swap16()] },
  },
  { name: 'g722', codec: audioCodec('adpcm_g722', 16000), units: [samples(160)] },
  { name: 'jpeg of ffmpeg', codec: mjpegCodec(jpeg), units: [jpeg, jpeg] },
  ...[{}, { restartInterval: 40 }, { width: 3840, height: 2160 }, { width: 2560, height: 1920 }].map(
    (fields) => {
      const unit = madeJpeg(fields);
      return { name: `jpeg ${JSON.stringify(fields)}`, codec: mjpegCodec(unit), units: [unit, unit] };
    },
  ),
];

interface Sent {
  readonly format: RtpFormat;
  readonly packets: readonly { payload: Buffer; timestamp: number; marker: boolean }[];
}

function send(codec: Codec, units: readonly Buffer[], packetSize: number, key = true): Sent {
  const format = formatOfCodec(codec, 96)!;
  const writer = new RtpBlockWriter();
  const sender = new RtpSender({ codec, format, writer, packetSize });
  for (const [index, data] of units.entries()) {
    const packet: Packet = {
      track: { id: 0, codec },
      data,
      pts: index * 3600,
      dts: index * 3600,
      duration: 0,
      key,
      time: 0,
    };
    sender.send(packet);
  }
  assert.equal(sender.refused, 0);
  const { bytes, offsets } = writer.take();
  return {
    format,
    packets: offsets.map((offset) => ({
      payload: bytes.subarray(offset + 16, offset + 4 + packetLength(bytes, offset)),
      timestamp: rtpTimestamp(bytes, offset + 4),
      marker: rtpMarker(bytes, offset + 4),
    })),
  };
}

interface Unit {
  readonly data: Buffer;
  readonly timestamp: number;
  readonly key: boolean;
  readonly codec: Codec | undefined;
}

function receive(
  { format, packets }: Sent,
  lose: (index: number) => boolean = () => false,
): { units: Unit[]; corrupt: number } {
  const units: Unit[] = [];
  const depacketizer = payloadFormatNamed(format.encoding)!.createDepacketizer(
    format,
    (data, timestamp, key) => units.push({ data, timestamp, key, codec: depacketizer.codec }),
  );
  const lent = Buffer.alloc(2048);
  for (const [index, { payload, timestamp, marker }] of packets.entries()) {
    if (lose(index)) {
      depacketizer.lost();
      continue;
    }
    payload.copy(lent, 5);
    depacketizer.push(lent, 5, 5 + payload.length, timestamp, marker);
    lent.fill(0xee);
  }
  return { units, corrupt: depacketizer.corrupt };
}

for (const { name, codec, units, back = { units } } of SAMPLES) {
  for (const packetSize of [1472, 300]) {
    if (codec.name.startsWith('pcm') && packetSize === 300) continue;
    test(`${name}, packets of ${packetSize} bytes`, () => {
      assert.ok(units.length > 0);
      const sent = send(codec, units, packetSize);
      for (const { payload } of sent.packets)
        assert.ok(payload.length > 0 && payload.length <= packetSize - 12);
      const received = receive(sent);
      assert.equal(received.corrupt, 0);
      assert.equal(received.units.length, back.units.length);
      for (const [index, unit] of received.units.entries()) {
        if (name === 'jpeg of ffmpeg') assert.ok(samePicture(unit.data, back.units[index]!));
        else assert.deepEqual(unit.data, back.units[index]);
        assert.ok(unit.codec && sameCodec(unit.codec, back.codec ?? codec));
      }
    });
  }
}

/** ffmpeg decodes both to the same pixels. */
function samePicture(a: Buffer, b: Buffer): boolean {
  const pixels = (data: Buffer): Buffer => ffmpeg('-f mjpeg -i pipe:0 -f rawvideo -', data);
  return pixels(a).equals(pixels(b));
}

test('every codec that is sent is in the table above, and its format can be read again', () => {
  const tested = new Set(SAMPLES.map(({ codec }) => codec.name));
  for (const payload of PAYLOAD_FORMATS) {
    if (
      payload.describe(SAMPLES.find(({ codec }) => codec.name === payload.codec)?.codec ?? aac, 96) ===
      undefined
    )
      continue;
    assert.ok(tested.has(payload.codec), payload.codec);
  }
});

test('PCM longer than a packet is split at whole samples, with timestamps that go on', () => {
  const { packets } = send(audioCodec('pcm_s16be', 8000, 2), [samples(1000)], 300);
  assert.deepEqual(
    packets.map(({ payload }) => payload.length),
    [288, 288, 288, 136],
  );
  assert.deepEqual(
    packets.map(({ timestamp }) => (timestamp - packets[0]!.timestamp) >>> 0),
    [0, 72, 144, 216],
  );
});

const video = SAMPLES.filter(({ name }) => name === 'h264' || name === 'hevc');

for (const { name, codec, units } of video) {
  test(`${name}: a unit that misses a packet is left out, the others are not`, () => {
    const sent = send(codec, units, 1000, false);
    const ends = sent.packets.flatMap(({ marker }, index) => (marker ? [index] : []));
    assert.equal(ends.length, units.length);
    for (let lost = 0; lost < sent.packets.length; lost++) {
      const { units: got } = receive(sent, (index) => index === lost);
      const missing = ends.findIndex((end) => lost <= end);
      const expected = units.filter((_, index) => index !== missing);
      const alone = lost === ends[missing] && (missing === 0 || lost === ends[missing - 1]! + 1);
      assert.deepEqual(
        got.map(({ data }) => data),
        expected,
        `packet ${lost}${alone ? ', a whole unit' : ''}`,
      );
    }
  });

  test(`${name}: parameter sets in band give the codec, and are no part of the unit`, () => {
    const sent = send(codec, units.slice(0, 2), 1000);
    const bare: RtpFormat = { ...sent.format, parameters: new Map() };
    assert.equal(payloadFormatOf(codec)!.createDepacketizer(bare, () => {}).codec, undefined);
    const { units: got } = receive({ ...sent, format: bare });
    assert.deepEqual(
      got.map(({ data }) => data),
      units.slice(0, 2),
    );
    assert.ok(sameCodec(got[0]!.codec!, codec));
    assert.equal(got[0]!.codec, got[1]!.codec, 'the same sets again are no new codec');
  });

  test(`${name}: without markers a unit ends where the timestamp changes`, () => {
    const sent = send(codec, units, 1000);
    const packets = sent.packets.map((packet) => ({ ...packet, marker: false }));
    const { units: got } = receive({ ...sent, packets });
    assert.deepEqual(
      got.map(({ data }) => data),
      units.slice(0, -1),
    );
  });

  test(`${name}: only key units are marked as such`, () => {
    const keys = receive(send(codec, units, 1400)).units.map(({ key }) => key);
    assert.equal(keys[0], true);
    assert.ok(keys.includes(false));
  });
}
