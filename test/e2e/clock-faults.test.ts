/**
 * Clocks of cameras that wrap, begin again, and jump, in containers that FFmpeg made: every output stays monotonic, sound
 * stays with the picture, and nobody who watches is sent away.
 *
 *   pushed, in real time   0 ──── 4 s ──── event ──── 10 s        FFmpeg plays each output through the event
 */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { flashClip } from '../fakes/flash-clip.ts';
import { type Judgement, judge } from '../helpers/judge.ts';
import { freePort } from '../helpers/ports.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const EVENT_SECONDS = 4;
const SECONDS = 11;
/** Of the live ones, which may begin two seconds late. */
const WATCHED_SECONDS = 6;
const VIDEO_TAG = 9;
/** Flashes at the end, when the event is two seconds ago. */
const SETTLED_SIGNALS = 3;
const MAXIMUM_APART_SECONDS = 0.1;
/** The push has ended by then: viewers stay all the same. */
const RECORDED_MS = 12_000;

const clip = (from: number, seconds: number, ...words: readonly string[]): Promise<Buffer> =>
  flashClip('h264', 'aac').then((path) =>
    runOk('ffmpeg', [
      ...['-v', 'error', '-ss', String(from), '-i', path, '-t', String(seconds), '-c', 'copy'],
      ...words,
      '-',
    ]),
  );
const twice = async (...words: readonly string[]): Promise<Buffer> =>
  Buffer.concat([await clip(0, EVENT_SECONDS, ...words), await clip(0, SECONDS - EVENT_SECONDS, ...words)]);
const MP4 = [
  '-movflags',
  'frag_keyframe+empty_moov+default_base_moof',
  '-frag_duration',
  '200000',
  '-f',
  'mp4',
];
const TS_WRAP_SECONDS = 2 ** 33 / 90000;
const behindEvent = (ms: number): number => (ms >= EVENT_SECONDS * 1000 ? 1 : 0);

/** Name of the stream → what is pushed into it. */
const INPUTS: Readonly<Record<string, () => Promise<Buffer>>> = {
  'ts-wraps': () =>
    clip(0, SECONDS, '-output_ts_offset', String(TS_WRAP_SECONDS - EVENT_SECONDS - 1.4), '-f', 'mpegts'),
  'flv-wraps': () => flv((_, ms) => ms + 2 ** 32 - EVENT_SECONDS * 1000),
  'flv-jumps': () => flv((_, ms) => ms + 3_600_000 * behindEvent(ms)),
  'flv-jumps-back': () => flv((_, ms) => ms + 7_200_000 - 3_600_000 * behindEvent(ms)),
  'flv-jumps-in-picture': () =>
    flv((kind, ms) => ms + (kind === VIDEO_TAG ? 3_600_000 * behindEvent(ms) : 0)),
  'flv-jumps-in-sound': () =>
    flv((kind, ms) => ms + 7000 - (kind === VIDEO_TAG ? 0 : 6000 * behindEvent(ms))),
  'flv-runs-backwards': () =>
    flv(
      (_, ms) =>
        ms -
        2 *
          Math.max(0, Math.min(ms, EVENT_SECONDS * 1000 + 500) - EVENT_SECONDS * 1000) *
          (ms < EVENT_SECONDS * 1000 + 500 ? 1 : 0),
    ),
  'flv-stands': () => flv(() => 0),
  'ts-begins-again': () => twice('-f', 'mpegts'),
  'flv-begins-again': () => twice('-f', 'flv'),
  'mp4-begins-again': () => twice(...MP4),
  'nut-begins-again': () => twice('-f', 'nut'),
};
const TYPES: Readonly<Record<string, string>> = {
  ts: 'video/mp2t',
  flv: 'video/x-flv',
  mp4: 'video/mp4',
  nut: 'video/x-nut',
};

/** Recorded for every input, and judged when all is over: dozens of decoders at a time would ask too much of a machine. */
const RECORDED = ['mp4', 'ts', 'flv', 'mkv'] as const;
/** FFmpeg is the viewer of these. */
const WATCHED_LIVE = ['ts-begins-again', 'flv-jumps-in-picture'];

