import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { completeJpeg } from './complete.ts';

let whole: Buffer;

before(() => {
  whole = ffmpeg('-f lavfi -i testsrc2=size=64x48 -frames:v 1 -c:v mjpeg -huffman default -f mjpeg -');
});

/** Leaves out the segments with these markers. */
function without(jpeg: Buffer, ...markers: readonly number[]): Buffer {
  const kept = [jpeg.subarray(0, 2)];
  let at = 2;
  while (jpeg[at + 1] !== 0xda) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    if (!markers.includes(jpeg[at + 1]!)) kept.push(jpeg.subarray(at, end));
    at = end;
  }
  return Buffer.concat([...kept, jpeg.subarray(at)]);
}

test('a whole file is given back as it is', () => assert.equal(completeJpeg(whole), whole));

test('a picture without tables and header becomes the same picture', () => {
  const bare = without(whole, 0xc4, 0xe0);
  const complete = completeJpeg(bare);
  assert.equal(complete.toString('latin1', 6, 10), 'JFIF');
  const pixels = (jpeg: Buffer): Buffer => ffmpeg('-f mjpeg -i pipe:0 -f rawvideo -', jpeg);
  assert.ok(pixels(complete).equals(pixels(whole)));
  assert.equal(ffprobe('-f mjpeg -show_streams', complete).streams?.[0]?.width, 64);
});

test('Exif is a header too', () => {
  const exif = Buffer.from('ffe1000845786966 0000'.replace(' ', ''), 'hex');
  const bare = without(whole, 0xe0);
  const named = Buffer.concat([bare.subarray(0, 2), exif, bare.subarray(2)]);
  assert.equal(completeJpeg(named), named);
});

test('bytes that are no JPEG pass', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from([0xff]), Buffer.from('no picture')]) completeJpeg(bytes);
});
