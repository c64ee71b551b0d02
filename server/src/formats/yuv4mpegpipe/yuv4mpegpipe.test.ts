/** Y4M in both directions, with ffmpeg on the other side. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { videoCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import type { Demuxer, Packet } from '../../core/model.ts';
import { createDemuxer } from './demuxer.ts';
import { createMuxer } from './output.ts';

function demux(bytes: Buffer, pieceBytes = 777): { demuxer: Demuxer; packets: Packet[] } {
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    demuxer.push(bytes.subarray(at, at + pieceBytes), (packet) => packets.push(packet));
  }
  return { demuxer, packets };
}

const FORMATS = [
  ...['gray', 'yuv420p', 'yuvj420p', 'yuv422p', 'yuv444p', 'yuv411p'],
  ...['yuv420p10le', 'yuv422p12le', 'yuv444p16le', 'gray10le'],
];

for (const pixels of FORMATS) {
  for (const size of ['64x48', '33x17']) {
    // ffmpeg 5 cuts half a sample off the chroma rows of these.
    if (size === '33x17' && /42\dp1/.test(pixels)) continue;
    test(`${pixels} ${size}: pictures of ffmpeg in, the same pictures out`, () => {
      const source = `-f lavfi -i testsrc2=size=64x48:rate=30000/1001 -vf scale=${size} -frames:v 4 -pix_fmt ${pixels}`;
      const bytes = ffmpeg(`${source} -strict -1 -f yuv4mpegpipe -`);
      const { demuxer, packets } = demux(bytes);
      const [track] = demuxer.tracks;
      assert.deepEqual(track!.codec, videoCodec('rawvideo', { ...sizeOf(size), pixelFormat: pixels }));
      assert.deepEqual(
        packets.map(({ pts }) => pts),
        [0, 3003, 6006, 9009],
      );
      const raw = ffmpeg(`${source} -f rawvideo -`);
      assert.ok(Buffer.concat(packets.map(({ data }) => data)).equals(raw));

      const muxer = createMuxer([track!]);
      const out = Buffer.concat([
        ...muxer.header,
        ...packets.flatMap((packet) => muxer.mux(packet)?.body ?? []),
      ]);
      assert.ok(ffmpeg(`-f yuv4mpegpipe -i - -f rawvideo -`, out).equals(raw));
      const [stream] = ffprobe('-f yuv4mpegpipe -show_streams', out).streams!;
      assert.deepEqual([stream!.width, stream!.height], Object.values(sizeOf(size)));
      assert.equal(stream!.pix_fmt, pixels.replace('yuvj', 'yuv'));
    });
  }
}

function sizeOf(text: string): { width: number; height: number } {
  const [width, height] = text.split('x').map(Number);
  return { width: width!, height: height! };
}

const picture = (value: number, bytes = 24): Buffer => Buffer.alloc(bytes, value);
const HEADER = 'YUV4MPEG2 W4 H4 F10:1\n';
const text = (...parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part)));

const STREAMS: readonly (readonly [name: string, bytes: Buffer, pictures: readonly number[]])[] = [
  ['parameters of a frame', text(HEADER, 'FRAME Ip XA=b\n', picture(1), 'FRAME\n', picture(2)), [1, 2]],
  ['junk between frames', text(HEADER, 'FRAME\n', picture(1), 'junk\nmore FRAME\n', picture(2)), [1, 2]],
  [
    'a picture that is cut short',
    text(HEADER, 'FRAME\n', picture(1, 10), 'FRAME\n', picture(2), 'FRAME\n', picture(3)),
    [1, 3],
  ],
  ['line feeds in the pictures', text(HEADER, 'FRAME\n', picture(10), 'FRAME\n', picture(10)), [10, 10]],
  [
    'a new header',
    text(HEADER, 'FRAME\n', picture(1), 'YUV4MPEG2 W2 H2 Cmono\nFRAME\n', picture(5, 4)),
    [1, 5],
  ],
  ['an end in the middle', text(HEADER, 'FRAME\n', picture(1), 'FRAME\n', picture(2, 20)), [1]],
  ['an unknown rate', text('YUV4MPEG2 W4 H4 F0:0\nFRAME\n', picture(1), 'FRAME\n', picture(2)), [1, 2]],
];

for (const [name, bytes, pictures] of STREAMS) {
  for (const pieceBytes of [1, 1000]) {
    test(`${name}, in pieces of ${pieceBytes}`, () => {
      const { packets } = demux(bytes, pieceBytes);
      assert.deepEqual(
        packets.map(({ data }) => data[0]),
        pictures,
      );
      assert.ok(packets.every(({ dts }, at) => dts > (packets[at - 1]?.dts ?? -1)));
    });
  }
}

const REFUSED: readonly (readonly [line: string, message: RegExp])[] = [
  ['RIFF....', /no stream header/],
  ['YUV4MPEG2 W16', /without a size/],
  ['YUV4MPEG2 W-1 H5', /without a size/],
  ['YUV4MPEG2 W99999 H5', /99999x5/],
  ['YUV4MPEG2 W16384 H16384 C444', /frames of \d+ bytes/],
  ['YUV4MPEG2 W16 H16 Cnv12', /colour space nv12/],
  ['YUV4MPEG2 W16 H16 Cconstructor', /colour space constructor/],
];

for (const [line, message] of REFUSED) {
  test(`refused: ${line}`, () => {
    assert.throws(
      () => demux(Buffer.from(`${line}\n`)),
      (error) => error instanceof StreamError && message.test(error.message),
    );
  });
}

test('a pixel format that Y4M does not know is refused', () => {
  const codec = videoCodec('rawvideo', { width: 16, height: 16, pixelFormat: 'nv12' });
  assert.throws(() => createMuxer([{ id: 0, codec }]), { code: 'unsupported', message: /nv12/ });
});
