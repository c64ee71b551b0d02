import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../test/helpers/ffmpeg-sync.ts';
import { boxContent } from '../../../test/helpers/mp4.ts';
import { BitReader, BitWriter } from './bits.ts';
import { HEVC_NAL, hevcCodec, hevcCodecString, hevcNalType, isHevcKey, parseHvcC } from './hevc.ts';
import { parseSps } from './hevc-sps.ts';
import { joinNals, splitAnnexB, unescapeNal } from './nal.ts';

const START_CODE = Buffer.from([0, 0, 0, 1]);

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

interface Sample {
  readonly name: string;
  readonly source: string;
  readonly options: string;
  readonly x265: string;
  readonly codecString: string;
}

const SAMPLES: readonly Sample[] = [
  {
    name: 'Main, cropped',
    source: 'size=322x182:rate=25',
    options: '-pix_fmt yuv420p',
    x265: 'level-idc=3.0',
    codecString: 'hvc1.1.6.L90.90',
  },
  {
    name: 'Main 10, 30000/1001, scaling lists',
    source: 'size=640x360:rate=30000/1001',
    options: '-pix_fmt yuv420p10le',
    x265: 'level-idc=3.1:scaling-list=default',
    codecString: 'hvc1.2.4.L93.90',
  },
  {
    name: '4:2:2 10 bits, HRD',
    source: 'size=256x128:rate=10',
    options: '-pix_fmt yuv422p10le',
    x265: 'level-idc=3.0:hrd=1:vbv-maxrate=500:vbv-bufsize=500',
    codecString: 'hvc1.4.10.L90.9D.8',
  },
  {
    name: 'temporal layers, B frames, slices',
    source: 'size=256x256:rate=30',
    options: '-pix_fmt yuv420p',
    x265: 'level-idc=3.0:temporal-layers=3:bframes=4:b-adapt=0:slices=2:wpp=1',
    codecString: 'hvc1.1.6.L90.90',
  },
  {
    name: 'SAR, colours and default display window in the VUI',
    source: 'size=256x144:rate=12,setsar=221/103',
    options: '-pix_fmt yuv420p',
    x265: 'level-idc=2.1:colorprim=bt709:transfer=bt709:colormatrix=bt709:chromaloc=1:display-window=2,2,2,2',
    codecString: 'hvc1.1.6.L63.90',
  },
];

for (const { name, source, options, x265, codecString } of SAMPLES) {
  test(`hvcC and size are what FFmpeg makes of them: ${name}`, () => {
    const mp4 = ffmpeg(
      `-f lavfi -i testsrc2=${source} -frames:v 6 -c:v libx265 ${options} -x265-params log-level=none:info=0:${x265} ` +
        '-tag:v hvc1 -movflags frag_keyframe+empty_moov -f mp4 -',
    );
    const nals = splitAnnexB(ffmpeg('-f mp4 -i - -c copy -bsf:v hevc_mp4toannexb -f hevc -', mp4));
    const first = (type: number) => nals.filter((nal) => hevcNalType(nal[0]!) === type).slice(0, 1);
    const vps = first(HEVC_NAL.vps);
    const sps = first(HEVC_NAL.sps);
    const pps = first(HEVC_NAL.pps);
    const theirs = withoutSei(boxContent(mp4, 'hvcC'));
    assert.equal(hevcCodec(vps, sps, pps).extradata?.toString('hex'), theirs.toString('hex'));
    assert.deepEqual(parseHvcC(theirs), { vps, sps, pps, lengthSize: 4 });

    const stream = ffprobe('-show_streams', mp4).streams![0]!;
    const codec = hevcCodec(vps, sps, pps);
    assert.deepEqual([codec.width, codec.height], [stream.width, stream.height]);
    assert.equal(hevcCodecString(codec), codecString);
    const parsed = parseSps(sps[0]!)!;
    const [numerator, denominator] = String(stream.r_frame_rate).split('/').map(Number);
    assert.equal(parsed.fps?.toFixed(4), (numerator! / denominator!).toFixed(4));
    assert.equal(parsed.level, stream.level);
  });
}

/** FFmpeg keeps the encoder's SEI in a last array of one unit; a camera's SEI stays in the stream. */
function withoutSei(hvcC: Buffer): Buffer {
  const at = hvcC.lastIndexOf(Buffer.from([HEVC_NAL.prefixSei, 0, 1]));
  if (at < 0) return hvcC;
  const result = Buffer.from(hvcC.subarray(0, at));
  result[22]! -= 1;
  return result;
}

