/**
 * HLS end to end: ffmpeg and hls.js in Chromium play what we send; we play what ffmpeg writes.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../helpers/browser.ts';
import { decode } from '../helpers/ffmpeg.ts';
import { type Served, serve } from '../helpers/http-serve.ts';
import { spawnTied } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const HLS_JS = join(import.meta.dirname, '../../node_modules/hls.js/dist/hls.min.js');
const VIDEO = '-f lavfi -i testsrc2=size=320x240:rate=25';
const AUDIO = '-f lavfi -i sine=frequency=440:sample_rate=48000';
const ENCODE = '-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -sc_threshold 0 -g 50';
const camera = (more: string): string =>
  `exec:ffmpeg -v error -re ${VIDEO} ${AUDIO} ${ENCODE} ${more} -f rtsp -rtsp_transport tcp {output}`;

/** Says what ffmpeg does with each reload of a live playlist of fragmented MP4, whoever wrote it. */
const MOOV_AGAIN = /duplicated MOOV Atom|Last message repeated/;

let server: TestServer;

const increasing = (times: readonly number[]): boolean =>
  times.every((time, index) => index === 0 || time > times[index - 1]!);

before(async () => {
  server = await startServer({
    streams: { cam: camera('-c:a aac'), pcm: camera('-ar 8000 -ac 1 -c:a pcm_alaw') },
  });
});

after(() => server.stop());

describe('ffmpeg plays', { concurrency: true }, () => {
  for (const [title, query] of [
    ['fMP4', 'src=cam&mp4'],
    ['MPEG-TS', 'src=cam'],
    ['fMP4 with FLAC made of G.711', 'src=pcm&mp4=flac'],
  ]) {
    test(title!, async () => {
      // Times of MPEG-TS do not begin at 0: the input is limited, not the output.
      const { video, audio, complaints, code } = await decode(server.url(`/api/stream.m3u8?${query}`), 1e5, {
        options: ['-t', '5'],
        timeoutMs: 20_000,
      });
      assert.equal(code, 0);
      assert.deepEqual(
        complaints.filter((line) => !MOOV_AGAIN.test(line)),
        [],
      );
      assert.ok(video.times.length >= 120, `${video.times.length} pictures`);
      assert.ok(video.distinct >= 115, `${video.distinct} different ones`);
      assert.ok(increasing(video.times) && increasing(audio.times));
      assert.ok(Math.abs(video.times.at(-1)! - audio.times.at(-1)!) < 0.2);
    });
  }
});

/** hls.js as it comes; `look` tells how it goes. */
const PAGE = `<video muted autoplay playsinline></video><script src="/hls.js"></script><script>
const parameters = new URLSearchParams(location.search);
const video = document.querySelector('video'), opened = performance.now();
const look = window.look = { firstMs: 0, frames: 0, errors: [], latency: 0, behind: 0, parts: 0, currentTime: 0, stalls: 0 };
const hls = new Hls({ lowLatencyMode: parameters.get('low') === '1' });
hls.on(Hls.Events.ERROR, (_, data) => {
  if (data.details === 'bufferStalledError') look.stalls++;
  else look.errors.push(data.details + ' ' + (data.error?.message ?? '') + (data.response?.code ?? ''));
});
hls.on(Hls.Events.FRAG_LOADED, (_, data) => { if (data.part) look.parts++; });
video.requestVideoFrameCallback(function seen() {
  look.firstMs ||= performance.now() - opened;
  look.frames++;
  video.requestVideoFrameCallback(seen);
});
setInterval(() => {
  look.latency = hls.latency;
  look.behind = hls.playingDate ? (Date.now() - hls.playingDate.getTime()) / 1000 : 0;
  look.currentTime = video.currentTime;
}, 50);
hls.loadSource(parameters.get('url'));
hls.attachMedia(video);
</script>`;

interface Look {
  readonly firstMs: number;
  readonly frames: number;
  readonly errors: readonly string[];
  readonly latency: number;
  readonly behind: number;
  readonly parts: number;
  readonly currentTime: number;
  readonly stalls: number;
}

