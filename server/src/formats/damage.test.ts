/**
 * Damage to every byte format, of bytes that FFmpeg made: what was before it and what comes behind it is still there,
 * what can be noticed is counted, nothing throws, and times never run backwards.
 *
 *   good packets ──── damage ──── good packets
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRandom } from '../../../test/fuzz/mutate.ts';
import { ffmpeg } from '../../../test/helpers/ffmpeg-sync.ts';
import { StreamError } from '../core/errors.ts';
import type { Packet, WritePacket } from '../core/model.ts';
import { type Draft, Timeline } from '../core/timeline.ts';
import { FORMATS } from './index.ts';

type Damage = 'cut' | 'flipped' | 'garbage' | 'truncated';

interface Row {
  /** Words for FFmpeg. */
  readonly words: string;
  /** What is not always noticed: damage within a frame leaves it whole, and bytes without frames are as good as any. */
  readonly unnoticed?: readonly Damage[];
  /** Samples alone: nothing marks where a packet begins. */
  readonly unframed?: boolean;
}

const EVERYTHING: readonly Damage[] = ['cut', 'flipped', 'garbage', 'truncated'];
const PICTURE = '-f lavfi -i testsrc2=size=320x240:rate=25';
const SOUND = '-f lavfi -i sine=sample_rate=16000';
const H264 = '-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p';
const BOTH = `${PICTURE} ${SOUND} ${H264} -bf 2 -c:a aac -t 8`;
const ROWS: Readonly<Record<string, Row>> = {
  mp4: {
    words: `${BOTH} -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 200000 -f mp4`,
    unnoticed: ['flipped'],
  },
  flv: { words: `${BOTH} -f flv`, unnoticed: ['flipped'] },
  mpegts: { words: `${BOTH} -f mpegts`, unnoticed: ['flipped', 'truncated'] },
  nut: { words: `${BOTH} -f nut`, unnoticed: ['flipped'] },
  h264: { words: `${PICTURE} ${H264} -t 8 -f h264`, unnoticed: EVERYTHING },
  hevc: {
    words: `${PICTURE} -c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=25 -t 8 -f hevc`,
    unnoticed: EVERYTHING,
  },
  adts: { words: `${SOUND} -c:a aac -t 8 -f adts`, unnoticed: ['flipped'] },
  mjpeg: { words: `${PICTURE} -c:v mjpeg -t 4 -f mjpeg`, unnoticed: ['cut', 'flipped', 'garbage'] },
  mpjpeg: { words: `${PICTURE} -c:v mjpeg -t 4 -f mpjpeg`, unnoticed: ['cut', 'flipped', 'garbage'] },
  yuv4mpegpipe: {
    words: '-f lavfi -i testsrc2=size=64x48:rate=25 -pix_fmt yuv420p -t 4 -f yuv4mpegpipe',
    unnoticed: ['flipped'],
  },
  wav: { words: `${SOUND} -c:a pcm_s16le -t 2 -f wav`, unnoticed: EVERYTHING, unframed: true },
  au: { words: `${SOUND} -c:a pcm_mulaw -t 2 -f au`, unnoticed: EVERYTHING, unframed: true },
};
const ROUNDS = 8;
/** Packets: a fragment of MP4, or what stands between two syncpoints of NUT. */
const MOST_LOST = 14;

/** Damage in the middle of the bytes; `seed` decides where and how much. */
function damaged(bytes: Buffer, kind: Damage, seed: number): Buffer {
  const random = createRandom(seed);
  for (let count = 0; count < 8; count++) random(2);
  const at = Math.floor(bytes.length * 0.45) + random(Math.floor(bytes.length / 10));
  const length = 20 + random(3000);
  switch (kind) {
    case 'cut':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 'garbage':
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(Array.from({ length }, () => random(256))),
        bytes.subarray(at),
      ]);
    case 'truncated':
      return bytes.subarray(0, at);
    case 'flipped': {
      const copy = Buffer.from(bytes);
      for (let flips = 0; flips < 30; flips++) copy[at + random(length)]! ^= 1 << random(8);
      return copy;
    }
  }
}

async function demux(
  name: string,
  bytes: Buffer,
): Promise<{ packets: Packet[]; corrupt: number | undefined }> {
  const { createDemuxer } = await FORMATS.find((format) => format.name === name)!.demuxer!();
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  const write: WritePacket = (packet) => packets.push(packet);
  for (let at = 0; at < bytes.length; at += 1400) demuxer.push(bytes.subarray(at, at + 1400), write);
  demuxer.flush?.(write);
  return { packets, corrupt: demuxer.corrupt };
}

/** Times as they come out of the core, packets arriving as fast as their times say. */
function assertMonotonic(packets: readonly Packet[]): void {
  const timeline = new Timeline();
  timeline.startRun();
  const last = new Map<number, number>();
  for (const [n, packet] of packets.entries()) {
    const draft: Draft = { ...packet };
    timeline.stamp(draft, (n / packets.length) * 8);
    assert.ok(draft.dts >= (last.get(draft.track.id) ?? 0) && draft.pts >= draft.dts);
    last.set(draft.track.id, draft.dts);
  }
}

describe('damage to', () => {
  for (const [name, { words, unnoticed = [], unframed = false }] of Object.entries(ROWS)) {
    test(name, async (t) => {
      const bytes = ffmpeg(`${words} -`);
      const whole = await demux(name, bytes);
      assert.equal(whole.corrupt ?? 0, 0);
      for (const kind of EVERYTHING) {
        const seen = { corrupt: 0, lost: 0 };
        for (let round = 0; round < ROUNDS; round++) {
          const { packets, corrupt = 0 } = await demux(name, damaged(bytes, kind, 2 * round + 1));
          const message = `${kind}, round ${round}`;
          assertMonotonic(packets);
          const before = Math.floor(whole.packets.length * 0.35);
          for (let n = 0; n < before; n++)
            assert.deepEqual(packets[n]!.data, whole.packets[n]!.data, message);
          const lost = whole.packets.length - packets.length;
          if (kind === 'truncated') assert.ok(packets.length > whole.packets.length * 0.38, message);
          else assert.ok(lost <= MOST_LOST, `${message}: ${lost} lost`);
          if (kind !== 'truncated' && !unframed)
            for (const back of [-1, -2, -10])
              assert.deepEqual(packets.at(back)!.data, whole.packets.at(back)!.data, message);
          if (!unnoticed.includes(kind)) assert.ok(corrupt > 0, `${message}: nothing was counted`);
          seen.corrupt += corrupt;
          seen.lost = Math.max(seen.lost, lost);
        }
        t.diagnostic(
          `${kind}: ${seen.corrupt} counted, at most ${seen.lost} of ${whole.packets.length} packets lost`,
        );
      }
    });
  }

  test('the head: what cannot be read at all is refused with a clear error', async () => {
    for (const name of ['mp4', 'flv', 'yuv4mpegpipe', 'wav']) {
      const bytes = ffmpeg(`${ROWS[name]!.words} -`);
      await assert.rejects(demux(name, bytes.subarray(Math.floor(bytes.length / 2))), (error) => {
        assert.ok(error instanceof StreamError, `${error}`);
        assert.equal(error.code, 'protocol');
        assert.match(
          error.message,
          /no movie header|without a movie header|no FLV header|no stream header|not a WAVE|moov/,
        );
        return true;
      });
    }
  });
});
