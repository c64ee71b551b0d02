/** What goes wrong on the way to the demuxer, and what other senders do differently. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ffmpeg } from '../../../../test/helpers/ffmpeg-sync.ts';
import { type Clip, makeClip, TEST_AUDIO, TEST_VIDEO } from '../../../../test/helpers/mp4-clip.ts';
import { parseAdtsHeader } from '../../codecs/aac.ts';
import type { Packet } from '../../core/model.ts';
import { createDemuxer } from './demuxer.ts';
import { isTransportStream } from './detect.ts';
import { createMpegtsMuxer } from './muxer.ts';
import { buildTables, crc32Mpeg } from './tables.ts';
import { demuxAll, inspect, muxClip, plainPesOf, plainStream } from './testing.ts';
import { createUnwrapper, readTimestamp, STREAM_TYPE, writeTimestamp } from './transport.ts';

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25'];
const WORDS = [...TEST_VIDEO, ...TEST_AUDIO, '-t', '2', ...H264, '-c:a', 'aac'];
const VIDEO_PID = 0x100;
const AUDIO_PID = 0x101;

let clip: Clip;
let bytes: Buffer;
let packets: Buffer[];

before(async () => {
  clip = await makeClip(...WORDS);
  ({ bytes } = muxClip(clip));
  packets = split(bytes);
});

const split = (stream: Buffer): Buffer[] =>
  Array.from({ length: stream.length / 188 }, (_, at) => stream.subarray(at * 188, (at + 1) * 188));
const pidOf = (packet: Buffer): number => packet.readUInt16BE(1) & 0x1fff;
const begins = (packet: Buffer): boolean => (packet[1]! & 0x40) !== 0;

const fieldBytes = (packet: Buffer): number => (packet[3]! & 0x20 ? 1 + packet[4]! : 0);
const videoTables = buildTables({
  programMapPid: 0x1000,
  pcrPid: VIDEO_PID,
  version: 0,
  streams: [{ pid: VIDEO_PID, streamType: STREAM_TYPE.h264, descriptors: Buffer.alloc(0) }],
});

/** Those of the clip that came through, and that nothing else did. */
function survivors(read: readonly Packet[], kind: 'video' | 'audio'): number {
  const sent = clip.packets.filter(({ track }) => track.codec.kind === kind);
  for (const { data } of read)
    assert.ok(
      sent.some((packet) => packet.data.equals(data)),
      `${data.length} bytes`,
    );
  return read.length;
}

describe('damage', () => {
  test('a missing packet costs the picture it belongs to', () => {
    const at = packets.findIndex(
      (packet, index) => index > 60 && pidOf(packet) === VIDEO_PID && !begins(packet),
    );
    const { video, audio, corrupt } = demuxAll(Buffer.concat(packets.toSpliced(at, 1)));
    const whole = demuxAll(bytes);
    assert.equal(survivors(video, 'video'), whole.video.length - 1);
    assert.equal(audio.length, whole.audio.length);
    assert.equal(corrupt, 1);
  });

  test('a missing packet costs no more than the audio of its PES packet', () => {
    const at = packets.findIndex(
      (packet, index) => index > 100 && pidOf(packet) === AUDIO_PID && !begins(packet),
    );
    const { video, audio, corrupt } = demuxAll(Buffer.concat(packets.toSpliced(at, 1)));
    const whole = demuxAll(bytes);
    const lost = whole.audio.length - survivors(audio, 'audio');
    assert.ok(lost >= 1 && lost <= 3, `${lost} lost`);
    assert.equal(video.length, whole.video.length);
    assert.equal(corrupt, 1);
    const last = audio.at(-1)!;
    assert.ok(
      whole.audio.some(({ pts, data }) => pts === last.pts && data.equals(last.data)),
      'times stay right',
    );
  });

  test('garbage between packets is passed over', () => {
    const garbage = Buffer.from(Array.from({ length: 333 }, (_, at) => (at % 7 === 0 ? 0x47 : at & 0xff)));
    const between = Buffer.concat([garbage, ...packets.slice(0, 50), garbage, ...packets.slice(50)]);
    const { video, audio, corrupt } = demuxAll(between, 777);
    const whole = demuxAll(bytes);
    assert.equal(video.length, whole.video.length);
    assert.equal(audio.length, whole.audio.length);
    assert.equal(corrupt, 1);
  });

  test('a cut end gives no broken picture', () => {
    for (const end of [bytes.length - 1, bytes.length - 200, 188 * 20 + 100]) {
      const { video } = demuxAll(bytes.subarray(0, end));
      survivors(video, 'video');
    }
  });

  test('packets marked as erroneous are missing, and scrambled ones pass', () => {
    const marked = packets.map((packet, at) => {
      const copy = Buffer.from(packet);
      if (at === 40) copy[1]! |= 0x80;
      if (pidOf(packet) === AUDIO_PID) copy[3]! |= 0x80;
      return copy;
    });
    const { video, audio, corrupt } = demuxAll(Buffer.concat(marked));
    survivors(video, 'video');
    assert.equal(audio.length, 0);
    assert.equal(corrupt, 1);
  });

  test('a table with a wrong checksum is no table', () => {
    const damaged = packets.map((packet) => {
      const copy = Buffer.from(packet);
      if (pidOf(packet) === 0) copy[14]! ^= 1;
      return copy;
    });
    const { demuxer, packets: read, corrupt } = demuxAll(Buffer.concat(damaged));
    assert.deepEqual([demuxer.ready, read.length], [false, 0]);
    assert.ok(corrupt > 0);
  });

  test('each packet sent twice, or never counted, is the same stream', () => {
    const twice = packets.flatMap((packet) => [packet, packet]);
    const uncounted = packets.map((packet) => {
      const copy = Buffer.from(packet);
      copy[3]! &= 0xf0;
      return copy;
    });
    const whole = demuxAll(bytes);
    assert.equal(demuxAll(Buffer.concat(twice)).packets.length, whole.packets.length);
    const { video, audio } = demuxAll(Buffer.concat(uncounted));
    assert.ok(video.length >= whole.video.length - 2 && audio.length >= whole.audio.length - 6);
  });
});

