/** The program as people start it: the two commands, arguments, config files with mistakes, signals. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { startRtspCamera } from '../fakes/rtsp-camera.ts';
import { decode, probe } from '../helpers/ffmpeg.ts';
import { freePort } from '../helpers/ports.ts';
import { run } from '../helpers/run.ts';
import { startServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'server/src/main.ts');
const BUNDLE = join(ROOT, 'server/dist/main.js');

describe('npm start', () => {
  test('builds when it must, and passes arguments and the exit code through', {
    timeout: 120_000,
  }, async () => {
    const version = await npmStart('-version');
    assert.match(version.stdout.toString(), /^porthole \d+\.\d+\.\d+/m);
    assert.equal(version.code, 0);
    assert.ok(existsSync(BUNDLE));
    assert.equal((await npmStart('-nonsense')).code, 2);
  });

  test('answers within a second when it is warm', async () => {
    const times: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) times.push(await timeToFirstAnswer());
    assert.ok(Math.min(...times) < 1000, `${times.map(Math.round)} ms`);
  });
});

test('the bundle is the whole program: API, page, and a moving demo without any config', async () => {
  await using server = await startServer(undefined, { command: [process.execPath, BUNDLE] });
  assert.match(await (await server.fetch('/')).text(), /<script type="module"/);
  assert.equal((await server.fetch('/stream.html?src=demo')).status, 200);
  const picture = await server.fetch('/api/frame.jpeg?src=demo');
  const [info] = await probe('-', { bytes: Buffer.from(await picture.arrayBuffer()) });
  assert.equal(info?.codec_name, 'mjpeg');
  const { video, audio } = await decode(server.url('/api/stream.mp4?src=demo&video&audio'), 2);
  assert.ok(video.distinct > 20 && audio.times.length > 20, `${video.distinct} pictures`);
  assert.equal(server.children().length, 1);
  await until('ffmpeg to be stopped', () => server.children().length === 0);
});

describe('arguments', () => {
  const program = (...args: string[]) => run(process.execPath, [MAIN, ...args]);

  test('-version and -help', async () => {
    for (const flag of ['-version', '--version', '-v']) {
      const { code, stdout } = await program(flag);
      assert.equal(code, 0);
      assert.match(stdout.toString(), /^porthole \d/);
    }
    const { code, stdout } = await program('-help');
    assert.equal(code, 0);
    assert.match(stdout.toString(), /-c, -config/);
  });

  test('an unknown one is refused with the usage', async () => {
    const { code, stderr } = await program('-bogus');
    assert.equal(code, 2);
    assert.match(stderr, /-bogus/);
    assert.match(stderr, /^Usage/m);
  });
});

describe('a config file with mistakes', () => {
  const CASES: readonly {
    readonly title: string;
    readonly text: (url: string) => string;
    readonly says: RegExp;
  }[] = [
    {
      title: 'YAML that does not parse',
      text: (url) => `streams:\n  good: ${url}\n  bad: [rtsp://127.0.0.1:9/x\nlog:\n  level: info\n`,
      says: /porthole\.yaml:\d+:\d+/,
    },
    {
      title: 'a stream that is no source',
      text: (url) => `streams:\n  bad: [[1]]\n  good: ${url}\n`,
      says: /porthole\.yaml:2:\d+.*streams\.bad/,
    },
    {
      title: 'a section of the wrong kind',
      text: (url) => `webrtc: 7\nstreams:\n  good: ${url}\n`,
      says: /porthole\.yaml:1:\d+.*webrtc/,
    },
    {
      title: 'a tab for indentation',
      text: (url) => `streams:\n  good: ${url}\nlog:\n\tlevel: debug\n`,
      says: /porthole\.yaml:4:\d+/,
    },
  ];

  for (const { title, text, says } of CASES) {
    test(`${title}: told with its place, and the other streams run`, async () => {
      await using camera = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
      await using server = await startServer(text(camera.url));
      assert.match(server.log, new RegExp(says.source, 'm'));
      await using viewer = await watchMse(server, 'good');
      await viewer.play(0.5);
    });
  }
});

describe('a signal', () => {
  test('ends the server, its viewers and every program it runs', async () => {
    const marker = `porthole-${process.pid}-${Math.random()}`;
    const shell = `ffmpeg -v error -re -f lavfi -i testsrc2=size=320x180 -c:v libx264 -g 10 -metadata comment=${marker} -f h264 -`;
    await using server = await startServer({ streams: { child: `exec:sh -c "${shell} | cat"` } });
    await using viewer = await watchMse(server, 'child');
    await viewer.play(0.5).catch((error) => {
      throw new Error(`${error.message}\n${server.log}`);
    });
    assert.ok((await processesWith(marker)).length > 0);
    await server.stop();
    assert.equal(server.exitCode, 0);
    await until('the viewer to be told', () => viewer.closed);
    await until('its programs to be gone', async () => (await processesWith(marker)).length === 0);
  });
});

function npmStart(...args: string[]) {
  return run('npm', ['start', '--silent', '--', ...args], { timeoutMs: 100_000, cwd: ROOT });
}

/** From `npm start` to the first HTTP answer, in ms. */
async function timeToFirstAnswer(): Promise<number> {
  const port = await freePort();
  const config = { api: { listen: `127.0.0.1:${port}` }, rtsp: { listen: '' }, webrtc: { listen: '' } };
  const startedAt = performance.now();
  const child = spawn('npm', ['start', '--silent', '--', '-c', JSON.stringify(config)], {
    cwd: ROOT,
    detached: true,
    stdio: 'ignore',
  });
  try {
    await until('an answer', async () => {
      const response = await fetch(`http://127.0.0.1:${port}/api`).catch(() => undefined);
      return response?.ok;
    });
    return performance.now() - startedAt;
  } finally {
    process.kill(-child.pid!, 'SIGTERM');
  }
}

/** Process ids whose command line holds this text. */
async function processesWith(text: string): Promise<string[]> {
  const { stdout } = await run('pgrep', ['-f', text]);
  return stdout.toString().split('\n').filter(Boolean);
}
