/** Both ends of the transport stream: one table of clips through the muxer, FFmpeg as its judge, and the demuxer. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { type Clip, makeClip, TEST_AUDIO, TEST_VIDEO } from '../../../../test/helpers/mp4-clip.ts';
import { audioCodec } from '../../codecs/codec.ts';
import { parseAvcC } from '../../codecs/h264.ts';
import { parseHvcC } from '../../codecs/hevc.ts';
import type { Packet, Track } from '../../core/model.ts';
import { demuxAll, inspect, muxClip } from './testing.ts';

const SECONDS = ['-t', '2'];
const BOTH = [...TEST_VIDEO, ...TEST_AUDIO, ...SECONDS];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25'];
const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=25'];
const AAC = ['-c:a', 'aac', '-ar', '16000'];

const CLIPS: readonly (readonly [name: string, words: readonly string[]])[] = [
  ['h264 and aac', [...BOTH, ...H264, ...AAC]],
  ['h264 with B-frames and aac', [...BOTH, ...H264, '-bf', '2', '-c:a', 'aac', '-ac', '2', '-ar', '44100']],
  [
    'h264 of 5 frames a second',
    ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=5', '-t', '3', ...H264, '-g', '5'],
  ],
  [
    'h264 of 2 frames a second and aac',
    [
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=320x240:rate=2',
      ...TEST_AUDIO,
      '-t',
      '4',
      ...H264,
      '-g',
      '4',
      ...AAC,
    ],
  ],
  ['hevc with B-frames and aac', [...BOTH, ...HEVC, '-tag:v', 'hvc1', ...AAC]],
  ['h264 and opus', [...BOTH, ...H264, '-c:a', 'libopus', '-ac', '2']],
  ['h264 and mp3', [...BOTH, ...H264, '-c:a', 'libmp3lame']],
  ['h264 and mp3 of a low sample rate', [...BOTH, ...H264, '-c:a', 'libmp3lame', '-ar', '22050']],
  ['aac alone', [...TEST_AUDIO, ...SECONDS, ...AAC]],
  ['opus alone', [...TEST_AUDIO, ...SECONDS, '-c:a', 'libopus']],
];

const secondsOf = ({ pts, track }: Packet): number => pts / track.codec.timeBase;
const kindsOf = ({ tracks }: Clip): string[] => tracks.map(({ codec }) => codec.kind);
const of = (packets: readonly Packet[], kind: string): Packet[] =>
  packets.filter(({ track }) => track.codec.kind === kind);

/** Audio that waits for another video packet when the clip ends. */
const HELD_AT_END = 6;