test('spatial segmentation and parallelism are what FFmpeg makes of them', () => {
  const stream = ffmpeg(
    '-f lavfi -i testsrc2=size=256x128:rate=10 -frames:v 1 -c:v libx265 ' +
      '-x265-params log-level=none:info=0:wpp=1:pools=2 -f hevc -',
  );
  const nals = splitAnnexB(stream).map((nal) =>
    hevcNalType(nal[0]!) === HEVC_NAL.sps ? withBitstreamRestriction(nal, 17) : nal,
  );
  const [vps, sps, pps] = [HEVC_NAL.vps, HEVC_NAL.sps, HEVC_NAL.pps].map((type) =>
    nals.filter((nal) => hevcNalType(nal[0]!) === type),
  );
  const annexB = Buffer.concat(nals.flatMap((nal) => [START_CODE, nal]));
  const theirs = boxContent(
    ffmpeg('-f hevc -i - -c copy -tag:v hvc1 -movflags frag_keyframe+empty_moov -f mp4 -', annexB),
    'hvcC',
  );
  const ours = hevcCodec(vps!, sps!, pps!).extradata;
  assert.equal(ours?.toString('hex', 0, 23), theirs.toString('hex', 0, 23));
  assert.deepEqual([theirs.readUInt16BE(13) & 0xfff, theirs[15]! & 3], [17, 3], 'the sample has both');
});

// FFmpeg 5's own hvcC writer loses its way in a fixed rate HRD; its trace_headers filter reads 17 as we do.
test('the spatial segmentation stands behind HRD parameters', () => {
  const stream = ffmpeg(
    '-f lavfi -i testsrc2=size=256x128:rate=10 -frames:v 1 -c:v libx265 ' +
      '-x265-params log-level=none:info=0:hrd=1:vbv-maxrate=500:vbv-bufsize=500 -f hevc -',
  );
  const sps = splitAnnexB(stream).find((nal) => hevcNalType(nal[0]!) === HEVC_NAL.sps)!;
  assert.equal(parseSps(withBitstreamRestriction(sps, 17))?.minSpatialSegmentation, 17);
});

/** x265 ends its VUI with "no bitstream_restriction, no extension": writes the restriction in their place. */
function withBitstreamRestriction(sps: Buffer, minSpatialSegmentation: number): Buffer {
  const plain = unescapeNal(sps);
  let end = plain.length * 8 - 1;
  while (((plain[end >> 3]! >> (7 - (end & 7))) & 1) === 0) end--;
  const reader = new BitReader(plain);
  const writer = new BitWriter();
  for (let i = 0; i < end - 2; i++) writer.bits(reader.bits(1), 1);
  assert.equal(reader.bits(3), 1);
  writer.bits(0b1000, 4);
  const code = minSpatialSegmentation + 1;
  const zeros = 31 - Math.clz32(code);
  writer.bits(code, 2 * zeros + 1);
  writer.bits(0b1111, 4);
  writer.bits(0b01, 2);
  return Buffer.from(escapeNal(writer.finish()));
}

function escapeNal(rbsp: Buffer): number[] {
  const nal: number[] = [];
  for (const byte of rbsp) {
    if (byte <= 3 && nal.length > 1 && nal.at(-1) === 0 && nal.at(-2) === 0) nal.push(3);
    nal.push(byte);
  }
  return nal;
}

test('key pictures are those of FFmpeg, IDR and CRA', () => {
  const stream = ffmpeg(
    '-f lavfi -i testsrc2=size=128x128:rate=10 -frames:v 24 -c:v libx265 ' +
      '-x265-params log-level=none:info=0:keyint=8:min-keyint=8:scenecut=0:open-gop=1:aud=1:repeat-headers=1 -f hevc -',
  );
  const units: Buffer[][] = [];
  for (const nal of splitAnnexB(stream)) {
    if (hevcNalType(nal[0]!) === HEVC_NAL.accessUnitDelimiter) units.push([]);
    else units.at(-1)!.push(nal);
  }
  const { packets = [] } = ffprobe('-f hevc -show_packets', stream);
  const keys = units.map((nals) => (isHevcKey(joinNals(nals)) ? 'K' : '_')).join('');
  assert.equal(keys, packets.map(({ flags }) => String(flags)[0]).join(''));
  assert.equal(keys.replaceAll('_', ''), 'KKK');
});

test('a unit without a slice, or a corrupt one, is no key', () => {
  assert.equal(isHevcKey(Buffer.alloc(0)), false);
  assert.equal(isHevcKey(Buffer.from('0000ffff2601', 'hex')), false);
});

test('without a readable SPS there is no extradata, and a codec string that any decoder of Main takes', () => {
  const codec = hevcCodec([hex('40010c01')], [hex('4201')], [hex('4401c172')]);
  assert.equal(codec.extradata, undefined);
  assert.equal(codec.width, 0);
  assert.equal(hevcCodecString(codec), 'hvc1.1.6.L153.B0');
});

test('hvcC that is cut short is refused at every length', () => {
  const head = Buffer.alloc(23);
  head[0] = 1;
  head[21] = 3;
  head[22] = 2;
  const whole = Buffer.concat([head, hex('a00001000240 01a10001 00024201')]);
  assert.ok(parseHvcC(whole));
  for (let length = 0; length < whole.length; length++) {
    assert.equal(parseHvcC(whole.subarray(0, length)), undefined, `${length} bytes`);
  }
});
