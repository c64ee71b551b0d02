import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../test/helpers/ffmpeg-sync.ts';
import { boxContent } from '../../../test/helpers/mp4.ts';
import { buildDOps, opusCodec, opusPacketDuration } from './opus.ts';

/** Packets of an Ogg file with one packet per page, and the sample positions at their ends (RFC 3533 §6, RFC 7845 §4). */
function oggPackets(file: Buffer): { packet: Buffer; position: number }[] {
  const pages: { packet: Buffer; position: number }[] = [];
  for (let at = 0; at < file.length; ) {
    assert.equal(file.toString('latin1', at, at + 4), 'OggS');
    const segments = file[at + 26]!;
    const start = at + 27 + segments;
    const length = file.subarray(at + 27, start).reduce((sum, size) => sum + size, 0);
    pages.push({
      packet: file.subarray(start, start + length),
      position: Number(file.readBigInt64LE(at + 6)),
    });
    at = start + length;
  }
  return pages.slice(2);
}

for (const frameDuration of ['2.5', '5', '10', '20', '40', '60', '100', '120']) {
  for (const application of ['voip', 'audio', 'lowdelay']) {
    test(`packets of ${frameDuration} ms, ${application}`, () => {
      const file = ffmpeg(
        `-f lavfi -i sine=r=48000:d=0.5 -c:a libopus -application ${application} -frame_duration ${frameDuration} -page_duration 1 -f ogg -`,
      );
      const packets = oggPackets(file);
      assert.ok(packets.length > 3);
      for (let i = 1; i < packets.length - 1; i++) {
        const samples = packets[i]!.position - packets[i - 1]!.position;
        assert.equal(samples, Number(frameDuration) * 48);
        assert.equal(opusPacketDuration(packets[i]!.packet), samples);
      }
    });
  }
}

const TOCS: readonly { name: string; bytes: number[]; samples: number }[] = [
  { name: 'SILK 60 ms', bytes: [3 << 3], samples: 2880 },
  { name: 'SILK 60 ms, two frames', bytes: [(3 << 3) | 1], samples: 5760 },
  { name: 'hybrid 20 ms', bytes: [13 << 3], samples: 960 },
  { name: 'CELT 2.5 ms, two frames of different size', bytes: [(16 << 3) | 2], samples: 240 },
  { name: 'CELT 2.5 ms, 48 frames', bytes: [(16 << 3) | 3, 0x80 | 48], samples: 5760 },
  { name: 'longer than 120 ms', bytes: [(16 << 3) | 3, 49], samples: 0 },
  { name: 'a count that is missing', bytes: [(16 << 3) | 3], samples: 0 },
  { name: 'nothing', bytes: [], samples: 0 },
];

for (const { name, bytes, samples } of TOCS) {
  test(`length by the TOC byte: ${name}`, () =>
    assert.equal(opusPacketDuration(Buffer.from(bytes)), samples));
}

test('dOps is what FFmpeg writes but for pre-skip and the input rate', () => {
  for (const channels of [1, 2]) {
    const mp4 = ffmpeg(
      `-f lavfi -i sine=r=48000:d=0.1 -ac ${channels} -c:a libopus -movflags frag_keyframe+empty_moov -f mp4 -`,
    );
    const theirs = Buffer.from(boxContent(mp4, 'dOps'));
    theirs.writeUInt16BE(0, 2);
    assert.deepEqual(buildDOps(channels), theirs);
    assert.equal(ffprobe('-show_streams', mp4).streams![0]!.channels, opusCodec(channels).channels);
  }
});