describe('other senders', () => {
  test('packets of 192 and 204 bytes', () => {
    const whole = demuxAll(bytes).packets.length;
    const m2ts = Buffer.concat(packets.flatMap((packet) => [Buffer.from('47001234', 'hex'), packet]));
    const dvb = Buffer.concat(packets.flatMap((packet) => [packet, Buffer.alloc(16, 0x55)]));
    for (const wide of [m2ts, dvb]) {
      assert.ok(isTransportStream(wide.subarray(0, 4096)));
      for (const step of [100, 188, 1316, 65536]) {
        const { packets: read, corrupt } = demuxAll(wide, step);
        assert.deepEqual([read.length, corrupt], [whole, 0]);
      }
    }
  });

  test('a picture is written with its last byte: with a length at once, without one by the stuffing', () => {
    for (const omitted of ['0', '1']) {
      const words = [...H264, '-omit_video_pes_length', omitted, '-f', 'mpegts', '-'];
      const ts = ffmpeg([...TEST_VIDEO, '-t', '1', ...words]);
      const starts = inspect(ts).flatMap(({ pid, begins }, at) => (pid === VIDEO_PID && begins ? [at] : []));
      for (const count of [1, 2, 10]) {
        const demuxer = createDemuxer();
        let pictures = 0;
        demuxer.push(ts.subarray(0, starts[count]! * 188), () => pictures++);
        assert.equal(pictures, count, `omit_video_pes_length ${omitted}`);
      }
    }
  });

  test('a length that is wrong, or stuffing in the middle, costs no more than the first picture', () => {
    const units = plainPesOf(bytes, VIDEO_PID);
    const stream = plainStream(videoTables, VIDEO_PID, 0xe0, units);
    const wrong = split(Buffer.from(stream));
    for (const packet of wrong.slice(2))
      if (begins(packet)) packet.writeUInt16BE(300, 4 + fieldBytes(packet) + 4);
    const sent = demuxAll(bytes).video;
    assert.equal(demuxAll(stream).video.length, sent.length);
    const { video } = demuxAll(Buffer.concat(wrong));
    assert.deepEqual(
      video.slice(-40).map(({ data }) => data),
      sent.slice(-40).map(({ data }) => data),
    );
  });

  test('several access units in a PES packet', () => {
    const units = plainPesOf(bytes, VIDEO_PID);
    const pairs = units.flatMap(({ data, pts }, at) =>
      at % 2 ? [] : [{ data: Buffer.concat([data, units[at + 1]?.data ?? Buffer.alloc(0)]), pts }],
    );
    const { video, corrupt } = demuxAll(plainStream(videoTables, VIDEO_PID, 0xe0, pairs));
    const sent = demuxAll(bytes).video;
    assert.equal(corrupt, 0);
    assert.deepEqual(
      video.map(({ data }) => data),
      sent.map(({ data }) => data),
    );
    for (const [at, { dts }] of video.entries()) if (at > 0) assert.equal(dts - video[at - 1]!.dts, 3600);
  });

  test('units of types that the codec does not have are left out', () => {
    const foreign = Buffer.from('000000011e0102030405', 'hex');
    const units = plainPesOf(bytes, VIDEO_PID).map(({ data, pts }) => ({
      data: Buffer.concat([data, foreign]),
      pts,
    }));
    const { video, corrupt } = demuxAll(plainStream(videoTables, VIDEO_PID, 0xe0, units));
    assert.equal(corrupt, 0);
    assert.deepEqual(
      video.map(({ data }) => data),
      demuxAll(bytes).video.map(({ data }) => data),
    );
  });

  test('access units cut by PES packets at any byte', () => {
    const units = plainPesOf(bytes, VIDEO_PID);
    const stream = Buffer.concat(units.map(({ data }) => data));
    const starts: number[] = [];
    let length = 0;
    for (const { data } of units) {
      starts.push(length);
      length += data.length;
    }
    const cut: { data: Buffer; pts: number | undefined }[] = [];
    for (let at = 0; at < length; at += 1000) {
      const first = starts.findIndex((start) => start >= at && start < at + 1000);
      cut.push({ data: stream.subarray(at, at + 1000), pts: first < 0 ? undefined : units[first]!.pts });
    }
    const { video } = demuxAll(plainStream(videoTables, VIDEO_PID, 0xe0, cut));
    const sent = demuxAll(bytes).video;
    assert.ok(video.length >= sent.length - 2, `${video.length} of ${sent.length}`);
    for (const [back, packet] of video.slice(2).reverse().entries()) {
      const original = sent.at(-1 - back)!;
      assert.ok(packet.data.equals(original.data), `unit ${back} from the end`);
      assert.ok(
        Math.abs(packet.dts - original.dts) <= 1,
        `time of unit ${back} from the end: ${packet.dts - original.dts}`,
      );
    }
  });

  for (const [name, words] of [
    ['H.264', ['-c:v', 'libx264', '-bf', '3']],
    ['HEVC', ['-c:v', 'libx265', '-x265-params', 'log-level=none:bframes=3']],
  ] as const) {
    test(`${name} with B-frames and without any DTS`, () => {
      const whole = ffmpeg([...TEST_VIDEO, '-t', '2', ...words, '-pix_fmt', 'yuv420p', '-f', 'mpegts', '-']);
      const sent = demuxAll(whole).video;
      for (const packet of split(whole)) {
        const pes = packet.subarray(4 + fieldBytes(packet));
        if (!begins(packet) || pes.readUIntBE(0, 3) !== 1 || pes[7]! >> 6 !== 3) continue;
        pes[7]! &= 0xbf;
        pes[9]! &= 0xef;
        pes.fill(0xff, 14, 19);
      }
      const { video } = demuxAll(whole);
      assert.ok(sent.some(({ pts, dts }) => pts > dts));
      assert.deepEqual(
        video.map(({ pts }) => pts),
        sent.map(({ pts }) => pts),
      );
      for (const [at, { pts, dts }] of video.entries()) {
        assert.ok(dts <= pts, `dts ${dts} of picture ${at}, shown at ${pts}`);
        if (at > 0) assert.ok(dts > video[at - 1]!.dts, `picture ${at} is decoded with the one before`);
      }
    });
  }

  test('audio frames cut by PES packets keep their times', () => {
    const units = plainPesOf(bytes, AUDIO_PID);
    const stream = Buffer.concat(units.map(({ data }) => data));
    const sent = demuxAll(bytes).audio;
    const rate = sent[0]!.track.codec.timeBase;
    const starts: number[] = [];
    for (let at = 0; at < stream.length; at += parseAdtsHeader(stream, at)!.frameLength) starts.push(at);
    const cut: { data: Buffer; pts: number | undefined }[] = [];
    for (let at = 0; at < stream.length; at += 100) {
      const first = starts.findIndex((start) => start >= at && start < at + 100);
      const pts = first < 0 ? undefined : Math.round((sent[first]!.pts * 90000) / rate);
      cut.push({ data: stream.subarray(at, at + 100), pts });
    }
    const streams = [{ pid: AUDIO_PID, streamType: STREAM_TYPE.adts, descriptors: Buffer.alloc(0) }];
    const tables = buildTables({ programMapPid: 0x1000, pcrPid: AUDIO_PID, version: 0, streams });
    const { audio, corrupt } = demuxAll(plainStream(tables, AUDIO_PID, 0xc0, cut));
    assert.equal(corrupt, 0);
    assert.deepEqual(
      audio.map(({ data, pts }) => [data, pts]),
      sent.map(({ data, pts }) => [data, pts]),
    );
  });
});

