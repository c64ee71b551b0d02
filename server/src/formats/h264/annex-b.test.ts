/** H.264 and HEVC byte streams against what ffprobe finds in the same pictures as MP4. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { splitAnnexB } from '../../codecs/nal.ts';
import type { Demuxer, Packet } from '../../core/model.ts';
import { detectFormat } from '../byte-stream.ts';
import { createDemuxer as createHevcDemuxer } from '../hevc/demuxer.ts';
import { createDemuxer as createH264Demuxer } from './demuxer.ts';

const VIDEO = '-f lavfi -i testsrc2=size=320x240:rate=25 -t 2 -pix_fmt yuv420p';
const DEMUXERS = { h264: createH264Demuxer, hevc: createHevcDemuxer } as const;

function demux(
  name: keyof typeof DEMUXERS,
  bytes: Buffer,
  pieceBytes = 1000,
): { demuxer: Demuxer; packets: Packet[] } {
  const demuxer = DEMUXERS[name]();
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    demuxer.push(bytes.subarray(at, at + pieceBytes), (packet) => packets.push(packet));
  }
  demuxer.flush?.((packet) => packets.push(packet));
  return { demuxer, packets };
}

/** Places of the packets when they are ordered by pts. */
const shownOrder = (packets: readonly { readonly pts?: unknown }[]): number[] => {
  const sorted = [...packets.keys()].sort((a, b) => Number(packets[a]!.pts) - Number(packets[b]!.pts));
  return packets.map((_, index) => sorted.indexOf(index));
};

const X265 = '-c:v libx265 -preset ultrafast -x265-params log-level=none';
const STREAMS: readonly (readonly [name: string, codec: keyof typeof DEMUXERS, args: string])[] = [
  ['no B-frames', 'h264', '-c:v libx264 -preset ultrafast -g 25'],
  ['B-frames', 'h264', '-c:v libx264 -preset veryfast -bf 3 -b_strategy 0 -g 25'],
  [
    'B-pyramid',
    'h264',
    '-c:v libx264 -preset veryfast -bf 5 -b_strategy 0 -x264-params b-pyramid=normal -g 25',
  ],
  ['open GOP', 'h264', '-c:v libx264 -preset veryfast -bf 3 -b_strategy 0 -x264-params open-gop=1 -g 12'],
  ['interlaced', 'h264', '-c:v libx264 -preset veryfast -bf 2 -b_strategy 0 -x264-params tff=1 -g 25'],
  ['4:4:4', 'h264', '-c:v libx264 -preset veryfast -bf 2 -b_strategy 0 -pix_fmt yuv444p'],
  ['several slices', 'h264', '-c:v libx264 -preset veryfast -bf 2 -b_strategy 0 -x264-params slices=4'],
  ['no B-frames', 'hevc', `${X265}:bframes=0:keyint=25`],
  ['B-frames', 'hevc', `${X265}:bframes=4:b-adapt=0:keyint=25`],
  ['open GOP', 'hevc', `${X265}:bframes=4:b-adapt=0:keyint=10:open-gop=1`],
];

for (const [name, codec, args] of STREAMS) {
  test(`${codec}, ${name}: pictures, key pictures and the order in which they are shown`, () => {
    const bytes = ffmpeg(`${VIDEO} ${args} -f ${codec} -`);
    const { packets } = demux(codec, bytes);
    const expected = ffprobe(
      '-show_packets',
      ffmpeg(`${VIDEO} ${args} -movflags frag_keyframe+empty_moov -f mp4 -`),
    ).packets!;
    assert.equal(packets.length, 50);
    assert.deepEqual(
      packets.map(({ key }) => key),
      expected.map(({ flags }) => String(flags).startsWith('K')),
    );
    assert.deepEqual(shownOrder(packets), shownOrder(expected));
    assert.ok(packets.every(({ pts, dts }, at) => pts >= dts && dts > (packets[at - 1]?.dts ?? -1)));
    if (name === 'no B-frames') assert.ok(packets.every(({ pts, dts }) => pts === dts));
  });
}

const h264Type = (nal: Buffer): number => nal[0]! & 31;
const hevcType = (nal: Buffer): number => (nal[0]! >> 1) & 63;

/** NAL units with start codes of 3 bytes. */
const shortCodes = (bytes: Buffer): Buffer =>
  Buffer.concat(splitAnnexB(bytes).flatMap((nal) => [Buffer.from([0, 0, 1]), nal]));

const plain = ffmpeg(`${VIDEO} -c:v libx264 -preset ultrafast -g 25 -x264-params aud=1 -f h264 -`);

test('start codes of 3 bytes, pieces of one byte, zeros behind units', () => {
  const whole = demux('h264', plain).packets.map(({ data }) => data);
  assert.equal(whole.length, 50);
  assert.deepEqual(
    demux('h264', shortCodes(plain), 1).packets.map(({ data }) => data),
    whole,
  );
  const padded = Buffer.concat(
    splitAnnexB(plain).flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal, Buffer.alloc(5)]),
  );
  assert.deepEqual(
    demux('h264', padded).packets.map(({ data }) => data),
    whole,
  );
});

test('truncated, joined in the middle, with bytes that are no NAL unit', () => {
  const end = demux('h264', plain.subarray(0, -100)).packets;
  assert.equal(end.length, 50);
  const sps = splitAnnexB(plain).find((nal) => h264Type(nal) === 7)!;
  const offset = plain.lastIndexOf(sps);
  const joined = demux('h264', plain.subarray(offset - 2000)).packets;
  assert.equal(joined.length, 25);
  assert.ok(joined[0]!.key);
  const noisy = Buffer.concat([Buffer.from('garbage'), plain]);
  assert.equal(demux('h264', noisy).packets.length, 50);
});

const first = (bytes: Buffer, types: readonly number[], typeOf: (nal: Buffer) => number): Buffer => {
  const nals = splitAnnexB(bytes);
  const wanted = nals.filter((nal) => types.includes(typeOf(nal)));
  const rest = nals.filter((nal) => !types.includes(typeOf(nal)));
  return Buffer.concat([...wanted, ...rest].flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal]));
};

test('what a stream begins with does not hide what it is', () => {
  const hevc = ffmpeg(`${VIDEO} -frames:v 3 ${X265}:aud=1 -f hevc -`);
  assert.equal(detectFormat(plain)?.name, 'h264');
  assert.equal(detectFormat(hevc)?.name, 'hevc');
  for (const type of [6, 7, 8, 9, 5])
    assert.equal(detectFormat(first(plain, [type], h264Type))?.name, 'h264', `${type}`);
  for (const type of [32, 33, 34, 35, 39])
    assert.equal(detectFormat(first(hevc, [type], hevcType))?.name, 'hevc', `${type}`);
  assert.equal(detectFormat(shortCodes(hevc))?.name, 'hevc');
  assert.equal(detectFormat(Buffer.concat([Buffer.alloc(3), plain]))?.name, 'h264');
  assert.equal(detectFormat(ffmpeg(`${VIDEO} -frames:v 3 -c:v mpeg2video -f mpeg2video -`)), undefined);
  assert.equal(detectFormat(ffmpeg(`${VIDEO} -frames:v 3 -c:v mpeg4 -f m4v -`)), undefined);
});
