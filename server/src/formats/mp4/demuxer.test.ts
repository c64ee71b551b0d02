import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { makeClip } from '../../../../test/helpers/mp4-clip.ts';
import { videoCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import type { Demuxer, Packet } from '../../core/model.ts';
import { box, fullBox, u32 } from './boxes.ts';
import { createDemuxer } from './demuxer.ts';
import { initSegment } from './init.ts';
import { Mp4Muxer } from './muxer.ts';
import { PlaybackTime } from './playback-time.ts';

const VIDEO = '-f lavfi -i testsrc2=size=320x240:rate=25';
const AUDIO = '-f lavfi -i sine=frequency=440:sample_rate=48000';
const X264 = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25';
const B_FRAMES = '-c:v libx264 -preset veryfast -bf 3 -b_strategy 0 -pix_fmt yuv420p -g 25';
const X265 = '-c:v libx265 -preset ultrafast -x265-params keyint=25:log-level=none -pix_fmt yuv420p';
const LIVE = '-movflags frag_keyframe+empty_moov+default_base_moof';

/** Pushes the bytes in pieces of this size. */
function demux(bytes: Buffer, pieceBytes = 1000): { demuxer: Demuxer; packets: Packet[] } {
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    demuxer.push(bytes.subarray(at, at + pieceBytes), (packet) => packets.push(packet));
  }
  demuxer.flush?.((packet) => packets.push(packet));
  return { demuxer, packets };
}

const CASES: readonly (readonly [name: string, args: string])[] = [
  ['a fragment a key frame', `${VIDEO} ${AUDIO} -t 3 ${X264} -c:a aac ${LIVE}`],
  ['B-frames', `${VIDEO} ${AUDIO} -t 3 ${B_FRAMES} -c:a aac ${LIVE}`],
  ['B-frames with an edit list', `${VIDEO} -t 3 ${B_FRAMES} ${LIVE}+delay_moov`],
  ['negative composition offsets', `${VIDEO} -t 3 ${B_FRAMES} ${LIVE}+negative_cts_offsets`],
  [
    'a fragment a frame',
    `${VIDEO} ${AUDIO} -t 2 ${B_FRAMES} -c:a aac -movflags frag_every_frame+empty_moov+default_base_moof`,
  ],
  [
    'positions from the start of the file',
    `${VIDEO} ${AUDIO} -t 2 ${X264} -c:a aac -movflags frag_keyframe+empty_moov`,
  ],
  [
    'positions left out',
    `${VIDEO} ${AUDIO} -t 2 ${X264} -c:a aac -movflags frag_keyframe+empty_moov+omit_tfhd_offset`,
  ],
  ['a moof a track', `${VIDEO} ${AUDIO} -t 2 ${X264} -c:a aac ${LIVE}+separate_moof`],
  [
    'CMAF with an index',
    `${VIDEO} ${AUDIO} -t 2 ${B_FRAMES} -c:a aac -movflags cmaf+frag_keyframe+dash+global_sidx+delay_moov`,
  ],
  [
    'the first fragment in the movie header',
    `${VIDEO} ${AUDIO} -t 3 ${X264} -c:a aac -movflags frag_keyframe`,
  ],
  ['hevc', `${VIDEO} ${AUDIO} -t 2 ${X265} -c:a libopus ${LIVE}`],
  ['hev1', `${VIDEO} -t 2 ${X265} -tag:v hev1 ${LIVE}`],
  ['flac', `${VIDEO} ${AUDIO} -t 2 ${X264} -c:a flac -strict -2 ${LIVE}`],
  ['mp3', `${VIDEO} ${AUDIO} -t 2 ${X264} -c:a libmp3lame ${LIVE}`],
  ['vp9', `${VIDEO} -t 1 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 ${LIVE}`],
  [
    'av1',
    `-f lavfi -i testsrc2=size=128x96:rate=25 -frames:v 5 -c:v libaom-av1 -usage realtime -cpu-used 8 -strict -2 ${LIVE}`,
  ],
  ['mjpeg', `${VIDEO} -t 1 -c:v mjpeg -pix_fmt yuvj420p ${LIVE}`],
];

for (const [name, args] of CASES) {
  test(`ffmpeg, ${name}: the packets are those that ffprobe finds`, () => {
    compare(ffmpeg(`${args} -f mp4 -`), /negative|cmaf/.test(args));
  });
}

