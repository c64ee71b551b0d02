import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/helpers/ffmpeg-sync.ts';
import { parseJpeg } from '../rtp/jpeg-parts.ts';
import { withTypicalHuffmanTables } from './jpeg-huffman.ts';

/** What ffmpeg decodes of a JPEG, as a checksum. */
const pixels = (jpeg: Buffer): string =>
  ffmpeg('-f mjpeg -i pipe:0 -f framecrc -', jpeg).toString().split(',').at(-1)!;

test('other tables, the same pixels', () => {
  const jpeg = ffmpeg(
    '-f lavfi -i testsrc2=size=328x248 -frames:v 1 -pix_fmt yuvj420p -q:v 3 -huffman optimal -threads 1 -slices 1 -f mjpeg -',
  );
  assert.equal(parseJpeg(jpeg), undefined, 'its own tables');
  const recoded = withTypicalHuffmanTables(jpeg)!;
  assert.ok(parseJpeg(recoded));
  assert.equal(pixels(recoded), pixels(jpeg));
});

for (const pixelFormat of ['yuvj420p', 'yuvj422p', 'yuvj444p']) {
  test(`${pixelFormat} with restart markers and typical tables stays as it is`, () => {
    const jpeg = ffmpeg(
      `-f lavfi -i testsrc2=size=328x248 -frames:v 1 -pix_fmt ${pixelFormat} -q:v 3 -huffman default -threads 1 -slices 8 -f mjpeg -`,
    );
    assert.ok(jpeg.includes('ffdd0004', 0, 'hex'), 'has a restart interval');
    const scan = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf('ffda000c', 0, 'hex'));
    assert.deepEqual(scan(withTypicalHuffmanTables(jpeg)!), scan(jpeg));
  });
}

test('refuses what is cut short, corrupt or not baseline', () => {
  const jpeg = ffmpeg(
    '-f lavfi -i testsrc2=size=64x48 -frames:v 1 -pix_fmt yuvj420p -huffman optimal -f mjpeg -',
  );
  assert.ok(withTypicalHuffmanTables(jpeg));
  for (const length of [0, 2, 30, 200, jpeg.length - 300]) {
    assert.equal(withTypicalHuffmanTables(jpeg.subarray(0, length)), undefined);
  }
  const progressive = Buffer.from(jpeg);
  progressive[progressive.indexOf('ffc0', 0, 'hex') + 1] = 0xc2;
  assert.equal(withTypicalHuffmanTables(progressive), undefined);
});
