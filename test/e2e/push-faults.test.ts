/**
 * What befalls clients that push, and what viewers see of it: the push that ends and the one that follows, two at
 * once, garbage in the middle, a client that falls silent with its connection open.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { flashClip } from '../fakes/flash-clip.ts';
import { judge } from '../helpers/judge.ts';
import { freePort } from '../helpers/ports.ts';
import { watchRtsp } from '../helpers/rtsp-viewer.ts';
import { runOk, spawnTied } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { type MseViewer, watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const WIDE = { width: 640, height: 360 };
/** Video that is silent for longer is a failure. */
const WATCHDOG_MS = 5000;
const HTTP_MUXERS = {
  ts: ['-f', 'mpegts'],
  flv: ['-f', 'flv'],
  mp4: ['-f', 'mp4', '-movflags', 'frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '200000'],
} as const;
const WAYS = ['ts', 'flv', 'mp4', 'rtmp', 'rtsp'] as const;
type Way = (typeof WAYS)[number];

/** A client that pushes. */
interface Push {
  /** Ends in good order. */
  end(): Promise<void>;
  /** Goes on with the connection, but sends nothing any more. */
  stall(): void;
  /** The program or the request is over: its exit code, or the status and text of the answer. */
  readonly over: Promise<string>;
  /** By HTTP only: bytes between those of the stream. */
  inject?(bytes: Buffer): void;
}

describe('a push', { concurrency: true }, () => {
  let server: TestServer;
  let folder: string;
  let rtmpPort: number;
  let clips: { small: string; wide: string };
  const pushes = new Set<Push>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porthole-push-'));
    const wide = join(folder, 'wide.mkv');
    const small = await flashClip('h264', 'aac');
    await runOk('ffmpeg', [
      ...['-v', 'error', '-i', small, '-vf', `scale=${WIDE.width}:${WIDE.height}`, '-c:v', 'libx264'],
      ...['-preset', 'ultrafast', '-g', '15', '-bf', '2', '-c:a', 'copy', wide],
    ]);
    clips = { small, wide };
    rtmpPort = await freePort();
    const names = [
      ...WAYS.flatMap((way) => [`${way}-again`, `${way}-both`, `${way}-stall`]),
      'ts-garbage',
      'flv-garbage',
      'mp4-garbage',
    ];
    server = await startServer({
      streams: Object.fromEntries(names.map((name) => [name, null])),
      rtmp: { listen: `127.0.0.1:${rtmpPort}` },
    });
  });
  after(async () => {
    for (const push of pushes) await push.end();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function push(way: Way, name: string, size: 'small' | 'wide' = 'small'): Promise<Push> {
    const words = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', clips[size], '-c', 'copy'];
    let started: Push;
    if (way === 'rtsp')
      started = programPush([...words, '-f', 'rtsp', '-rtsp_transport', 'tcp', server.rtsp(name)]);
    else if (way === 'rtmp')
      started = programPush([...words, '-f', 'flv', `rtmp://127.0.0.1:${rtmpPort}/${name}`]);
    else
      started = httpPush(server.url(`/api/stream.${way}?dst=${name}`), [
        ...words,
        ...HTTP_MUXERS[way],
        '-flush_packets',
        '1',
        '-',
      ]);
    pushes.add(started);
    return started;
  }

  /** Those that are connected: while viewers wait, one without a connection is listed. */
  const producers = async (name: string) =>
    (await server.stream(name)).producers.filter(({ id }) => id !== undefined);
  const arrived = (name: string): Promise<boolean> =>
    until(`a push to ${name}`, async () => (await producers(name)).length === 1);

  for (const way of WAYS) {
    test(`by ${way} that ends leaves viewers waiting, and the next one resumes them, in another size`, async () => {
      const name = `${way}-again`;
      const first = await push(way, name);
      await arrived(name);
      await using mse = await watchMse(server, name, { keep: true });
      await using rtsp = await watchRtsp(server.rtsp(name));
      await mse.play(1.5);
      await first.end();
      await until('the producer to be gone', async () => (await producers(name)).length === 0);
      await sleep(300);
      const { messages } = mse;
      const { packets } = rtsp;
      await sleep(700);
      assert.deepEqual([mse.messages, rtsp.packets], [messages, packets], 'nothing comes meanwhile');
      assert.ok(!mse.closed && !rtsp.closed);
      assert.equal(await server.viewers(name), 2);
      await push(way, name, 'wide');
      await mse.play(2);
      assert.ok(rtsp.packets > packets + 20, `${rtsp.packets - packets} packets to the RTSP viewer`);
      assert.ok(!mse.closed && !rtsp.closed);
      await mse.close();
      assert.deepEqual(mse.errors, []);
      assert.equal(mse.initialisations, 2);
      await assertTogether(mse, way, 0);
      await assertTogether(mse, way, 1);
    });

    test(`by ${way}: a second client takes over, and the first is told`, async () => {
      const name = `${way}-both`;
      const older = await push(way, name);
      await arrived(name);
      await using mse = await watchMse(server, name, { keep: true });
      await mse.play(0.7);
      const [{ id } = {}] = await producers(name);
      const newer = await push(way, name);
      const told = await Promise.race([older.over, sleep(8000, 'nothing')]);
      if (way in HTTP_MUXERS) assert.match(told, /another client publishes/);
      else assert.notEqual(told, 'nothing');
      const [now, ...others] = await producers(name);
      assert.equal(others.length, 0);
      assert.notEqual(now?.id, id);
      await mse.play(2);
      await mse.close();
      assert.deepEqual(mse.errors, []);
      await assertTogether(mse, way);
      await newer.end();
    });

    test(`by ${way} that falls silent is dropped, and another resumes its viewers`, async () => {
      const name = `${way}-stall`;
      const silent = await push(way, name);
      await arrived(name);
      await using mse = await watchMse(server, name);
      await mse.play(0.5);
      const since = performance.now();
      silent.stall();
      await until(
        'the silent client to be dropped',
        async () => (await producers(name)).length === 0,
        2 * WATCHDOG_MS,
      );
      const seconds = (performance.now() - since) / 1000;
      assert.ok(seconds > WATCHDOG_MS / 1000 - 1 && seconds < 8, `after ${seconds} s`);
      assert.ok(!mse.closed);
      await push(way, name);
      await mse.play(1);
      assert.deepEqual(mse.errors, []);
    });
  }

  for (const way of ['ts', 'flv', 'mp4'] as const) {
    test(`by ${way} with garbage in the middle goes on, and the damage is counted`, async () => {
      const name = `${way}-garbage`;
      const damaged = await push(way, name);
      await arrived(name);
      await using mse = await watchMse(server, name, { keep: true });
      await mse.play(0.7);
      for (const bytes of [7, 1000, 20_000]) {
        damaged.inject!(randomBytes(bytes));
        await sleep(700);
      }
      await mse.play(1);
      const [producer, ...others] = await producers(name);
      assert.equal(others.length, 0);
      assert.ok(Number(producer?.corrupt) > 0, JSON.stringify(producer));
      await mse.close();
      assert.deepEqual(mse.errors, []);
      await assertTogether(mse, way, -1, false);
      await damaged.end();
    });
  }
});

function programPush(words: readonly string[]): Push {
  const child = spawnTied('ffmpeg', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = text(child.stderr!);
  const over = once(child, 'exit').then(async ([code]) => `${code} ${await said}`);
  return { over, end: () => endProgram(child), stall: () => void child.kill('SIGSTOP') };
}

function httpPush(url: string, words: readonly string[]): Push {
  const child = spawnTied('ffmpeg', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  const post: ClientRequest = request(url, { method: 'POST' });
  const over = answerOf(post);
  child.stdout!.pipe(post);
  return {
    over,
    async end() {
      await endProgram(child);
      await Promise.race([over, sleep(2000)]);
      post.destroy();
    },
    stall: () => void child.stdout!.unpipe(post),
    inject: (bytes) => void post.write(bytes),
  };
}

async function answerOf(post: ClientRequest): Promise<string> {
  try {
    const [response] = (await once(post, 'response')) as [IncomingMessage];
    post.on('error', () => {});
    return `${response.statusCode} ${await text(response)}`;
  } catch (error) {
    return `${error}`;
  }
}

async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdout?.resume();
  child.kill('SIGCONT');
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
  await ended;
  clearTimeout(timer);
}

/** Times increase, flashes and beeps come together, and FFmpeg has nothing to say (unless the pictures were damaged). */
async function assertTogether(viewer: MseViewer, way: Way, run = -1, whole = true): Promise<void> {
  const { video, audio, audioDelay, complaints } = await judge('-', { bytes: viewer.recording(run) });
  if (whole) assert.deepEqual(complaints, []);
  for (const times of [video!.times, audio!.times])
    for (const [index, time] of times.entries())
      assert.ok(index === 0 || time > times[index - 1]!, `after ${times[index - 1]} s comes ${time} s`);
  // FFmpeg puts half a second of AAC into an RTP packet, and tells only later when it was captured.
  const limit = way === 'rtsp' ? 0.6 : 0.1;
  assert.ok(Math.abs(audioDelay) < limit, `sound is ${audioDelay} s late`);
}