/** Each track's packets, by pts, dts and size, are ffprobe's; dts never falls, tracks run beside each other. */
function compare(bytes: Buffer, negative = false): void {
  const { demuxer, packets } = demux(bytes);
  const { streams = [], packets: probed = [] } = ffprobe('-show_streams -show_packets', bytes);
  assert.equal(demuxer.ready, true);
  assert.deepEqual(
    demuxer.tracks.map(({ codec }) => codec.name),
    streams.map(({ codec_name }) => codec_name),
  );
  streams.forEach((stream, index) => {
    const { timeBase } = demuxer.tracks[index]!.codec;
    const timescale = Number(String(stream.time_base).split('/')[1]);
    const scaled = (value: unknown): number => Math.round((Number(value) * timeBase) / timescale);
    const expected = probed.filter(({ stream_index }) => stream_index === index);
    const found = packets.filter(({ track }) => track.id === index);
    // ffmpeg delays the picture of files with negative offsets by the depth of the disorder; the standard does not.
    const delay = negative && stream.codec_type === 'video' ? scaled(expected[0]!.pts) : 0;
    assert.deepEqual(
      found.map(({ pts, data, key }) => `${pts} ${data.length} ${key}`),
      expected.map(
        ({ pts, size, flags }) => `${scaled(pts) - delay} ${size} ${String(flags).startsWith('K')}`,
      ),
    );
    assert.ok(found.every(({ pts, dts }, at) => pts >= dts && dts >= (found[at - 1]?.dts ?? dts)));
  });
}

