/**
 * An HLS server that has bad moments: errors instead of playlists and segments, playlists cut off, segments that are
 * missing or end too soon. The stream goes on, what is lost is counted, sound stays with the picture.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { flashClip } from '../fakes/flash-clip.ts';
import { judge } from '../helpers/judge.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';

const SEGMENTS = 30;
const LISTED = 8;
/** Segments that are there when the first playlist is asked for. */
const READY = 6;
/** What happens to the requests for a segment, by its number: each is answered so only once, but for the missing one. */
const SEGMENT_FAULTS: Readonly<Record<number, 'error' | 'missing' | 'cut' | 'cut unseen'>> = {
  5: 'error',
  7: 'cut',
  9: 'missing',
  11: 'cut unseen',
};
/** And to the requests for playlists, one after the other. */
const PLAYLIST_FAULTS: Readonly<Record<number, 'error' | 'cut'>> = { 3: 'error', 4: 'error', 6: 'cut' };

describe('an HLS server with bad moments', { concurrency: true }, () => {
  let folder: string;
  let origin: Server;
  let server: TestServer;
  const asked = new Map<string, number>();
  let startedAt = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porthole-hls-'));
    const clip = await flashClip('h264', 'aac');
    for (const type of ['mpegts', 'fmp4'])
      await runOk('ffmpeg', [
        ...['-v', 'error', '-i', clip, '-t', String(SEGMENTS), '-c', 'copy', '-f', 'hls', '-hls_time', '1'],
        ...['-hls_list_size', '0', '-hls_segment_type', type, '-hls_fmp4_init_filename', 'init.mp4'],
        ...['-hls_segment_filename', join(folder, type === 'fmp4' ? '%d.m4s' : '%d.ts')],
        join(folder, `${type}.m3u8`),
      ]);
    origin = createServer(async ({ url = '' }, response) => {
      const name = url.slice(1);
      const count = (asked.get(name) ?? 0) + 1;
      asked.set(name, count);
      if (name.endsWith('.m3u8')) {
        startedAt ||= performance.now();
        const fault = PLAYLIST_FAULTS[count];
        if (fault === 'error') return void response.writeHead(500).end('sorry');
        const text = playlist(name.startsWith('fmp4'), READY + (performance.now() - startedAt) / 1000);
        response.writeHead(200, { 'content-length': text.length });
        return void (fault === 'cut'
          ? response.write(text.slice(0, 70), () => response.destroy())
          : response.end(text));
      }
      const bytes = await readFile(join(folder, name));
      const fault = name === 'init.mp4' ? undefined : SEGMENT_FAULTS[Number.parseInt(name, 10)];
      if (fault === 'missing') return void response.writeHead(404).end();
      if (fault === 'error' && count === 1) return void response.writeHead(503).end();
      if (fault === 'cut' && count === 1) {
        response.writeHead(200, { 'content-length': bytes.length });
        return void response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
      }
      return void response
        .writeHead(200)
        .end(fault === 'cut unseen' ? bytes.subarray(0, bytes.length >> 1) : bytes);
    });
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    const { port } = origin.address() as AddressInfo;
    server = await startServer({
      streams: { mpegts: `http://127.0.0.1:${port}/mpegts.m3u8`, fmp4: `http://127.0.0.1:${port}/fmp4.m3u8` },
    });
  });
  after(async () => {
    await server?.stop();
    origin?.closeAllConnections();
    origin?.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const name of ['mpegts', 'fmp4'])
    test(`of ${name} segments`, async (t) => {
      await using viewer = await watchMse(server, name, { keep: true });
      await sleep(16_000);
      const [producer] = (await server.stream(name)).producers;
      await viewer.close();
      assert.deepEqual(viewer.errors, []);
      assert.equal(viewer.initialisations, 1);
      const { video, audio, audioDelay } = await judge('-', { bytes: viewer.recording() });
      assert.ok(video && audio);
      for (const { times } of [video, audio])
        for (const [n, time] of times.entries())
          assert.ok(n === 0 || time > times[n - 1]!, `after ${times[n - 1]} s comes ${time} s`);
      t.diagnostic(
        `${video.times.length} pictures in ${video.times.at(-1)! - video.times[0]!} s, ${producer?.corrupt} counted, sound ${audioDelay} s late`,
      );
      assert.ok(video.times.at(-1)! - video.times[0]! > 11, `${video.times.at(-1)} s`);
      assert.ok(Math.abs(audioDelay) < 0.1, `sound is ${audioDelay} s late`);
      assert.ok(Number(producer?.corrupt) >= 2, `${producer?.corrupt} counted: one missing, one cut`);
      assert.ok(!/source failed/.test(server.log), server.log);
    });
});

/** As a live server has it after some seconds. */
function playlist(isFragmented: boolean, seconds: number): string {
  const end = Math.min(SEGMENTS, Math.floor(seconds));
  const first = Math.max(0, end - LISTED);
  return [
    ...['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:1', `#EXT-X-MEDIA-SEQUENCE:${first}`],
    ...(isFragmented ? ['#EXT-X-MAP:URI="init.mp4"'] : []),
    ...Array.from(
      { length: end - first },
      (_, n) => `#EXTINF:1,\n${first + n}.${isFragmented ? 'm4s' : 'ts'}`,
    ),
    '',
  ].join('\n');
}