for (const [name, words] of CLIPS) {
  describe(name, async () => {
    const clip = await makeClip(...words);
    const { muxer, chunks, bytes } = muxClip(clip);

    test('ffmpeg finds every packet at its time, and decodes all without a word', () => {
      const { streams = [], packets = [] } = ffprobe('-show_streams -show_packets', bytes);
      assert.deepEqual(
        streams.map(({ codec_name }) => codec_name),
        clip.tracks.map(({ codec }) => codec.name),
      );
      for (const kind of kindsOf(clip)) {
        const sent = of(clip.packets, kind);
        const read = packets.filter(({ codec_type }) => codec_type === kind);
        const held = kind === 'audio' && clip.tracks.length > 1 ? HELD_AT_END : 0;
        assert.ok(sent.length - read.length <= held, `${read.length} of ${sent.length} ${kind} packets`);
        const offset = Number(read[0]!.pts_time) - secondsOf(sent[0]!);
        for (const [at, { pts_time }] of read.entries())
          assert.ok(Math.abs(Number(pts_time) - offset - secondsOf(sent[at]!)) < 0.001, `packet ${at}`);
      }
      assertNoComplaint('-f null', bytes);
      assertNoComplaint('-c copy -f mpegts', bytes);
    });

    test('the demuxer gives back the same packets', () => {
      const { demuxer, packets, live, corrupt } = demuxAll(bytes);
      assert.equal(corrupt, 0);
      assert.ok(demuxer.ready);
      assert.equal(live, packets.length, 'nothing waits for the end');
      for (const kind of kindsOf(clip)) {
        const sent = of(clip.packets, kind);
        const read = of(packets, kind);
        assert.ok(sent.length - read.length <= (clip.tracks.length > 1 ? HELD_AT_END : 0));
        const offset = secondsOf(read[0]!) - secondsOf(sent[0]!);
        for (const [at, packet] of read.entries()) {
          const { data, key, track } = sent[at]!;
          assert.ok(packet.data.equals(data), `data of ${at}`);
          assert.equal(packet.key, key);
          assert.ok(Math.abs(secondsOf(packet) - offset - secondsOf(sent[at]!)) < 0.0001, `pts of ${at}`);
          assertSameSets(packet.track, track);
        }
      }
    });

    test('keeps the intervals of the clock and the tables, and every counter', () => {
      const seen = inspect(bytes);
      const counters = new Map<number, number>();
      for (const { pid, counter, hasPayload } of seen) {
        const last = counters.get(pid);
        if (last !== undefined) assert.equal(counter, hasPayload ? (last + 1) & 15 : last, `pid ${pid}`);
        counters.set(pid, counter);
      }
      const pcrs = seen.filter(({ pcr }) => pcr !== undefined);
      assert.ok(pcrs.every(({ pid }) => pid === 0x100));
      for (const [at, { pcr }] of pcrs.entries()) {
        const step = at === 0 ? 0 : pcr! - pcrs[at - 1]!.pcr!;
        assert.ok(at === 0 || (step > 0 && step <= 0.1), `PCR after ${step} s`);
      }
      let pcr = Number.NaN;
      let tables = Number.NaN;
      for (const packet of seen) {
        if (packet.pcr !== undefined) pcr = packet.pcr;
        if (packet.pid === 0) tables = pcr;
        if (packet.dts === undefined) continue;
        assert.ok(packet.dts >= pcr && packet.dts - pcr < 0.8, `decoded at ${packet.dts}, clock at ${pcr}`);
        assert.ok(!(pcr - tables > 0.5), `tables at ${tables}, clock at ${pcr}`);
      }
    });

    test('a key chunk is the beginning of a stream', () => {
      const keys = chunks.filter(({ key }) => key);
      assert.ok(keys.length >= 2 && chunks[0]!.key);
      for (const chunk of keys) {
        const seen = inspect(Buffer.concat([...chunk.body]));
        assert.deepEqual([seen[0]!.pid, seen[1]!.pid], [0, 0x1000]);
        assert.ok(seen.find(({ begins, pid }) => begins && pid === 0x100)?.randomAccess);
      }
      const fromSecond = Buffer.concat(chunks.slice(chunks.indexOf(keys[1]!)).flatMap(({ body }) => body));
      assertNoComplaint('-f null', fromSecond);
      assert.equal(muxer.header.length, 0);
      assert.equal(
        chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
        bytes.length,
      );
    });
  });
}

/** FFmpeg makes this of the bytes without a warning. */
function assertNoComplaint(words: string, bytes: Buffer): void {
  const args = ['-hide_banner', '-v', 'warning', '-i', 'pipe:0', ...words.split(' '), '-'];
  const { status, stderr } = spawnSync('ffmpeg', args, { input: bytes, maxBuffer: 64 << 20 });
  const ofItsMuxer = /frame size not set\s*$/;
  assert.equal(
    stderr
      .toString()
      .replace(ofItsMuxer, '')
      .replace(/^\[mpegts @ \w+\] $/, ''),
    '',
  );
  assert.equal(status, 0);
}

function assertSameSets(read: Track, sent: Track): void {
  const { name, extradata } = sent.codec;
  if (name === 'h264') {
    const [a, b] = [parseAvcC(read.codec.extradata!)!, parseAvcC(extradata!)!];
    assert.deepEqual([a.sps, a.pps], [b.sps, b.pps]);
  } else if (name === 'hevc') {
    const [a, b] = [parseHvcC(read.codec.extradata!)!, parseHvcC(extradata!)!];
    assert.deepEqual([a.vps, a.sps, a.pps], [b.vps, b.sps, b.pps]);
  } else if (name === 'aac') assert.equal(read.codec.timeBase, sent.codec.timeBase);
}

