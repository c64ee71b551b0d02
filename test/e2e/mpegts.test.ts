/** MPEG-TS through the whole server: pushed by HTTP and UDP, pulled as TS, ADTS and RTSP, with FFmpeg at both ends. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, probe } from '../helpers/ffmpeg.ts';
import { freePort } from '../helpers/ports.ts';
import { spawnTied } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const TCP = ['-rtsp_transport', 'tcp'];
/** A transport stream counts the time of the stream, not of the viewer. */
const FROM_ZERO = ['-start_at_zero'];
const SECONDS = 2;
const VIDEO = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25'];
const AUDIO = ['-re', '-f', 'lavfi', '-i', 'sine=sample_rate=48000'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p'];
const HEVC = [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-x265-params',
  'log-level=none:keyint=25:bframes=2',
];

function ffmpeg(...words: readonly string[]): ChildProcess {
  return spawnTied('ffmpeg', ['-v', 'error', ...VIDEO, ...AUDIO, ...words], { stdio: 'ignore' });
}

async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null) return;
  const ended = once(process, 'exit');
  process.kill('SIGINT');
  await ended;
}

/** Seconds that the first of one track is away from the first of the other, and the steps within a track. */
function assertSteady({ times }: { readonly times: readonly number[] }, longest: number): void {
  const steps = times.slice(1).map((time, at) => time - times[at]!);
  assert.ok(
    steps.every((step) => step > 0 && step < longest),
    `steps up to ${Math.max(...steps)} s`,
  );
}

describe('MPEG-TS', { concurrency: 2 }, () => {
  let server: TestServer;
  let port: number;
  let group: number;

  before(async () => {
    port = await freePort();
    group = await freePort();
    server = await startServer({
      streams: {
        pushed: null,
        hevc: null,
        again: null,
        datagrams: `udp://127.0.0.1:${port}`,
        group: `udp://239.255.77.8:${group}?localaddr=127.0.0.1`,
        silent: `udp://127.0.0.1:${await freePort()}`,
      },
    });
  });
  after(() => server?.stop());

  const post = (name: string, ...words: readonly string[]): ChildProcess =>
    ffmpeg(...words, '-f', 'mpegts', server.url(`/api/stream.ts?dst=${name}`));

  const pushed = async (name: string): Promise<void> => {
    await until('the push', async () => (await server.stream(name)).producers[0]?.id);
  };

  test('a port to which nobody sends is an error in time', async () => {
    const response = await server.fetch('/api/stream.ts?src=silent');
    assert.ok(response.status >= 500, `${response.status}`);
    assert.match(await response.text(), /no datagram on UDP port \d+/);
  });

  for (const [name, codec, words] of [
    ['pushed', 'h264', [...H264, '-bf', '2', '-c:a', 'aac']],
    ['hevc', 'hevc', [...HEVC, '-c:a', 'aac', '-ar', '16000', '-ac', '2']],
  ] as const) {
    test(`${codec} with B-frames and aac, pushed by HTTP: as TS, RTSP and ADTS`, async () => {
      const camera = post(name, ...words);
      try {
        await pushed(name);
        const ts = server.url(`/api/stream.ts?src=${name}`);
        const [pulled, rtsp, adts, streams] = await Promise.all([
          decode(ts, SECONDS, { options: FROM_ZERO }),
          decode(server.rtsp(name), SECONDS, { options: TCP }),
          decode(server.url(`/api/stream.aac?src=${name}`), SECONDS),
          probe(ts),
        ]);
        assert.deepEqual(
          streams.map(({ codec_name, width, channels }) => [codec_name, width ?? channels]),
          [
            [codec, 640],
            ['aac', name === 'hevc' ? 2 : 1],
          ],
        );
        assert.deepEqual(pulled.complaints, []);
        for (const { video, audio } of [pulled, rtsp]) {
          assert.ok(video.distinct > 20 * SECONDS, `${video.distinct} pictures`);
          assertSteady(video, 0.3);
          assertSteady(audio, 0.2);
          assert.ok(Math.abs(video.times[0]! - audio.times[0]!) < 0.3, 'they begin together');
        }
        assert.deepEqual(adts.complaints, []);
        assert.ok(adts.audio.times.length > 10 * SECONDS, `${adts.audio.times.length} sounds`);
        const [producer] = (await server.stream(name)).producers;
        assert.equal(producer?.format_name, 'mpegts');
      } finally {
        await end(camera);
      }
    });
  }

  test('a viewer of TS goes on when the push ends and another one, of another size, begins', async () => {
    const first = post('again', ...H264, '-c:a', 'aac');
    await pushed('again');
    const watching = decode(server.url('/api/stream.ts?src=again'), 6, { options: FROM_ZERO });
    await sleep(1500);
    await end(first);
    const second = post('again', ...H264, '-s', '320x180', '-c:a', 'aac');
    const { video, complaints } = await watching;
    await end(second);
    assert.ok(video.distinct > 60, `${video.distinct} pictures`);
    assert.ok(video.times.every((time, at) => at === 0 || time > video.times[at - 1]!));
    assert.deepEqual(
      complaints.filter((line) => /corrupt|non monoton|discontinuity|Invalid/i.test(line)),
      [],
    );
  });

  for (const [name, codec] of [
    ['datagrams', 'h264'],
    ['group', 'h264'],
  ] as const) {
    test(`${name}: UDP, as TS and RTSP`, async () => {
      const target =
        name === 'group'
          ? `udp://239.255.77.8:${group}?localaddr=127.0.0.1&ttl=0&pkt_size=1316`
          : `udp://127.0.0.1:${port}?pkt_size=1316`;
      const camera = ffmpeg(...H264, '-c:a', 'aac', '-f', 'mpegts', target);
      try {
        const [ts, rtsp] = await Promise.all([
          decode(server.url(`/api/stream.ts?src=${name}`), SECONDS, { options: FROM_ZERO }),
          decode(server.rtsp(name), SECONDS, { options: TCP }),
        ]);
        assert.deepEqual(ts.complaints, []);
        for (const { video, audio } of [ts, rtsp]) {
          assert.ok(
            video.distinct > 20 * SECONDS && audio.times.length > 20 * SECONDS,
            `${video.distinct} pictures`,
          );
        }
        const [producer] = (await server.stream(name)).producers;
        assert.equal(producer?.format_name, 'mpegts');
        assert.equal(producer?.receivers?.[0]?.codec.codec_name, codec);
      } finally {
        await end(camera);
      }
    });
  }
});