describe('a clock of a camera', () => {
  let server: TestServer;
  let rtmpPort: number;
  const recordings = new Map<string, Promise<Buffer>>();
  const live = new Map<string, Promise<Judgement>>();

  before(async () => {
    rtmpPort = await freePort();
    const names = Object.keys(INPUTS);
    server = await startServer({
      streams: Object.fromEntries(names.map((name) => [name, null])),
      rtmp: { listen: `127.0.0.1:${rtmpPort}` },
    });
    const pushed = new Map<string, Buffer>();
    for (const name of names) pushed.set(name, await INPUTS[name]!());
    await Promise.all(
      names.map(async (name) => {
        const url = server.url(`/api/stream?dst=${name}`);
        void push(url, pushed.get(name)!, TYPES[name.split('-', 1)[0]!]!);
        await until('the push', async () => (await server.stream(name)).producers.some(({ id }) => id));
        for (const format of RECORDED)
          recordings.set(`${name} ${format}`, record(server.url(`/api/stream.${format}?src=${name}`)));
        if (!WATCHED_LIVE.includes(name)) return;
        for (const [title, [address, ...options]] of Object.entries(liveOutputs(name)))
          live.set(`${name} ${title}`, judge(address!, { seconds: WATCHED_SECONDS, options }));
      }),
    );
    await Promise.all([...recordings.values(), ...live.values()]);
  });
  after(() => server?.stop());

  const liveOutputs = (name: string): Record<string, string[]> => ({
    HLS: [server.url(`/api/stream.m3u8?src=${name}`)],
    'HLS of MP4': [server.url(`/api/stream.m3u8?src=${name}&mp4`)],
    RTSP: [server.rtsp(name), '-rtsp_transport', 'tcp'],
    RTMP: [`rtmp://127.0.0.1:${rtmpPort}/${name}`],
  });

  for (const name of Object.keys(INPUTS)) {
    for (const format of RECORDED)
      test(`${name}: ${format}`, async (t) => {
        const bytes = await recordings.get(`${name} ${format}`)!;
        assertSound(name, await judge('-', { bytes, options: format === 'ts' ? ['-f', 'mpegts'] : [] }), t);
      });
    if (WATCHED_LIVE.includes(name))
      for (const title of ['HLS', 'HLS of MP4', 'RTSP', 'RTMP'])
        test(`${name}: ${title}`, async (t) => assertSound(name, await live.get(`${name} ${title}`)!, t));
  }
});

/** Before and behind the event: monotonic, together, and the whole of it. */
function assertSound(name: string, { video, audio, complaints }: Judgement, t: TestContext): void {
  assert.deepEqual(complaints, []);
  assert.ok(video && audio);
  for (const { times } of [video, audio]) {
    for (const [n, time] of times.entries())
      assert.ok(n === 0 || time > times[n - 1]!, `after ${times[n - 1]} s comes ${time} s`);
    assert.ok(times.at(-1)! - times[0]! > WATCHED_SECONDS - 2, `${times.at(-1)! - times[0]!} s`);
  }
  const heard = video.signals.filter((flash) => flash < audio.signals.at(-1)! + 0.5);
  const apart = heard.map((flash) => Math.min(...audio.signals.map((beep) => Math.abs(beep - flash))));
  t.diagnostic(`${video.times.length} pictures, sound and picture apart ${apart.map((n) => n.toFixed(2))}`);
  assert.ok(apart.length >= WATCHED_SECONDS - 3, `${apart.length} flashes`);
  // Where all times are the same, nobody can tell what belongs together.
  if (name === 'flv-stands') return;
  for (const seconds of apart.slice(-SETTLED_SIGNALS)) assert.ok(seconds < MAXIMUM_APART_SECONDS, `${apart}`);
}

async function record(url: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(RECORDED_MS) });
    assert.equal(response.status, 200, url);
    for await (const piece of response.body!) pieces.push(Buffer.from(piece));
  } catch (error) {
    if ((error as Error).name !== 'TimeoutError') throw error;
    return Buffer.concat(pieces);
  }
  throw new Error('the server sent the viewer away');
}

/** The clip as FLV with other times, of 32 bits (FFmpeg writes 31 of them). */
async function flv(timeOf: (kind: number, ms: number) => number): Promise<Buffer> {
  const bytes = await clip(0, SECONDS, '-f', 'flv');
  for (let at = 13; at + 11 <= bytes.length; at += 15 + bytes.readUIntBE(at + 1, 3)) {
    const ms = timeOf(bytes[at]!, bytes.readUIntBE(at + 4, 3)) % 2 ** 32;
    bytes.writeUIntBE(ms & 0xffffff, at + 4, 3);
    bytes[at + 7] = Math.floor(ms / 2 ** 24);
  }
  return bytes;
}

/** Pushes bytes evenly over the seconds that they last. */
async function push(url: string, whole: Buffer, type: string): Promise<void> {
  const post = request(url, { method: 'POST', headers: { 'content-type': type } });
  post.on('error', () => {});
  post.on('response', (response) => response.resume());
  const startedAt = performance.now();
  for (let at = 0; at < whole.length; ) {
    const due = Math.floor((whole.length * (performance.now() - startedAt + 300)) / (SECONDS * 1000));
    if (due > at) post.write(whole.subarray(at, due));
    at = Math.max(at, due);
    await sleep(20);
  }
  post.end();
}
