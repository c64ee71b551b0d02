/** FFmpeg writes every codec as NUT, we take that apart and write it as Matroska, and FFmpeg must see the same in both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { audioCodec, videoCodec } from '../../codecs/codec.ts';
import type { Packet, Track } from '../../core/model.ts';
import { createDemuxer } from '../nut/demuxer.ts';
import { createMatroskaMuxer, type MatroskaOptions } from './muxer.ts';

const VIDEO = '-f lavfi -i testsrc2=size=320x240:rate=25 -frames:v 30';
const AUDIO = '-f lavfi -i sine=frequency=440:sample_rate=48000 -t 1';

interface Row {
  readonly codec: string;
  readonly make: string;
  /** As ffprobe calls it. */
  readonly probed?: string;
}

const ROWS: readonly Row[] = [
  { codec: 'h264', make: `${VIDEO} -c:v libx264 -bf 2 -g 10 -pix_fmt yuv420p` },
  { codec: 'hevc', make: `${VIDEO} -c:v libx265 -preset ultrafast -x265-params log-level=none` },
  { codec: 'vp8', make: `${VIDEO} -c:v libvpx -deadline realtime` },
  { codec: 'vp9', make: `${VIDEO} -c:v libvpx-vp9 -deadline realtime -cpu-used 8` },
  { codec: 'mjpeg', make: `${VIDEO} -c:v mjpeg` },
  { codec: 'rawvideo', make: `${VIDEO} -c:v rawvideo -pix_fmt yuv420p` },
  { codec: 'rawvideo', make: `${VIDEO} -c:v rawvideo -pix_fmt gray` },
  { codec: 'aac', make: `${AUDIO} -c:a aac` },
  { codec: 'opus', make: `${AUDIO} -c:a libopus` },
  { codec: 'mp3', make: `${AUDIO} -c:a libmp3lame` },
  { codec: 'flac', make: `${AUDIO} -c:a flac -ac 2` },
  { codec: 'adpcm_g722', make: `${AUDIO} -c:a g722 -ar 16000` },
  { codec: 'pcm_alaw', make: `${AUDIO} -c:a pcm_alaw -ar 8000` },
  { codec: 'pcm_mulaw', make: `${AUDIO} -c:a pcm_mulaw -ar 8000 -ac 2` },
  { codec: 'pcm_s16le', make: `${AUDIO} -c:a pcm_s16le -ar 44100` },
  { codec: 'pcm_s16be', make: `${AUDIO} -c:a pcm_s16be` },
  { codec: 'h264', make: `${VIDEO.replace('-frames:v 30', '')} ${AUDIO} -c:v libx264 -c:a aac` },
];

function demux(nut: Buffer): { tracks: readonly Track[]; packets: readonly Packet[] } {
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  for (let at = 0; at < nut.length; at += 1000)
    demuxer.push(nut.subarray(at, at + 1000), (packet) => packets.push(packet));
  assert.ok(demuxer.ready);
  return { tracks: demuxer.tracks, packets };
}

function mux(tracks: readonly Track[], packets: readonly Packet[], options?: MatroskaOptions): Buffer {
  const muxer = createMatroskaMuxer(tracks, options);
  const chunks = packets.flatMap((packet) => muxer.mux(packet)?.body ?? []);
  return Buffer.concat([...muxer.header, ...chunks]);
}

/** CRCs of the decoded frames. */
function decoded(file: Buffer): string[] {
  const text = ffmpeg('-i pipe:0 -fps_mode passthrough -f framecrc -', file).toString();
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => [line.split(',')[0], line.split(',').at(-1)].join());
}

for (const { codec, make } of ROWS) {
  test(`${make.replace(/^.*?-c/, '-c')}: decoded from Matroska as from NUT`, () => {
    const nut = ffmpeg(`${make} -f nut -`);
    const { tracks, packets } = demux(nut);
    assert.equal(tracks[0]!.codec.name, codec);
    const file = mux(tracks, packets, { originSeconds: 0 });
    const { streams, packets: probed } = ffprobe('-show_streams -show_packets', file);
    assert.deepEqual(
      streams!.map(({ codec_name }) => codec_name),
      tracks.map(({ codec: { name } }) => name),
    );
    assert.ok(decoded(nut).length > 5);
    // Of Opus, a live stream has no first samples to cut (codecs/opus.ts): its first frame is longer.
    const first = codec === 'opus' ? 1 : 0;
    assert.deepEqual(decoded(file).slice(first).toSorted(), decoded(nut).slice(first).toSorted());
    for (const { id, codec: known } of tracks) {
      const own = probed!.filter(({ stream_index }) => stream_index === id);
      assert.deepEqual(
        own.map(({ pts_time }) => Math.round(Number(pts_time) * known.timeBase)),
        packets.filter(({ track }) => track.id === id).map(({ pts }) => Math.max(0, pts)),
      );
    }
  });
}

const H264 = { id: 7, codec: videoCodec('h264', { width: 64, height: 48 }) };
const AAC = { id: 9, codec: audioCodec('aac', 48000) };
const packet = (track: Track, pts: number, key = true): Packet => ({
  track,
  data: Buffer.from([1, 2, 3]),
  pts,
  dts: pts,
  duration: 0,
  key,
  time: 0,
});

test('a file begins at zero, wherever the stream is', () => {
  const year = 365 * 86400;
  const bytes = mux([AAC], [packet(AAC, year * 48000), packet(AAC, (year + 1) * 48000)]);
  const { packets } = ffprobe('-show_packets', bytes);
  assert.deepEqual(
    packets!.map(({ pts_time }) => Number(pts_time)),
    [0, 1],
  );
});

test('a viewer may begin at each key chunk, and packet data is passed by reference', () => {
  const muxer = createMatroskaMuxer([H264, AAC]);
  const inputs = [packet(H264, 0), packet(AAC, 10), packet(H264, 3600, false), packet(H264, 7200)];
  const chunks = inputs.map((input) => muxer.mux(input)!);
  assert.deepEqual(
    chunks.map(({ key }) => key),
    [true, false, false, true],
  );
  for (const [index, { body, bytes }] of chunks.entries()) {
    assert.equal(body.at(-1), inputs[index]!.data);
    assert.equal(bytes, Buffer.concat(body).length);
  }
  const late = Buffer.concat([...muxer.header, ...chunks[3]!.body]);
  assert.equal(ffprobe('-show_packets', late).packets!.length, 1);
});

test('packets of other tracks and empty ones are left out', () => {
  const muxer = createMatroskaMuxer([H264]);
  assert.equal(muxer.mux(packet(AAC, 0)), undefined);
  assert.equal(muxer.mux({ ...packet(H264, 0), data: Buffer.alloc(0) }), undefined);
});

test('pictures of a pixel format without a FourCC are refused', () => {
  const odd = { id: 1, codec: videoCodec('rawvideo', { width: 2, height: 2, pixelFormat: 'gbrp16le' }) };
  assert.throws(() => createMatroskaMuxer([odd]), { code: 'unsupported', message: /gbrp16le/ });
});
