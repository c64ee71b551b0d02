/**
 * Sources that programs make: addresses that echo: and expr: find, SRT through FFmpeg, a loudspeaker that is a program;
 * and what the API says about devices of a machine that may have none.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decode, decodeSound, probe, tonePurity } from '../helpers/ffmpeg.ts';
import { freePort } from '../helpers/ports.ts';
import { runOk, spawnTied } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const TCP = ['-rtsp_transport', 'tcp'];
const CAMERA = [
  ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25'],
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '25'],
];

describe('sources that programs make', () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-programs-'));
  const tone = join(folder, 'tone.wav');
  let server: TestServer;
  let other: TestServer;
  let srtPort = 0;

  before(async () => {
    await runOk('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=frequency=1000:duration=2', tone]);
    srtPort = await freePort();
    other = await startServer({
      streams: { camera: `exec:ffmpeg -v error ${CAMERA.join(' ')} -f h264 -`, upload: null },
    });
    const camera = other.rtsp('camera');
    const record = (format: string, file: string): string =>
      `exec:ffmpeg -v error -y -f ${format} -ac 1 -i - ${join(folder, file)}#backchannel=1`;
    server = await startServer({
      log: { exec: 'debug', streams: 'debug' },
      streams: {
        camera,
        echoed: `echo:printf %s\\n ${camera}#media=video`,
        expressed: `expr:
          let found = fetch('${other.url('/api/streams')}').json();
          let names = filter(keys(found), # startsWith "cam");
          '${camera.replace(/camera$/, '')}' + names[0] + '#media=video'`,
        unsafe: 'echo:echo exec:cat',
        srt: `ffmpeg:srt://127.0.0.1:${srtPort}#video=copy`,
        stdin: `${record('s16le -ar 16000', 'stdin.wav')}#audio=s16le/16000`,
        alaw: `${record('alaw -ar 8000', 'alaw.wav')}#audio=alaw/8000`,
        noDevice: 'v4l2:device?video=/dev/video997',
      },
    });
  });
  after(async () => {
    await server?.stop();
    await other?.stop();
    rmSync(folder, { recursive: true });
  });

  for (const name of ['echoed', 'expressed'])
    test(`${name}: the address that was found is opened`, async () => {
      const { video, complaints } = await decode(server.rtsp(name), 1, { options: TCP });
      assert.deepEqual(complaints, []);
      assert.ok(video.distinct > 10, `${video.distinct} pictures`);
    });

  test('a program may not lead to another, and a device that is not there is named', async () => {
    for (const [name, reason] of [
      ['unsafe', /sources are accepted from the config file only/],
      ['noDevice', /no such video device: \/dev\/video997/],
    ] as const) {
      const response = await server.fetch(`/api/frame.jpeg?src=${name}`);
      assert.ok(response.status >= 400, String(response.status));
      assert.match(await response.text(), reason);
    }
  });

  test('SRT through FFmpeg', async () => {
    const listener = spawnTied('ffmpeg', [
      ...['-v', 'error', ...CAMERA, '-f', 'mpegts', `srt://127.0.0.1:${srtPort}?mode=listener`],
    ]);
    try {
      const streams = await until('the SRT camera', () =>
        probe(server.rtsp('srt'), { options: TCP }).catch(() => undefined),
      );
      assert.equal(streams[0]?.codec_name, 'h264');
    } finally {
      listener.kill('SIGKILL');
    }
  });

  for (const name of ['stdin', 'alaw'])
    test(`a program hears by its standard input (${name})`, async () => {
      const file = join(folder, `${name}.wav`);
      const response = await server.fetch(`/api/ffmpeg?dst=${name}&file=${encodeURIComponent(tone)}`, {
        method: 'POST',
      });
      assert.equal(response.status, 200, await response.clone().text());
      const samples = await until('the recording', async () => {
        if (!existsSync(file)) return undefined;
        const sound = await decodeSound(readFileSync(file), []).catch(() => undefined);
        return sound && sound.length > 8000 * 1.5 ? sound : undefined;
      });
      assert.ok(tonePurity(samples.subarray(2000, 10000), 1000) > 0.9);
    });

  test('devices by the API: found, or said not to be there', async () => {
    for (const path of ['/api/v4l2', '/api/alsa', '/api/ffmpeg/devices', '/api/ffmpeg/hardware']) {
      const response = await server.fetch(path);
      const text = await response.text();
      if (response.status === 404) assert.match(text, /no sources/, path);
      else assert.ok((JSON.parse(text) as { sources: unknown[] }).sources.length > 0, path);
    }
  });

  test('a stream is pushed to another server by RTSP', async () => {
    const query = new URLSearchParams({ src: 'camera', dst: other.rtsp('upload') });
    const response = await server.fetch(`/api/streams?${query}`, { method: 'POST' });
    assert.equal(response.status, 200, await response.text());
    await until('the push', async () => (await other.stream('upload')).producers.length === 1);
    const { video, complaints } = await decode(other.rtsp('upload'), 1, { options: TCP });
    assert.deepEqual(complaints, []);
    assert.ok(video.distinct > 10, `${video.distinct} pictures`);
  });
});
