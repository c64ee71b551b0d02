import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/helpers/ffmpeg-sync.ts';
import { frameLayout } from './rawvideo.ts';

for (const format of [
  ...['gray', 'gray10le', 'yuv420p', 'yuvj420p', 'yuv422p', 'yuv440p', 'yuv411p', 'yuv444p', 'yuva444p'],
  ...['yuv420p10le', 'yuv422p12le', 'yuv444p16le'],
]) {
  for (const [width, height] of [
    [64, 48],
    [33, 17],
  ] as const) {
    test(`${format} ${width}x${height} is as long as ffmpeg's frames`, () => {
      const frame = ffmpeg(
        `-f lavfi -i testsrc2=size=64x48 -vf scale=${width}:${height} -frames:v 1 -pix_fmt ${format} -f rawvideo -`,
      );
      assert.equal(frameLayout(format, width, height)?.bytes, frame.length);
    });
  }
}

test('what is not planar, or big-endian, has no layout', () => {
  for (const format of [
    'nv12',
    'rgb24',
    'yuyv422',
    'yuv420p10be',
    'yuv420p10',
    'yuv420ple',
    'yuv499p',
    'grayle',
    '',
  ]) {
    assert.equal(frameLayout(format, 16, 16), undefined, format);
  }
});
