import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Codec, videoCodec } from '../../codecs/codec.ts';
import { opusCodec } from '../../codecs/opus.ts';
import type { TranscodeJob } from '../../core/transcode.ts';
import { createLogger } from '../../util/log.ts';
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
