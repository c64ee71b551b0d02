import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ffmpeg } from '../../../../test/helpers/ffmpeg-sync.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { type Codec, videoCodec } from '../../codecs/codec.ts';
import { opusCodec } from '../../codecs/opus.ts';
import type { Chunk, Output, Packet, Track, Viewer } from '../../core/model.ts';
import type { TranscodeJob } from '../../core/transcode.ts';
import { createLogger } from '../../util/log.ts';
import { Templates } from '../ffmpeg/templates.ts';
import { createDemuxer } from '../nut/demuxer.ts';
import { transcodeCommand } from './command.ts';
import { openTranscode } from './producer.ts';

const log = createLogger('test');
const never = new AbortController().signal;

/** A job that feeds nothing. */
function silentJob(to: Codec): TranscodeJob & { left: boolean } {
  const job = {
    stream: 'test',
    from: to,
    to,
    left: false,
    watched: true,
    stop() {},
    feed: async () => () => {
      job.left = true;
    },
  };
  return job;
}

describe('every picture that goes in comes out at once, with its time', () => {
  for (const to of ['h264', 'mjpeg', 'rawvideo'] as const) {
    test(`hevc → ${to}`, async () => {
      const { track, packets } = hevc();
      const job = {
        ...silentJob(videoCodec(to, { width: 320, height: 240 })),
        from: track.codec,
        async feed<C extends Chunk>(output: Pick<Output<C>, 'createMuxer'>, viewer: Viewer<C>) {
          const muxer = output.createMuxer([track]);
          viewer.start(muxer);
          for (const packet of packets) viewer.write(muxer.mux(packet)!);
          return () => {};
        },
      };
      const argv = transcodeCommand({ ...job, templates: new Templates({}), logLevel: 'error' });
      const producer = await openTranscode(job, argv, { log }, never);
      assert.ok(producer.onStreamTime);
      const stop = new AbortController();
      const made: Packet[] = [];
      const run = producer.run((packet) => made.push(packet), stop.signal);
      const all = until('all pictures', () => made.length === packets.length);
      await all.finally(() => stop.abort());
      assert.deepEqual(
        made.map(({ pts }) => pts),
        packets.map(({ pts }) => pts),
      );
      assert.ok(made[0]!.key);
      const apart = made.map(({ time }, index) => time - packets[index]!.time);
      assert.ok(Math.max(...apart) - Math.min(...apart) < 0.01, 'captured when what went in was');
      await run;
    });
  }
});

/** Twenty pictures of a camera that has run for a year. */
function hevc(): { track: Track; packets: readonly Packet[] } {
  const demuxer = createDemuxer();
  const packets: Packet[] = [];
  const make = '-f lavfi -i testsrc2=size=320x240:rate=25 -frames:v 20 -c:v libx265 -preset ultrafast';
  const bytes = ffmpeg(`${make} -x265-params bframes=0:log-level=none -output_ts_offset 31536000 -f nut -`);
  demuxer.push(bytes, (packet) => packets.push({ ...packet, time: 1e12 + packet.pts / 90 }));
  return { track: demuxer.tracks[0]!, packets };
}

test('sound that does not come keeps nobody waiting: its codec is known', async () => {
  const job = silentJob(opusCodec(1));
  const producer = await openTranscode(job, ['sleep', '60'], { log }, never);
  assert.deepEqual(producer.tracks, [{ id: 0, codec: opusCodec(1) }]);
  const stop = new AbortController();
  const run = producer.run(() => {}, stop.signal);
  stop.abort();
  await run;
  assert.ok(job.left);
});

test('a program that fails is told with its last words, and the feed is left', async () => {
  const job = silentJob(opusCodec(1));
  const argv = ['sh', '-c', 'echo "Unknown encoder libopus" >&2; exit 1'];
  await assert.rejects(openTranscode(job, argv, { log }, never), {
    code: 'process',
    message: /sh: exit code 1: Unknown encoder libopus/,
  });
  assert.ok(job.left);
});

test('a program that is not there', async () => {
  const job = silentJob(videoCodec('h264'));
  await assert.rejects(openTranscode(job, ['/nowhere/ffmpeg'], { log }, never), {
    code: 'process',
    message: /ffmpeg.*installed/,
  });
});

test('nobody waits any more: the program ends at once', async () => {
  const job = silentJob(videoCodec('h264'));
  const stop = new AbortController();
  const opening = openTranscode(job, ['sleep', '60'], { log }, stop.signal);
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(opening, { code: 'aborted' });
  assert.ok(job.left);
});
