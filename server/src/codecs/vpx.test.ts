import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../test/helpers/ffmpeg-sync.ts';
import { ivfFrames } from '../../../test/helpers/ivf.ts';
import { boxContent } from '../../../test/helpers/mp4.ts';
import { isVp8Key, isVp9Key, vp8Codec, vp9Codec, vp9CodecString } from './vpx.ts';

const encode = (options: string) =>
  ffmpeg(
    `-f lavfi -i testsrc2=size=322x182:rate=25 -frames:v 12 -g 5 -deadline realtime -cpu-used 8 ${options} -f ivf -`,
  );

const flagsOf = (ivf: Buffer) =>
  ffprobe('-f ivf -show_packets', ivf)
    .packets!.map(({ flags }) => String(flags)[0])
    .join('');

test('VP8: key frames and size are those of FFmpeg', () => {
  const ivf = encode('-c:v libvpx');
  const frames = ivfFrames(ivf);
  assert.equal(frames.map((frame) => (isVp8Key(frame) ? 'K' : '_')).join(''), flagsOf(ivf));
  const codec = vp8Codec(frames[0]!)!;
  assert.deepEqual([codec.width, codec.height], [322, 182]);
  assert.equal(vp8Codec(frames[1]!), undefined);
});

const SAMPLES = [
  { name: 'profile 0', options: '-pix_fmt yuv420p', codecString: 'vp09.00.11.08' },
  { name: 'profile 1', options: '-pix_fmt yuv444p', codecString: 'vp09.01.11.08' },
  { name: 'profile 1, RGB', options: '-pix_fmt gbrp', codecString: 'vp09.01.11.08' },
  { name: 'profile 2', options: '-pix_fmt yuv420p10le', codecString: 'vp09.02.11.10' },
  { name: 'profile 3', options: '-pix_fmt yuv422p12le', codecString: 'vp09.03.11.12' },
];

for (const { name, options, codecString } of SAMPLES) {
  test(`VP9: key frames, size and vpcC are those of FFmpeg: ${name}`, () => {
    const ivf = encode(`-c:v libvpx-vp9 ${options}`);
    const frames = ivfFrames(ivf);
    assert.equal(frames.map((frame) => (isVp9Key(frame) ? 'K' : '_')).join(''), flagsOf(ivf));
    const codec = vp9Codec(frames[0]!)!;
    assert.deepEqual([codec.width, codec.height], [322, 182]);
    assert.equal(vp9CodecString(codec), codecString);
    const theirs = boxContent(
      ffmpeg('-f ivf -i - -c copy -movflags frag_keyframe+empty_moov -f mp4 -', ivf),
      'vpcC',
    );
    assert.deepEqual([...codec.extradata!.subarray(0, 7)], [...theirs.subarray(0, 7)]);
    assert.equal(vp9Codec(frames[1]!), undefined);
  });
}

test('no key frame in nothing', () => {
  assert.equal(isVp8Key(Buffer.alloc(0)), false);
  assert.equal(isVp9Key(Buffer.alloc(0)), false);
  assert.equal(vp8Codec(Buffer.alloc(0)), undefined);
  assert.equal(vp9Codec(Buffer.from([0x82, 0x49])), undefined);
});