describe('changes', () => {
  test('a new picture size is a new Track of the same id', async () => {
    const small = await makeClip('-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25', '-t', '1', ...H264);
    const first = createMpegtsMuxer([clip.tracks[0]!]);
    const video = clip.packets.filter(({ track }) => track === clip.tracks[0]);
    const second = createMpegtsMuxer([{ ...small.tracks[0]!, id: clip.tracks[0]!.id }], first);
    const later = small.packets.map((packet) => ({
      ...packet,
      track: { ...packet.track, id: clip.tracks[0]!.id },
      pts: packet.pts + 180000,
      dts: packet.dts + 180000,
    }));
    const chunks = [...video.map(first.mux), ...later.map(second.mux)];
    const joined = Buffer.concat(chunks.flatMap((chunk) => chunk?.body ?? []));
    const { video: read, corrupt } = demuxAll(joined);
    assert.equal(corrupt, 0, 'counters go on');
    const tracks = [...new Set(read.map(({ track }) => track))];
    assert.deepEqual(
      tracks.map(({ id, codec }) => [id, codec.kind === 'video' && codec.width]),
      [
        [0, 320],
        [0, 160],
      ],
    );
    assert.equal(read.length, video.length + later.length);
    assert.ok(read.every(({ dts }, at) => at === 0 || dts > read[at - 1]!.dts));
  });

  test('a stream that moves to another pid keeps its track', () => {
    const moved = packets.map((packet) => {
      const copy = Buffer.from(packet);
      if (pidOf(packet) === VIDEO_PID) copy.writeUInt16BE((copy.readUInt16BE(1) & 0xe000) | 0x200, 1);
      if (pidOf(packet) === AUDIO_PID) copy.writeUInt16BE((copy.readUInt16BE(1) & 0xe000) | 0x201, 1);
      return copy;
    });
    const streams = [
      { pid: 0x200, streamType: STREAM_TYPE.h264, descriptors: Buffer.alloc(0) },
      { pid: 0x201, streamType: STREAM_TYPE.adts, descriptors: Buffer.alloc(0) },
    ];
    const other = buildTables({ programMapPid: 0x1000, pcrPid: 0x200, version: 1, streams });
    const body = moved.filter((packet) => pidOf(packet) !== 0 && pidOf(packet) !== 0x1000);
    const { demuxer, video, audio } = demuxAll(Buffer.concat([bytes, other, ...body]));
    assert.deepEqual([...new Set([...video, ...audio].map(({ track }) => track.id))], [0, 1]);
    assert.equal(demuxer.tracks.length, 2);
    assert.equal(video.length, 2 * demuxAll(bytes).video.length);
  });

  test('timestamps go on through the end of their 33 bits, and so does what the muxer writes', () => {
    const wrapSeconds = 2 ** 33 / 90000;
    const shifted = clip.packets.map((packet) => {
      const shift = Math.round((wrapSeconds - 102) * packet.track.codec.timeBase);
      return { ...packet, pts: packet.pts + shift, dts: packet.dts + shift };
    });
    const muxed = muxClip({ tracks: clip.tracks, packets: shifted }).bytes;
    const stamps = inspect(muxed).flatMap(({ pts }) => pts ?? []);
    assert.ok(Math.max(...stamps) > wrapSeconds - 1 && Math.min(...stamps) < 2, 'the wrap is inside');
    const { video, audio, corrupt } = demuxAll(muxed);
    assert.equal(corrupt, 0);
    for (const read of [video, audio]) {
      const span = (read.at(-1)!.dts - read[0]!.dts) / read[0]!.track.codec.timeBase;
      assert.ok(span > 1.7 && span < 2, `${span} s`);
      assert.ok(read.every(({ dts }, at) => at === 0 || dts > read[at - 1]!.dts));
    }
  });
});

