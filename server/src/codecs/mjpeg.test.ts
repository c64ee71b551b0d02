import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/helpers/ffmpeg-sync.ts';
import {
  findJpegEnd,
  JPEG_HUFFMAN_TABLES,
  mjpegCodec,
  parseJpegSize,
  splitJpegs,
  withHuffmanTables,
} from './mjpeg.ts';

const stream = ffmpeg(
  '-f lavfi -i testsrc2=size=322x182:rate=5 -frames:v 4 -c:v mjpeg -huffman default -q:v 3 -pix_fmt yuvj420p -f mjpeg -',
);
const { frames } = splitJpegs(stream);
const picture = frames[0]!;

const decode = (jpeg: Buffer) => ffmpeg('-xerror -f mjpeg -i - -f rawvideo -', jpeg);

/** The picture without its DHT segments. */
function withoutTables(jpeg: Buffer): Buffer {
  const parts = [jpeg.subarray(0, 2)];
  let at = 2;
  while (jpeg[at + 1] !== 0xda) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    if (jpeg[at + 1] !== 0xc4) parts.push(jpeg.subarray(at, end));
    at = end;
  }
  return Buffer.concat([...parts, jpeg.subarray(at)]);
}

/** The picture with another one as a thumbnail in an APP1 segment. */
function withThumbnail(jpeg: Buffer, thumbnail: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(thumbnail.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, thumbnail, jpeg.subarray(2)]);
}

test('a stream of FFmpeg is split into its pictures', () => {
  assert.equal(frames.length, 4);
  assert.ok(Buffer.concat(frames).equals(stream));
  for (const frame of frames) assert.equal(findJpegEnd(frame), frame.length);
});

test('size', () => {
  assert.deepEqual(parseJpegSize(picture), { width: 322, height: 182 });
  const codec = mjpegCodec(picture);
  assert.deepEqual([codec.width, codec.height], [322, 182]);
  assert.equal(parseJpegSize(picture.subarray(0, 20)), undefined);
  assert.equal(parseJpegSize(Buffer.alloc(0)), undefined);
});

test('Huffman tables are put into a picture without, which then decodes to the same', () => {
  const bare = withoutTables(picture);
  assert.equal(bare.indexOf(Buffer.from([0xff, 0xc4])), -1);
  const repaired = withHuffmanTables(bare);
  assert.equal(repaired.length, bare.length + JPEG_HUFFMAN_TABLES.length);
  assert.ok(decode(repaired).equals(decode(picture)));
  assert.equal(withHuffmanTables(picture), picture, 'nothing to do, nothing copied');
});

const SPLITS: readonly { name: string; data: Buffer; whole: Buffer[]; rest: number }[] = [
  {
    name: 'garbage in front and between',
    data: Buffer.concat([
      Buffer.from('--boundary\xff\r\n', 'latin1'),
      picture,
      Buffer.from('\0\0\xff'),
      picture,
    ]),
    whole: [picture, picture],
    rest: 0,
  },
  {
    name: 'a thumbnail within',
    data: Buffer.concat([withThumbnail(picture, frames[1]!), picture]),
    whole: [withThumbnail(picture, frames[1]!), picture],
    rest: 0,
  },
  {
    name: 'an end marker left out',
    data: Buffer.concat([picture.subarray(0, -2), picture]),
    whole: [picture.subarray(0, -2), picture],
    rest: 0,
  },
  {
    name: 'a last picture cut short',
    data: Buffer.concat([picture, picture.subarray(0, 500)]),
    whole: [picture],
    rest: 500,
  },
  {
    name: 'a start marker cut in two at the end',
    data: Buffer.concat([picture, Buffer.from([0, 0xff, 0xd8])]),
    whole: [picture],
    rest: 2,
  },
  { name: 'no picture', data: Buffer.alloc(100, 0xff), whole: [], rest: 2 },
];

for (const { name, data, whole, rest } of SPLITS) {
  test(`JPEGs in a row: ${name}`, () => {
    const split = splitJpegs(data);
    assert.deepEqual(
      split.frames.map((frame) => frame.length),
      whole.map((frame) => frame.length),
    );
    assert.deepEqual(split.frames, whole);
    assert.equal(split.rest.length, rest);
  });
}
