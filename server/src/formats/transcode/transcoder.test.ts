import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type Codec, videoCodec } from '../../codecs/codec.ts';
import { opusCodec } from '../../codecs/opus.ts';
import type { TranscodeJob, Transcoder } from '../../core/transcode.ts';
import { createLogger } from '../../util/log.ts';
import { Templates } from '../ffmpeg/templates.ts';
import { createTranscoder } from './transcoder.ts';

const H264 = videoCodec('h264', { width: 64, height: 48 });
const stop = new AbortController();
let transcoder: Transcoder;
let mode: 'auto' | 'never';
let limit: number | undefined;
let stops: (() => void)[];

beforeEach(() => {
  [mode, limit, stops] = ['auto', 2, []];
  transcoder = createTranscoder({
    config: () => ({ mode, limit, hardware: 'off' }),
    // It never gives anything, and never ends.
    templates: () => new Templates({ bin: 'sh -c "sleep 60"', global: '' }),
    log: createLogger('test'),
  });
});
afterEach(() => {
  for (const end of stops) end();
});

/** Begins a transcode that stays in its opening until it is stopped. */
function begin(to: Codec): TranscodeJob & { watched: boolean; stopped: boolean } {
  const stopping = new AbortController();
  const job = {
    stream: 'test',
    from: H264,
    to,
    watched: true,
    stopped: false,
    stop() {
      job.stopped = true;
      stopping.abort();
    },
    feed: async () => () => {},
  };
  transcoder.open(job, AbortSignal.any([stop.signal, stopping.signal])).catch(() => {});
  stops.push(job.stop);
  return job;
}

test('never is never', () => {
  mode = 'never';
  assert.throws(() => transcoder.admit('test', H264), { code: 'no_match', message: /transcode: never/ });
});

test('as many pictures as the limit says, and more sounds', () => {
  begin(H264);
  transcoder.admit('test', H264);
  begin(H264);
  assert.throws(() => transcoder.admit('test', H264), {
    code: 'limit',
    message: '2 video transcodes run already, the most that transcode.limit allows',
  });
  transcoder.admit('test', opusCodec());
  limit = 3;
  transcoder.admit('test', H264);
});

test('one that nobody watches any more makes room', () => {
  const [lingering, watched] = [begin(H264), begin(H264)];
  lingering.watched = false;
  transcoder.admit('test', H264);
  assert.deepEqual([lingering.stopped, watched.stopped], [true, false]);
});

test('a limit of none', () => {
  limit = 0;
  assert.throws(() => transcoder.admit('test', H264), { code: 'limit' });
});
