import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../test/helpers/ffmpeg-sync.ts';
import { boxContent } from '../../../test/helpers/mp4.ts';
import { buildAvcC, H264_NAL, h264Codec, h264CodecString, isH264Key, parseAvcC, parseSps } from './h264.ts';
import { joinNals, splitAnnexB } from './nal.ts';

const typeOf = (nal: Buffer) => nal[0]! & 31;

interface Sample {
  readonly name: string;
  readonly source: string;
  readonly options: string;
  readonly codecString: string;
}

const SAMPLES: readonly Sample[] = [
  {
    name: 'baseline',
    source: 'size=320x180:rate=25',
    options: '-profile:v baseline -level 3.0',
    codecString: 'avc1.42C01E',
  },
  {
    name: 'main, cropped, 30000/1001',
    source: 'size=322x182:rate=30000/1001',
    options: '-profile:v main -level 4.0',
    codecString: 'avc1.4D4028',
  },
  {
    name: 'high, interlaced, cropped',
    source: 'size=720x564:rate=25',
    options: '-profile:v high -level 4.1 -flags +ildct -x264-params interlaced=1',
    codecString: 'avc1.640029',
  },
  {
    name: 'high 4:2:2 10 bits, scaling lists',
    source: 'size=128x96:rate=10',
    options: '-profile:v high422 -pix_fmt yuv422p10le -level 3.1 -x264-params cqm=jvt',
    codecString: 'avc1.7A001F',
  },
  {
    name: 'high 4:4:4',
    source: 'size=130x98:rate=5',
    options: '-profile:v high444 -pix_fmt yuv444p -level 3.1',
    codecString: 'avc1.F4001F',
  },
  {
    name: 'timing, HRD and extended SAR in the VUI',
    source: 'size=640x360:rate=15,setsar=221/103',
    options: '-profile:v high -level 3.1 -x264-params nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500',
    codecString: 'avc1.64001F',
  },
];

for (const { name, source, options, codecString } of SAMPLES) {
  test(`avcC and size are what FFmpeg makes of them: ${name}`, () => {
    const mp4 = ffmpeg(
      `-f lavfi -i testsrc2=${source} -frames:v 2 -c:v libx264 ${options} -movflags frag_keyframe+empty_moov -f mp4 -`,
    );
    const nals = splitAnnexB(ffmpeg('-f mp4 -i - -c copy -bsf:v h264_mp4toannexb -f h264 -', mp4));
    const sps = nals.filter((nal) => typeOf(nal) === H264_NAL.sps).slice(0, 1);
    const pps = nals.filter((nal) => typeOf(nal) === H264_NAL.pps).slice(0, 1);
    const theirs = boxContent(mp4, 'avcC');
    assert.equal(buildAvcC(sps, pps).toString('hex'), theirs.toString('hex'));
    assert.deepEqual(parseAvcC(theirs), { sps, pps, lengthSize: 4 });

    const stream = ffprobe('-show_streams', mp4).streams![0]!;
    const codec = h264Codec(sps, pps);
    assert.deepEqual([codec.width, codec.height], [stream.width, stream.height]);
    assert.deepEqual(codec.extradata, theirs);
    assert.equal(h264CodecString(codec), codecString);
    const parsed = parseSps(sps[0]!)!;
    const [numerator, denominator] = String(stream.r_frame_rate).split('/').map(Number);
    assert.equal(parsed.fps?.toFixed(4), (numerator! / denominator!).toFixed(4));
    assert.equal(parsed.level, stream.level);
  });
}

/** The key flags of access units, and the picture types, in the order of the stream. */
function keysOf(x264: string): { keys: boolean[]; types: string } {
  const stream = ffmpeg(
    `-f lavfi -i testsrc2=size=128x96:rate=10 -frames:v 24 -c:v libx264 -x264-params ${x264}:aud=1 -f h264 -`,
  );
  const units: Buffer[][] = [];
  for (const nal of splitAnnexB(stream)) {
    if (typeOf(nal) === H264_NAL.accessUnitDelimiter) units.push([]);
    else if (typeOf(nal) !== H264_NAL.sps && typeOf(nal) !== H264_NAL.pps) units.at(-1)!.push(nal);
  }
  const { packets = [] } = ffprobe('-f h264 -show_packets', stream);
  return {
    keys: units.map((nals) => isH264Key(joinNals(nals))),
    types: packets.map(({ flags }) => String(flags)[0]).join(''),
  };
}

const KEYS: readonly { name: string; x264: string; count: number }[] = [
  { name: 'closed GOP', x264: 'keyint=8:min-keyint=8:scenecut=0', count: 3 },
  { name: 'open GOP', x264: 'keyint=8:min-keyint=8:scenecut=0:open-gop=1', count: 3 },
  { name: 'intra refresh', x264: 'keyint=8:intra-refresh=1:bframes=0', count: 3 },
];

for (const { name, x264, count } of KEYS) {
  test(`key pictures are those of FFmpeg: ${name}`, () => {
    const { keys, types } = keysOf(x264);
    assert.equal(keys.map((key) => (key ? 'K' : '_')).join(''), types);
    assert.ok(keys.filter(Boolean).length >= count, `${types} has too few`);
  });
}

test('a unit without a slice, or a corrupt one, is no key', () => {
  assert.equal(isH264Key(Buffer.alloc(0)), false);
  assert.equal(isH264Key(joinNals([Buffer.from([H264_NAL.sei, 5, 1, 0x80])])), false);
  assert.equal(isH264Key(Buffer.from('0000ffff65', 'hex')), false);
});

test('parameter sets that cannot be read give no size, and unusable ones no extradata', () => {
  assert.equal(parseSps(Buffer.from('6742', 'hex')), undefined);
  assert.equal(parseSps(Buffer.from('68ce3880', 'hex')), undefined);
  const pps = Buffer.from('68ce3880', 'hex');
  const broken = Buffer.from('6742c01e', 'hex');
  const codec = h264Codec([broken], [pps]);
  assert.deepEqual([codec.width, codec.height], [0, 0]);
  assert.deepEqual(parseAvcC(codec.extradata!), { sps: [broken], pps: [pps], lengthSize: 4 });
  assert.equal(h264Codec([], [pps]).extradata, undefined);
  assert.equal(h264Codec([broken], []).extradata, undefined);
  assert.equal(h264Codec([Buffer.alloc(70000, 0x67)], [pps]).extradata, undefined);
});

test('avcC that is cut short is refused at every length', () => {
  const whole = buildAvcC([Buffer.from('6742c01e', 'hex')], [Buffer.from('68ce3880', 'hex')]);
  assert.ok(parseAvcC(whole));
  for (let length = 0; length < whole.length; length++) {
    assert.equal(parseAvcC(whole.subarray(0, length)), undefined, `${length} bytes`);
  }
});