test('33-bit numbers', () => {
  const buffer = Buffer.alloc(5);
  for (const ticks of [0, 1, 2 ** 15, 2 ** 30, 2 ** 32 + 12345, 2 ** 33 - 1]) {
    writeTimestamp(buffer, 0, 2, ticks);
    assert.equal(readTimestamp(buffer, 0), ticks);
  }
  const unwrap = createUnwrapper();
  assert.deepEqual([2 ** 33 - 10, 5, 2 ** 33 - 5, 100, 2 ** 32].map(unwrap), [
    2 ** 33 - 10,
    2 ** 33 + 5,
    2 ** 33 - 5,
    2 ** 33 + 100,
    2 ** 33 + 2 ** 32,
  ]);
  assert.equal(crc32Mpeg(Buffer.from('123456789')), 0x0376e6e7);
});

test('detection', () => {
  assert.ok(isTransportStream(bytes.subarray(0, 4096)));
  assert.ok(isTransportStream(bytes.subarray(0, 188)));
  assert.ok(isTransportStream(Buffer.concat([Buffer.alloc(77, 0x47), bytes]).subarray(0, 4096)));
  assert.ok(isTransportStream(bytes.subarray(100, 2000)));
  for (const text of ['GIF89a……', 'GET / HTTP/1.1\r\n', 'G'.repeat(3)])
    assert.ok(!isTransportStream(Buffer.from(text)));
});
