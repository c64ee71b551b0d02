/** Every output of a camera of every kind, decoded by ffmpeg for ten seconds: the table of test/matrix/outputs.ts. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ffmpegFeeds } from '../fakes/ffmpeg-feed.ts';
import { FLASH_SIZE, flashClip } from '../fakes/flash-clip.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { type Judgement, judge } from '../helpers/judge.ts';
import { freePort } from '../helpers/ports.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { type Cell, OUTPUTS, type OutputCase, STREAMS, type StreamName } from '../matrix/outputs.ts';

const SECONDS = 10;
const PARALLEL = 8;
/** ffmpeg's -t counts from the first time stamp of any track, and the first fragments may be part of a second. */
const LEAST_SECONDS = SECONDS - 1;
const MAXIMUM_DELAY_SECONDS = 0.1;
/** ffmpeg puts half a second of AAC into one packet: until its first sender reports, nothing tells when it was captured. */
const WARM_UP_MS = 6000;
const NAMES = Object.keys(STREAMS) as StreamName[];
/** In URLs and in the config. */
const slug = (name: StreamName): string => name.replaceAll(' ', '').replaceAll('+', '_');

describe('outputs', { concurrency: PARALLEL }, () => {
  const cameras: RtspCamera[] = [];
  let server: TestServer;
  let rtmpPort: number;

  before(async () => {
    const streams: Record<string, string> = {};
    for (const name of NAMES) {
      const { video, audio } = STREAMS[name];
      const clip = await flashClip(video, audio);
      const inputs = ['-re', '-stream_loop', '-1', '-i', clip];
      const tracks = [
        ...(video ? [{ kind: 'video' as const, options: ['-map', '0:v', '-c', 'copy'] }] : []),
        ...(audio ? [{ kind: 'audio' as const, options: ['-map', '0:a', '-c', 'copy'] }] : []),
      ];
      const camera = await startRtspCamera({ feeds: ffmpegFeeds(inputs, tracks) });
      cameras.push(camera);
      streams[slug(name)] = camera.url;
    }
    rtmpPort = await freePort();
    server = await startServer({
      streams,
      rtmp: { listen: `127.0.0.1:${rtmpPort}` },
      transcode: { limit: 16 },
      preload: Object.fromEntries(NAMES.map((name) => [slug(name), ''])),
    });
    await sleep(WARM_UP_MS);
  });
  after(async () => {
    await server?.stop();
    for (const camera of cameras) await camera.close();
  });

  const urlOf = ({ address }: OutputCase, name: StreamName): string => {
    const path = address.replace('NAME', slug(name));
    if (path.startsWith('rtsp:///')) return server.rtsp(path.slice(8));
    if (path.startsWith('rtmp:///')) return `rtmp://127.0.0.1:${rtmpPort}/${path.slice(8)}`;
    return server.url(path);
  };

  for (const output of OUTPUTS) {
    for (const name of NAMES) {
      const cell = output.cells[name];
      test(`${output.title} of ${name}: ${cell}`, async () => {
        const url = urlOf(output, name);
        if (cell === 'refused') return refuses(url);
        const { options = [], still } = output;
        if (still) return shows(await judgePicture(url), cell);
        plays(await judge(url, { seconds: SECONDS, options }), cell, output.untimed);
      });
    }
  }

  for (const [name, cell] of [
    ['h264 + aac', 'h264/aac'],
    ['hevc + aac', 'hevc/aac'],
    ['mjpeg', 'h264/'],
    ['pcm_alaw', '/flac'],
  ] as const) {
    test(`MSE of ${name}: ${cell}`, async () => {
      await using viewer = await watchMse(server, slug(name), { keep: true });
      await viewer.play(SECONDS);
      await viewer.close();
      plays(await judge('-', { bytes: viewer.recording() }), cell);
    });
  }
});

async function refuses(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(15_000) });
  const text = await answer.text();
  assert.equal(answer.status, 406, text);
  assert.match(text, /camera offers .*; viewer accepts /);
}

async function judgePicture(url: string): Promise<Judgement> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(15_000) });
  assert.equal(answer.status, 200, url);
  return judge('-', { bytes: Buffer.from(await answer.arrayBuffer()) });
}

function shows({ video, audio, complaints }: Judgement, cell: Cell): void {
  assert.deepEqual(complaints, []);
  assert.equal(`${video?.codec ?? ''}/${audio?.codec ?? ''}`, cell);
  assert.deepEqual([video?.width, video?.height], [FLASH_SIZE.width, FLASH_SIZE.height]);
  assert.equal(video?.times.length, 1);
}

function plays(judgement: Judgement, cell: Cell, untimed = false): void {
  const { video, audio, complaints, audioDelay } = judgement;
  assert.equal(`${video?.codec ?? ''}/${audio?.codec ?? ''}`, cell);
  assert.deepEqual(complaints, []);
  if (video) assert.deepEqual([video.width, video.height], [FLASH_SIZE.width, FLASH_SIZE.height]);
  for (const { times, signals } of [video, audio].filter((track) => track !== undefined)) {
    assert.ok(
      times.every((seconds, index) => index === 0 || seconds > times[index - 1]!),
      'times increase',
    );
    assert.ok(signals.length >= LEAST_SECONDS - 1, `${signals.length} signals`);
    if (!untimed)
      assert.ok(times.at(-1)! - times[0]! >= LEAST_SECONDS - 0.5, `${times.at(-1)! - times[0]!} s`);
  }
  if (video && audio)
    assert.ok(Math.abs(audioDelay) < MAXIMUM_DELAY_SECONDS, `sound is ${audioDelay} s late`);
}