test('sound that comes 400 ms behind its picture is no later than the clock', async () => {
  const { tracks, packets } = await makeClip(
    ...BOTH,
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
  );
  const arrival = (packet: Packet): number =>
    secondsOf(packet) + (packet.track.codec.kind === 'audio' ? 0.4 : 0);
  const late = packets.toSorted((a, b) => arrival(a) - arrival(b));
  let pcr = Number.NaN;
  for (const packet of inspect(muxClip({ tracks, packets: late }).bytes)) {
    if (packet.pcr !== undefined) pcr = packet.pcr;
    if (packet.dts !== undefined) assert.ok(packet.dts >= pcr, `decoded at ${packet.dts}, clock at ${pcr}`);
  }
});

test('G.711 comes back as it was', () => {
  for (const name of ['pcm_alaw', 'pcm_mulaw'] as const) {
    const track: Track = { id: 4, codec: audioCodec(name, 8000) };
    const packets = Array.from({ length: 50 }, (_, index) => ({
      ...{ track, pts: index * 320, dts: index * 320, duration: 320, key: true, time: 0 },
      data: Buffer.alloc(320, index),
    }));
    const { bytes } = muxClip({ tracks: [track], packets });
    const { audio, corrupt } = demuxAll(bytes);
    assert.equal(corrupt, 0);
    assert.deepEqual(
      Buffer.concat(audio.map(({ data }) => data)),
      Buffer.concat(packets.map(({ data }) => data)),
    );
    assert.equal(audio[0]!.track.codec.name, name);
    assert.equal(audio.at(-1)!.pts - audio[0]!.pts, packets.at(-1)!.pts);
  }
});

const OF_FFMPEG: readonly (readonly [name: string, words: string, codecs: readonly string[]])[] = [
  ['h264 and aac', '-c:v libx264 -g 25 -bf 2 -c:a aac', ['h264', 'aac']],
  ['h264 with bounded PES packets', '-c:v libx264 -g 25 -c:a aac -omit_video_pes_length 0', ['h264', 'aac']],
  ['h264 in slices', '-c:v libx264 -g 25 -slices 4 -tune zerolatency -c:a aac', ['h264', 'aac']],
  ['hevc and opus', '-c:v libx265 -x265-params log-level=none -c:a libopus', ['hevc', 'opus']],
  ['h264 and aac in LATM', '-c:v libx264 -g 25 -c:a aac -mpegts_flags latm', ['h264', 'aac']],
  ['h264 and mp3', '-c:v libx264 -c:a libmp3lame', ['h264', 'mp3']],
  ['h264 and one AAC frame a PES packet', '-c:v libx264 -c:a aac -pes_payload_size 0', ['h264', 'aac']],
  ['aac with video that we do not know', '-c:v mpeg2video -c:a aac', ['aac']],
  ['h264 at a constant bit rate', '-c:v libx264 -c:a aac -muxrate 3000k', ['h264', 'aac']],
  ['h264 in packets of 192 bytes', '-c:v libx264 -an -mpegts_m2ts_mode 1', ['h264']],
];

for (const [name, words, codecs] of OF_FFMPEG) {
  test(`${name}, as ffmpeg writes it: every packet at its time`, () => {
    const bytes = ffmpeg([...BOTH, '-pix_fmt', 'yuv420p', ...words.split(' '), '-f', 'mpegts', '-']);
    const { packets: probed = [] } = ffprobe('-show_packets', bytes);
    const { demuxer, packets, corrupt, live } = demuxAll(bytes, 1316);
    assert.equal(corrupt, 0);
    assert.deepEqual(
      demuxer.tracks.map(({ codec }) => codec.name),
      codecs,
    );
    assert.ok(packets.length - live <= 1, `${packets.length - live} packets wait for the end`);
    for (const { codec } of demuxer.tracks) {
      const expected = probed.filter(({ codec_type }) => codec_type === codec.kind);
      const read = of(packets, codec.kind);
      assert.equal(read.length, expected.length);
      for (const [at, packet] of read.entries()) {
        const { pts_time, dts_time, flags } = expected[at]!;
        assert.ok(Math.abs(secondsOf(packet) - Number(pts_time)) < 0.001, `pts of ${codec.name} ${at}`);
        const dts = packet.dts / packet.track.codec.timeBase;
        if (dts_time !== undefined)
          assert.ok(Math.abs(dts - Number(dts_time)) < 0.001, `dts of ${codec.name} ${at}`);
        if (codec.kind === 'video') assert.equal(packet.key, String(flags).startsWith('K'));
      }
    }
  });
}