describe('hls.js plays', () => {
  let browser: Browser;
  let site: Served;
  before(async () => {
    browser = await launchBrowser();
    site = await serve(async (response, { url = '' }) => {
      if (url === '/hls.js') createReadStream(HLS_JS).pipe(response);
      else if (url.startsWith('/api/')) await forward(url, response);
      else response.setHeader('content-type', 'text/html').end(PAGE);
    });
  });
  after(async () => {
    await browser.close();
    site.close();
  });

  /** Only the first level comes from the page's own site; all else is asked across origins, as ids allow. */
  async function forward(path: string, response: ServerResponse): Promise<void> {
    const answer = await server.fetch(path);
    const text = (await answer.text()).replace('hls/', `${server.url('/api/hls/')}`);
    response.setHeader('content-type', answer.headers.get('content-type')!).end(text);
  }

  async function play(query: string, low: boolean, ms: number): Promise<Look> {
    const page: Page = await browser.newPage();
    try {
      const url = encodeURIComponent(`/api/stream.m3u8?${query}`);
      await page.goto(`${site.base}/?low=${low ? 1 : 0}&url=${url}`);
      await page.waitForTimeout(ms);
      return (await page.evaluate('look')) as Look;
    } finally {
      await page.close();
    }
  }

  // By MPEG-TS the first viewer of a running camera may wait for the second and third segment: then it has to be smooth.
  for (const [title, query, low, ms, pictures] of [
    ['fMP4 with low latency', 'src=cam&mp4', true, 5000, 90],
    ['fMP4', 'src=cam&mp4', false, 5000, 50],
    ['MPEG-TS', 'src=cam', false, 8000, 110],
  ] as const) {
    test(title, async (t) => {
      const look = await play(query, low, ms);
      t.diagnostic(
        `first picture ${Math.round(look.firstMs)} ms, ${look.frames} pictures, ${look.behind.toFixed(2)} s behind the camera, hls.latency ${look.latency.toFixed(2)} s, ${look.stalls} stalls`,
      );
      assert.deepEqual(look.errors, []);
      assert.ok(look.firstMs > 0 && look.firstMs < 2000, `first picture after ${look.firstMs} ms`);
      assert.ok(look.frames >= pictures, `${look.frames} pictures`);
      if (low) {
        assert.ok(look.parts > 5, `${look.parts} parts`);
        assert.ok(look.behind < 3, `${look.behind} s behind`);
      }
    });
  }
});

describe('playlists that ffmpeg writes are sources', { concurrency: true }, () => {
  let folder: string;
  let site: Served;
  let writers: ChildProcess[];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-hls-'));
    const keyInfo = join(folder, 'key-info');
    writeFileSync(join(folder, 'key'), Buffer.from('00112233445566778899aabbccddeeff', 'hex'));
    writeFileSync(keyInfo, `key\n${join(folder, 'key')}\n`);
    const input = `${VIDEO} ${AUDIO} ${ENCODE.replace('50', '25')} -c:a aac`;
    const write = (name: string, options: string, pace = '-re'): ChildProcess => {
      const words = `-v error ${pace} ${input} -f hls -hls_time 1 ${options} ${join(folder, name)}.m3u8`;
      return spawnTied('ffmpeg', words.split(' '), { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
    };
    writers = [
      write('ts', '-hls_flags delete_segments+omit_endlist'),
      write(
        'fmp4',
        '-hls_segment_type fmp4 -hls_fmp4_init_filename fmp4-init.mp4 -hls_flags delete_segments',
      ),
      write('aes', `-hls_key_info_file ${keyInfo}`),
      write('vod', '-hls_segment_type fmp4 -hls_flags single_file -hls_playlist_type vod -t 4', '-y'),
    ];
    site = await serve(async (response, { url, headers }) => {
      const path = join(folder, new URL(url!, 'http://localhost').pathname.slice(1));
      if (!existsSync(path)) response.writeHead(404).end();
      else if (!headers.range) response.end(readFileSync(path));
      else response.writeHead(206).end(readFileSync(path).subarray(...rangeOf(headers.range)));
    });
    writeFileSync(
      join(folder, 'master.m3u8'),
      [
        '#EXTM3U',
        '#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="avc1.42c00d,mp4a.40.2"',
        'none.m3u8',
        '#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="dvh1.05.06"',
        'none.m3u8',
        '#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.42c00d,mp4a.40.2"',
        'ts.m3u8',
      ].join('\n'),
    );
    await until(
      'playlists of some segments',
      () =>
        ['ts', 'fmp4', 'aes', 'vod'].every((name) => {
          const path = join(folder, `${name}.m3u8`);
          return existsSync(path) && readFileSync(path, 'utf8').split('#EXTINF').length > 3;
        }),
      15_000,
    );
  });
  after(() => {
    for (const writer of writers) writer.kill('SIGKILL');
    site.close();
    rmSync(folder, { recursive: true });
  });

  for (const [name, title] of [
    ['ts', 'MPEG-TS'],
    ['fmp4', 'fMP4'],
    ['aes', 'AES-128'],
    ['master', 'the best variant'],
    ['vod', 'VOD of byte ranges, which begins again'],
  ] as const) {
    test(title, async () => {
      const put = await server.fetch(`/api/streams?name=${name}&src=${site.base}/${name}.m3u8`, {
        method: 'PUT',
      });
      assert.equal(put.status, 200, await put.text());
      const { video, audio, complaints } = await decode(server.url(`/api/stream.mp4?src=${name}`), 6);
      assert.deepEqual(complaints, []);
      assert.ok(video.times.length >= 140, `${video.times.length} pictures`);
      assert.ok(increasing(video.times) && increasing(audio.times));
      const { producers } = await server.stream(name);
      assert.equal(producers[0]!.format_name, 'hls');
    });
  }
});

/** Start and end of a Range header, as `subarray` takes them. */
function rangeOf(header: string): [number, number] {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header)!;
  return [Number(first), Number(last) + 1];
}