for (const [name, args] of [
  ['B-frames and aac', `${VIDEO} ${AUDIO} -t 2 ${B_FRAMES} -c:a aac`],
  ['hevc', `${VIDEO} -t 1 ${X265}`],
]) {
  test(`ffmpeg, the index in front, ${name}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'porthole-mp4-'));
    t.after(() => rm(folder, { recursive: true }));
    ffmpeg(`${args} -movflags faststart ${folder}/clip.mp4`);
    compare(await readFile(`${folder}/clip.mp4`));
  });
}

for (const [codec, movflags] of [
  ['pcm_s16le', 'frag_keyframe+empty_moov'],
  ['pcm_alaw', 'frag_keyframe+empty_moov'],
  ['pcm_s16be', 'faststart'],
  ['pcm_mulaw', 'faststart'],
]) {
  test(`${codec}, ${movflags}: every sample, in packets of a sensible size`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'porthole-mov-'));
    t.after(() => rm(folder, { recursive: true }));
    ffmpeg(`${AUDIO} -t 1 -c:a ${codec} -movflags ${movflags} ${folder}/clip.mov`);
    const { demuxer, packets } = demux(await readFile(`${folder}/clip.mov`));
    assert.equal(demuxer.tracks[0]!.codec.name, codec);
    const sampleBytes = codec!.startsWith('pcm_s16') ? 2 : 1;
    assert.ok(packets.every(({ data }) => data.length <= 4096));
    let end = 0;
    for (const { pts, duration, data } of packets) {
      assert.equal(pts, end);
      assert.equal(duration, data.length / sampleBytes);
      end += duration;
    }
    assert.equal(end, 48000);
  });
}

test('what our own muxer makes: the same packets again', async () => {
  const clip = await makeClip(...`${VIDEO} ${AUDIO} -t 2 ${B_FRAMES} -c:a aac`.split(' '));
  const muxer = new Mp4Muxer(clip.tracks);
  const time = new PlaybackTime();
  const bytes: Buffer[] = [...muxer.header];
  for (const packet of clip.packets) {
    const chunk = muxer.mux(packet);
    const head = chunk && time.stamp(chunk);
    if (head) bytes.push(head, ...chunk.body);
  }
  const { packets, demuxer } = demux(Buffer.concat(bytes));
  const video = (list: readonly Packet[]): Packet[] =>
    list.filter(({ track }) => track.codec.kind === 'video');
  assert.deepEqual(
    video(packets).map(({ data }) => data),
    video(clip.packets).map(({ data }) => data),
  );
  const offsets = (list: readonly Packet[]): number[] => video(list).map(({ pts, dts }) => pts - dts);
  assert.deepEqual(offsets(packets), offsets(clip.packets));
  assert.deepEqual(
    demuxer.tracks.map(({ codec }) => codec),
    clip.tracks.map(({ codec }) => codec),
  );
});

test('a sample is written with its last byte, not with the end of its fragment', () => {
  const bytes = ffmpeg(`${VIDEO} -t 2 ${X264} -movflags frag_keyframe+empty_moov+default_base_moof -f mp4 -`);
  const whole = demux(bytes).packets;
  const demuxer = createDemuxer();
  let count = 0;
  for (let at = 0; at < bytes.length; at++) {
    demuxer.push(bytes.subarray(at, at + 1), ({ data }) => {
      assert.ok(bytes.subarray(at + 1 - data.length, at + 1).equals(data));
      count++;
    });
  }
  assert.equal(count, whole.length);
});

test('a second movie header in mid-stream: the same ids, other codecs', () => {
  const small = ffmpeg(`${VIDEO} ${AUDIO} -t 1 ${X264} -c:a aac ${LIVE} -f mp4 -`);
  const large = ffmpeg(
    `-f lavfi -i testsrc2=size=640x480:rate=25 ${AUDIO} -t 1 ${X264} -c:a aac ${LIVE} -f mp4 -`,
  );
  const { packets } = demux(Buffer.concat([small, large, large]));
  const sizes = packets
    .map(({ track }) => track)
    .filter(({ codec }, at, all) => codec.kind === 'video' && all.indexOf(all[at]!) === at)
    .map(({ id, codec }) => [id, codec.kind === 'video' && codec.width]);
  assert.deepEqual(sizes, [
    [0, 320],
    [0, 640],
  ]);
  assert.equal(packets.filter(({ track }) => track.codec.kind === 'video').length, 75);
});

test('parameter sets in the samples alone (avc3)', () => {
  const normal = ffmpeg(`${VIDEO} -t 1 ${X264} -bsf:v dump_extra ${LIVE} -f mp4 -`);
  // The sets of avcC are taken away: 31 becomes a count of 0.
  const bytes = Buffer.from(normal);
  const at = bytes.indexOf('avcC');
  bytes.write('avc3', bytes.indexOf('avc1', bytes.indexOf('stsd')), 'latin1');
  bytes[at + 4 + 5] = 0xe0;
  bytes[at + 4 + 6] = 0;
  const { demuxer, packets } = demux(bytes);
  assert.equal(packets.length, 25);
  assert.deepEqual(demuxer.tracks[0]!.codec, demux(normal).demuxer.tracks[0]!.codec);
});

test('a fragment whose beginning of the file was left out', () => {
  const bytes = ffmpeg(`${VIDEO} -t 3 ${X264} -movflags frag_keyframe+empty_moov -f mp4 -`);
  const [first, second] = [bytes.indexOf('moof') - 4, bytes.indexOf('moof', bytes.indexOf('moof') + 4) - 4];
  const joined = Buffer.concat([bytes.subarray(0, first), bytes.subarray(second)]);
  assert.equal(demux(joined).packets.length, 50);
});

test('bytes that are no box are passed over', () => {
  const bytes = ffmpeg(`${VIDEO} -t 3 ${X264} ${LIVE} -f mp4 -`);
  const second = bytes.indexOf('moof', bytes.indexOf('moof') + 4) - 4;
  const damaged = Buffer.concat([bytes.subarray(0, second), Buffer.alloc(777, 3), bytes.subarray(second)]);
  assert.equal(demux(damaged).packets.length, 75);
  const cut = Buffer.concat([bytes.subarray(0, second - 900), bytes.subarray(second)]);
  assert.ok(demux(cut).packets.length >= 25, 'the fragment behind the cut one');
});

const track = {
  id: 0,
  codec: videoCodec('h264', { width: 16, height: 16, extradata: Buffer.from('0142c00affe100', 'hex') }),
};
const movie = initSegment([
  { ...track, codec: { ...track.codec, extradata: Buffer.from('0142c00affe0000000', 'hex') } },
]);
const encrypted = Buffer.from(movie);
encrypted.write('encv', encrypted.indexOf('avc1', encrypted.indexOf('stsd')), 'latin1');
const other = Buffer.from(movie);
other.write('mp4s', other.indexOf('avc1', other.indexOf('stsd')), 'latin1');

const REFUSED: readonly (readonly [string, Buffer, RegExp])[] = [
  [
    'the index at the end',
    Buffer.concat([box('ftyp', u32(0)), box('mdat', Buffer.alloc(100))]),
    /index .* behind/,
  ],
  [
    'fragments without a header',
    Buffer.concat([box('styp'), box('moof', fullBox('mfhd', 0, 0, u32(1)))]),
    /without a movie header/,
  ],
  ['encrypted', encrypted, /encrypted media \(encv\)/],
  ['a codec that we do not know', other, /no track that is known \(mp4s\)/],
  ['a movie header of 2 GB', Buffer.concat([u32(0x7fffffff), Buffer.from('moov')]), /moov of \d+ bytes/],
];

for (const [name, bytes, message] of REFUSED) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => demux(bytes),
      (error) => error instanceof StreamError && message.test(error.message),
    );
  });
}

test('a run of four billion samples costs nothing', () => {
  const trun = fullBox('trun', 0, 0, u32(0xffffffff));
  const tfhd = fullBox('tfhd', 0, 0x20010, u32(1, 4));
  const moof = box('moof', box('traf', tfhd, trun));
  const startMs = performance.now();
  demux(Buffer.concat([movie, moof, box('mdat', Buffer.alloc(1000))]));
  assert.ok(performance.now() - startMs < 2000);
});
