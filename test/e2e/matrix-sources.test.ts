/** Every kind of source, fed by a real peer and pulled by RTSP and MP4 at once: the tables of test/matrix/sources.ts. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Feeder, startFeeder } from '../fakes/byte-feeder.ts';
import { FLASH_SIZE, flashClip } from '../fakes/flash-clip.ts';
import { type Judgement, judge } from '../helpers/judge.ts';
import { freePort } from '../helpers/ports.ts';
import { runOk, spawnTied } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';
import type { Cell } from '../matrix/outputs.ts';
import { ADDRESSES, BYTE_FORMATS, type Transport } from '../matrix/sources.ts';

const SECONDS = 4;
const PARALLEL = 6;
const MAXIMUM_DELAY_SECONDS = 0.1;

describe('sources', { concurrency: PARALLEL }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-matrix-'));
  const children: ChildProcess[] = [];
  const feeders: Feeder[] = [];
  let server: TestServer;
  let feeds: Feeder;
  let rtmpPort: number;
  let udpPort: number;
  const pushes = new Map<string, () => void>();

  const ffmpeg = (...words: readonly string[]): ChildProcess => {
    const child = spawnTied('ffmpeg', ['-v', 'error', '-re', '-stream_loop', '-1', ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  };

  before(async () => {
    const clip = await flashClip('h264', 'aac');
    const streams: Record<string, string | null> = {};
    feeds = await startFeeder();
    feeders.push(feeds);
    for (const [index, entry] of BYTE_FORMATS.entries()) {
      const words = ['-i', await flashClip(...entry.clip), ...entry.words.split(' ')];
      feeds.add(`/${index}`, words, entry.contentType ?? 'application/octet-stream');
      for (const transport of entry.transports) {
        const name = nameOf(index, transport);
        streams[name] = await sourceOf(transport, index, words);
        if (transport === 'post') pushes.set(name, () => post(name, words));
      }
    }
    feeds.add('/feed', ['-i', clip, '-c', 'copy', '-f', 'mpegts'], 'video/mp2t');
    await runOk('ffmpeg', [
      '-v',
      'error',
      '-i',
      await flashClip('mjpeg'),
      '-frames:v',
      '1',
      '-c',
      'copy',
      join(folder, 'picture.jpg'),
    ]);
    startHls(clip);
    feeds.serve(folder);
    rtmpPort = await freePort();
    udpPort = await freePort();
    ffmpeg('-i', clip, '-c', 'copy', '-f', 'mpegts', `udp://127.0.0.1:${udpPort}?pkt_size=1316`);
    streams.feed = feeds.url('/feed');
    for (const [index, { source }] of ADDRESSES.entries()) {
      streams[nameOf(index, 'address')] = source ? source : null;
    }
    streams['pushed-rtmp'] = null;
    const fill = (source: string): string =>
      source
        .replace('{SERVED}', feeds.url(''))
        .replace('{FEED}', feeds.url('/feed'))
        .replace('{CLIP}', clip)
        .replace('{UDP}', String(udpPort))
        .replace('{RTMP}', String(rtmpPort));
    for (const [name, source] of Object.entries(streams)) if (source) streams[name] = fill(source);
    server = await startServer({
      streams,
      rtmp: { listen: `127.0.0.1:${rtmpPort}` },
      transcode: { limit: 32 },
    });
    for (const [index, { source }] of ADDRESSES.entries()) {
      if (!source.includes('{API}')) continue;
      const src = source.replace('{API}', String(server.apiPort));
      const query = new URLSearchParams({ name: nameOf(index, 'address'), src });
      assert.equal((await server.fetch(`/api/streams?${query}`, { method: 'PATCH' })).status, 200);
    }
    ffmpeg('-i', clip, '-c', 'copy', '-f', 'flv', `rtmp://127.0.0.1:${rtmpPort}/pushed-rtmp`);
    for (const [index, { format, source }] of ADDRESSES.entries()) {
      if (source) continue;
      const name = nameOf(index, 'address');
      const target =
        format === 'rtmp'
          ? ['-f', 'flv', `rtmp://127.0.0.1:${rtmpPort}/${name}`]
          : ['-f', 'rtsp', server.rtsp(name)];
      pushes.set(name, () => void ffmpeg('-i', clip, '-c', 'copy', ...target));
    }
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await server?.stop();
    for (const feeder of feeders) await feeder.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function sourceOf(
    transport: Transport,
    index: number,
    words: readonly string[],
  ): Promise<string | null> {
    if (transport === 'post') return null;
    if (transport === 'http') return feeds.url(`/${index}`);
    if (transport === 'pipe') return `exec:ffmpeg -v error -re -stream_loop -1 ${words.join(' ')} -`;
    const feeder = await startFeeder(words);
    feeders.push(feeder);
    return feeder.tcp;
  }

  function post(name: string, words: readonly string[]): void {
    const body = request(server.url(`/api/stream?dst=${name}`), { method: 'POST' });
    body.on('error', () => {});
    ffmpeg(...words, '-').stdout!.pipe(body);
  }

  /** Live playlists with MPEG-TS and with fMP4 segments, the latter behind a master playlist. */
  function startHls(clip: string): void {
    mkdirSync(join(folder, 'hls'));
    mkdirSync(join(folder, 'hls-fmp4'));
    const words = ['-i', clip, '-c', 'copy', '-f', 'hls', '-hls_time', '1', '-hls_flags', 'delete_segments'];
    ffmpeg(...words, join(folder, 'hls/live.m3u8'));
    ffmpeg(...words, '-hls_segment_type', 'fmp4', join(folder, 'hls-fmp4/live.m3u8'));
    writeFileSync(
      join(folder, 'hls-fmp4/master.m3u8'),
      '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.42c015"\nmissing.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=900000\nlive.m3u8\n',
    );
  }

  async function pulls(name: string, rtsp: Cell, mp4: Cell): Promise<void> {
    pushes.get(name)?.();
    if (pushes.has(name))
      await until(
        `a push into ${name}`,
        async () => (await server.stream(name)).producers.some(({ id }) => id !== undefined),
        15_000,
      );
    const [byRtsp, byMp4] = await Promise.all([
      judge(server.rtsp(name), { seconds: SECONDS, options: ['-rtsp_transport', 'tcp'] }),
      judge(server.url(`/api/stream.mp4?src=${name}`), { seconds: SECONDS }),
    ]);
    check('RTSP', byRtsp, rtsp);
    check('MP4', byMp4, mp4);
  }

  for (const [index, entry] of BYTE_FORMATS.entries()) {
    for (const transport of entry.transports) {
      const what = [...entry.clip].filter(Boolean).join(' + ');
      test(`${entry.format} with ${what} by ${transport}`, () =>
        pulls(nameOf(index, transport), entry.rtsp, entry.mp4));
    }
  }
  for (const [index, entry] of ADDRESSES.entries()) {
    test(`${entry.format}: ${entry.title}`, () => pulls(nameOf(index, 'address'), entry.rtsp, entry.mp4));
  }
});

const nameOf = (index: number, transport: Transport | 'address'): string => `${transport}${index}`;

function check(by: string, { video, audio, complaints, audioDelay }: Judgement, cell: Cell): void {
  assert.equal(`${video?.codec ?? ''}/${audio?.codec ?? ''}`, cell, `${by}: ${complaints.join('\n')}`);
  assert.deepEqual(complaints, [], by);
  if (video) assert.deepEqual([video.width, video.height], [FLASH_SIZE.width, FLASH_SIZE.height]);
  for (const { times } of [video, audio].filter((track) => track !== undefined)) {
    assert.ok(times.length >= 2, `${by}: ${times.length} frames`);
    assert.ok(
      times.every((seconds, index) => index === 0 || seconds > times[index - 1]!),
      `${by}: times increase`,
    );
    assert.ok(times.at(-1)! - times[0]! > SECONDS - 2, `${by}: ${times.at(-1)! - times[0]!} s`);
  }
  if (video && audio)
    assert.ok(Math.abs(audioDelay) < MAXIMUM_DELAY_SECONDS, `${by}: sound is ${audioDelay} s late`);
}
