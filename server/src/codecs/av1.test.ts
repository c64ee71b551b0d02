import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../test/helpers/ffmpeg-sync.ts';
import { ivfFrames } from '../../../test/helpers/ivf.ts';
import { boxContent } from '../../../test/helpers/mp4.ts';
import { av1Codec, av1CodecString, isAv1Key } from './av1.ts';

const SAMPLES = [
  { name: 'Main', options: '-pix_fmt yuv420p', codecString: 'av01.0.00M.08' },
  { name: 'Main 10 bits', options: '-pix_fmt yuv420p10le', codecString: 'av01.0.00M.10' },
  { name: 'Main grey', options: '-pix_fmt gray', codecString: 'av01.0.00M.08' },
  { name: 'High 4:4:4', options: '-pix_fmt yuv444p', codecString: 'av01.1.00M.08' },
  { name: 'Professional 4:2:2 12 bits', options: '-pix_fmt yuv422p12le', codecString: 'av01.2.00M.12' },
  { name: 'RGB', options: '-pix_fmt gbrp', codecString: 'av01.1.00M.08' },
];

for (const { name, options, codecString } of SAMPLES) {
  test(`key frames, size and av1C are those of FFmpeg: ${name}`, () => {
    const ivf = ffmpeg(
      `-f lavfi -i testsrc2=size=130x98:rate=10 -frames:v 7 -c:v libaom-av1 -usage realtime -cpu-used 8 -g 3 -strict experimental ${options} -f ivf -`,
    );
    const units = ivfFrames(ivf);
    const { packets = [] } = ffprobe('-f ivf -show_packets', ivf);
    assert.equal(
      units.map((unit) => (isAv1Key(unit) ? 'K' : '_')).join(''),
      packets.map(({ flags }) => String(flags)[0]).join(''),
    );
    const codec = av1Codec(units[0]!)!;
    assert.deepEqual([codec.width, codec.height], [130, 98]);
    const mp4 = ffmpeg('-f ivf -i - -c copy -movflags frag_keyframe+empty_moov -f mp4 -', ivf);
    assert.equal(codec.extradata!.toString('hex'), boxContent(mp4, 'av1C').toString('hex'));
    assert.equal(av1CodecString(codec), codecString);
    assert.equal(av1Codec(units[1]!), undefined);
  });
}

test('corrupt units are no key and have no codec', () => {
  for (const bytes of ['', '12', '12ff', '0a0b', '32ffffffffffffffffff', 'ffff']) {
    const unit = Buffer.from(bytes, 'hex');
    assert.equal(isAv1Key(unit), false, bytes);
    assert.equal(av1Codec(unit), undefined, bytes);
  }
});
