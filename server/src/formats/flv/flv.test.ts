import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  type Clip,
  decode,
  makeClip,
  probe,
  TEST_AUDIO,
  TEST_VIDEO,
} from '../../../../test/helpers/mp4-clip.ts';
import { runOk } from '../../../../test/helpers/run.ts';
import { audioCodec, sameCodec } from '../../codecs/codec.ts';
import { parseAvcC } from '../../codecs/h264.ts';
import { joinNals, splitLengthPrefixed } from '../../codecs/nal.ts';
import type { Muxer, Packet, Track } from '../../core/model.ts';
import { decodeAmf0 } from './amf0.ts';
import { createDemuxer } from './demuxer.ts';
import { encodeMetadata } from './metadata.ts';
import { createFlvMuxer } from './muxer.ts';
import { createOutput } from './output.ts';
import { parseVideoTag } from './tag.ts';
import { TagClock } from './tag-muxer.ts';
import { TagReader } from './tag-reader.ts';

const SECONDS = ['-t', '2'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25'];
const X265 = 'keyint=25:log-level=none';
const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', X265, '-tag:v', 'hvc1'];

interface Case {
  readonly name: string;
  readonly words: readonly string[];
  /** FFmpeg 5.1 reads it. */
  readonly judged: boolean;
}

/** The twins' one table: what the muxer writes, the demuxer reads. */
const CASES: readonly Case[] = [
  { name: 'h264', words: [...TEST_VIDEO, ...SECONDS, ...H264], judged: true },
  { name: 'h264 with B-frames', words: [...TEST_VIDEO, ...SECONDS, ...H264, '-bf', '2'], judged: true },
  {
    name: 'h264 and aac',
    words: [...TEST_VIDEO, ...TEST_AUDIO, ...SECONDS, ...H264, '-bf', '2', '-c:a', 'aac'],
    judged: true,
  },
  { name: 'hevc', words: [...TEST_VIDEO, ...SECONDS, ...HEVC, '-bf', '2'], judged: false },
  {
    name: 'hevc without B-frames, and opus',
    words: [...TEST_VIDEO, ...TEST_AUDIO, ...SECONDS, ...HEVC, '-bf', '0', '-c:a', 'libopus'],
    judged: false,
  },
  {
    name: 'av1',
    words: [...TEST_VIDEO, '-t', '1', '-c:v', 'libaom-av1', '-cpu-used', '8', '-g', '25'],
    judged: false,
  },
  { name: 'aac', words: [...TEST_AUDIO, ...SECONDS, '-c:a', 'aac'], judged: true },
  { name: 'mp3', words: [...TEST_AUDIO, ...SECONDS, '-c:a', 'libmp3lame', '-ar', '44100'], judged: true },
];

function mux(muxer: Muxer, packets: readonly Packet[]): Buffer {
  return Buffer.concat(packets.flatMap((packet) => muxer.mux(packet)?.body ?? []));
}

/** In pieces of this many bytes. */
function demux(file: Buffer, step = 1000): { tracks: readonly Track[]; packets: Packet[] } {
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  for (let at = 0; at < file.length; at += step)
    demuxer.push(file.subarray(at, at + step), (packet) => packets.push(packet));
  return { tracks: demuxer.tracks, packets };
}

const ofTrack = (packets: readonly Packet[], { id }: Track): Packet[] =>
  packets.filter(({ track }) => track.id === id);

for (const { name, words, judged } of CASES) {
  describe(name, () => {
    let clip: Clip;
    let file: Buffer;
    before(async () => {
      clip = await makeClip(...words);
      const muxer = createFlvMuxer(clip.tracks, new TagClock());
      file = Buffer.concat([...muxer.header, mux(muxer, clip.packets)]);
    });

    test('comes out of the demuxer as it went into the muxer', () => {
      for (const step of [1, 7, 100_000]) {
        const { tracks, packets } = demux(file, step);
        assert.equal(tracks.length, clip.tracks.length);
        for (const [index, track] of clip.tracks.entries()) {
          const there = ofTrack(packets, tracks[index]!);
          const here = ofTrack(clip.packets, track);
          const codec = tracks[index]!.codec;
          assert.equal(codec.name, track.codec.name);
          if (codec.name === 'aac' || codec.name === 'h264') assert.ok(sameCodec(codec, track.codec));
          // The last audio waits for video that does not come.
          assert.ok(there.length >= here.length - 4 && there.length <= here.length, `${there.length}`);
          const first = here[0]!;
          for (const [n, packet] of there.entries()) {
            const sent = here[n]!;
            assert.equal(packet.key, sent.key);
            if (codec.kind === 'audio') assert.deepEqual(packet.data, sent.data);
            const tolerance = codec.timeBase * 0.0021;
            assert.ok(Math.abs(packet.dts - there[0]!.dts - (sent.dts - first.dts)) <= tolerance);
            assert.ok(Math.abs(packet.pts - packet.dts - (sent.pts - sent.dts)) <= tolerance);
          }
        }
      }
    });

    if (!judged) return;
    test('is decoded by ffmpeg without a complaint', async () => {
      const { packets } = await probe(file);
      const last = new Map<number, number>();
      for (const { stream_index, dts } of packets) {
        assert.ok(dts >= (last.get(stream_index) ?? -1), `dts ${dts} after ${last.get(stream_index)}`);
        last.set(stream_index, dts);
      }
      for (const [index, track] of clip.tracks.entries()) {
        const frames = await decode(file, track.codec.kind === 'video' ? 'v:0' : 'a:0');
        assert.ok(frames.length >= ofTrack(clip.packets, clip.tracks[index]!).length - 5, `${frames.length}`);
      }
    });
  });
}

test('packet data passes by reference', async () => {
  const { tracks, packets } = await makeClip(...TEST_VIDEO, '-t', '0.2', ...H264);
  const muxer = createFlvMuxer(tracks, new TagClock());
  for (const packet of packets) assert.ok(muxer.mux(packet)?.body.includes(packet.data));
});

test('what ffmpeg writes, with its metadata: both tracks, B-frames in place', async () => {
  const words = ['-v', 'error', ...TEST_VIDEO, ...TEST_AUDIO, ...SECONDS, ...H264, '-bf', '2'];
  const file = await runOk('ffmpeg', [...words, '-c:a', 'aac', '-ac', '2', '-f', 'flv', 'pipe:1']);
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  demuxer.push(file, (packet) => packets.push(packet));
  assert.ok(demuxer.ready);
  const [video, audio] = demuxer.tracks as [Track, Track];
  assert.equal(video.codec.kind === 'video' && video.codec.width, 320);
  assert.equal(audio.codec.kind === 'audio' && audio.codec.channels, 2);
  const pictures = ofTrack(packets, video);
  assert.equal(pictures.length, 50);
  assert.equal(pictures.filter(({ key }) => key).length, 2);
  assert.deepEqual(
    pictures
      .map(({ pts }) => pts)
      .sort((a, b) => a - b)
      .map((pts, n, all) => (n > 0 ? pts - all[n - 1]! : 3600)),
    Array(50).fill(3600),
  );
  const frames = ofTrack(packets, audio);
  assert.ok(frames.slice(1).every(({ dts }, n) => dts - frames[n]!.dts === 1024));
});

test('video alone, as its metadata says, is ready without audio', async () => {
  const words = ['-v', 'error', ...TEST_VIDEO, '-t', '0.2', ...H264, '-f', 'flv', 'pipe:1'];
  const demuxer = createDemuxer();
  demuxer.push(await runOk('ffmpeg', words), () => {});
  assert.ok(demuxer.ready);
});

for (const [codec, format] of [
  ['pcm_alaw', 7],
  ['pcm_mulaw', 8],
] as const) {
  test(`${codec}: format ${format}, there and back`, () => {
    const track: Track = { id: 3, codec: audioCodec(codec, 8000) };
    const muxer = createFlvMuxer([track], new TagClock());
    const packet = (n: number): Packet => ({
      ...{ track, data: Buffer.alloc(800, n), pts: 800 * n, dts: 800 * n, duration: 800, key: true, time: 0 },
    });
    const file = Buffer.concat([...muxer.header, mux(muxer, [packet(0), packet(1), packet(2)])]);
    const { tracks, packets } = demux(file);
    assert.deepEqual(
      tracks.map((known) => known.codec.name),
      [codec],
    );
    assert.deepEqual(
      packets.map(({ dts }) => dts),
      [0, 800].concat(packets.length > 2 ? 1600 : []),
    );
  });
}

test('hevc as codec 12, the Chinese way', async () => {
  const clip = await makeClip(...TEST_VIDEO, '-t', '1', ...HEVC, '-bf', '2');
  const [track] = clip.tracks as [Track];
  const asTag = (type: number, ms: number, body: Buffer): Buffer => {
    const bytes = Buffer.alloc(15 + body.length);
    bytes[4] = 9;
    bytes.writeUIntBE(body.length, 5, 3);
    bytes.writeUIntBE(ms, 8, 3);
    body.copy(bytes, 15);
    assert.equal(type, 9);
    return bytes;
  };
  const head = (key: boolean, type: number, ms: number): Buffer =>
    Buffer.from([key ? 0x1c : 0x2c, type, (ms >> 16) & 255, (ms >> 8) & 255, ms & 255]);
  const first = clip.packets[0]!.dts;
  const tags = clip.packets.map(({ data, key, dts, pts }) =>
    asTag(9, (dts - first) / 90, Buffer.concat([head(key, 1, (pts - dts) / 90), data])),
  );
  const config = asTag(9, 0, Buffer.concat([head(true, 0, 0), track.codec.extradata!]));
  const { tracks, packets } = demux(
    Buffer.concat([Buffer.from('464c56010100000009', 'hex'), config, ...tags]),
  );
  assert.equal(tracks[0]?.codec.name, 'hevc');
  assert.deepEqual(
    packets.map(({ dts, pts }) => [dts, pts]),
    clip.packets.map(({ dts, pts }) => [dts - first, pts - first]),
  );
});

test('a new sequence header makes a new Track of the same id; the continuation tells viewers of it', async () => {
  const small = await makeClip(...TEST_VIDEO, '-t', '1', ...H264);
  const large = await makeClip(...TEST_VIDEO, '-t', '1', '-s', '640x480', ...H264);
  const output = createOutput(new URLSearchParams());
  const first = output.createMuxer(small.tracks);
  const shifted = large.packets.map((packet) => ({
    ...packet,
    dts: packet.dts + 90000,
    pts: packet.pts + 90000,
  }));
  const before = mux(first, small.packets);
  const second = output.createMuxer(large.tracks);
  const file = Buffer.concat([...first.header, before, ...second.continuation!, mux(second, shifted)]);
  const { packets } = demux(file);
  assert.deepEqual([...new Set(packets.map(({ track }) => track.id))], [0]);
  const sizes = packets.map(({ track: { codec } }) => (codec.kind === 'video' ? codec.width : 0));
  assert.deepEqual([sizes[0], sizes.at(-1), new Set(packets.map(({ track }) => track)).size], [320, 640, 2]);
  assert.ok(packets.every(({ dts }, n) => n === 0 || dts > packets[n - 1]!.dts));
  const shown = new Set(await decode(file, 'v:0'));
  assert.deepEqual([...shown], ['320x240', '640x480']);
});

test('times wrap after 49 days, on both sides', async () => {
  const { tracks, packets } = await makeClip(...TEST_VIDEO, '-t', '1', ...H264);
  const clock = new TagClock();
  const muxer = createFlvMuxer(tracks, clock);
  const start: Packet = { ...packets[0]!, dts: packets[0]!.dts - (2 ** 32 - 400) * 90 };
  clock.stamp(start);
  const { packets: read } = demux(Buffer.concat([...muxer.header, mux(muxer, packets)]));
  assert.equal(read.length, packets.length);
  assert.ok(read.every(({ dts }, n) => n === 0 || dts - read[n - 1]!.dts === 3600));
});

test('a tag whose head is damaged costs a few pictures, not the rest', async () => {
  const { tracks, packets } = await makeClip(...TEST_VIDEO, '-t', '2', ...H264);
  const muxer = createFlvMuxer(tracks, new TagClock());
  const pieces = packets.map((packet) => Buffer.concat(muxer.mux(packet)!.body));
  for (const [at, value] of [
    [0, 0x55],
    [2, 0xff],
    [3, 0x00],
  ] as const) {
    const damaged = pieces.map((piece) => Buffer.from(piece));
    damaged[10]![at] = value;
    const read = demux(Buffer.concat([...muxer.header, ...damaged])).packets;
    assert.ok(read.length >= 25 && read.length < 50, `${read.length} pictures`);
    assert.equal(read.at(-1)?.data.equals(packets.at(-1)!.data), true);
  }
  const garbage = Buffer.concat([...muxer.header, Buffer.alloc(5 << 20, 0x55)]);
  assert.throws(() => demux(garbage, 100_000), /no tags any more/);
});

test('parameter sets in tags of their own, without a sequence header', async () => {
  const { tracks, packets } = await makeClip(...TEST_VIDEO, '-t', '1', ...H264);
  const { sps, pps } = parseAvcC(tracks[0]!.codec.extradata!)!;
  const reader = new TagReader();
  const read: Packet[] = [];
  const push = (ms: number, data: Buffer): void =>
    reader.push(9, ms, Buffer.concat([Buffer.from([0x17, 1, 0, 0, 0]), data]), (packet) => read.push(packet));
  push(0, joinNals([...sps, ...pps]));
  for (const [n, { data }] of packets.entries()) push(40 * n, data);
  assert.deepEqual([read.length, reader.corrupt], [packets.length, 0]);
  assert.ok(sameCodec(reader.tracks[0]!.codec, tracks[0]!.codec));
  push(2000, Buffer.from('000000ff658884', 'hex'));
  assert.equal(reader.corrupt, 1);
  push(
    2040,
    Buffer.concat(splitLengthPrefixed(packets[0]!.data).flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal])),
  );
  assert.deepEqual(read.at(-1)?.data, packets[0]!.data);
});

test('metadata survives the way through AMF0', () => {
  const codecs = [audioCodec('pcm_alaw', 8000)];
  const [name, metadata] = decodeAmf0(encodeMetadata(codecs));
  assert.equal(name, 'onMetaData');
  assert.deepEqual(
    { ...(metadata as object) },
    {
      ...{ audiocodecid: 7, audiosamplerate: 8000, audiosamplesize: 16, stereo: false, encoder: 'porthole' },
    },
  );
});

test('enhanced tags behind a modifier, and for many tracks', () => {
  const plain = Buffer.from([0x93, ...Buffer.from('hvc1'), 1, 2, 3]);
  const modified = Buffer.from([0x97, 2, 0, 0, 1, 0x03, ...Buffer.from('hvc1'), 1, 2, 3]);
  const many = Buffer.from([0x96, 0x13, ...Buffer.from('hvc1'), 1, 0, 0, 1, 9, 0, 0, 0, 3, 1, 2, 3]);
  for (const body of [plain, modified, many]) {
    const tag = parseVideoTag(body)!;
    assert.deepEqual([tag.codec, tag.kind, tag.key], ['hevc', 'frames', true]);
    assert.deepEqual([...body.subarray(tag.start, tag.end)], [1, 2, 3]);
  }
});
