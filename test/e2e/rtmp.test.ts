/** RTMP with ffmpeg at the other end: publishing, playing, pulling and pushing; FLV over HTTP both ways. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, probe } from '../helpers/ffmpeg.ts';
import { assertGood, end, LIVE_SOURCE, pushFlv } from '../helpers/live-push.ts';
import { freePort, untilListening } from '../helpers/ports.ts';
import { run } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

describe('RTMP', () => {
  let server: TestServer;
  let port: number;
  let camera: ChildProcess;
  let cameraPort: number;
  let pushPort: number;
  const rtmp = (path: string): string => `rtmp://127.0.0.1:${port}/${path}`;

  before(async () => {
    [port, cameraPort, pushPort] = [await freePort(), await freePort(), await freePort()];
    const streams = {
      upload: null,
      again: null,
      'live/garden': null,
      flv: null,
      pulled: `rtmp://127.0.0.1:${port}/live/upload`,
      camera: `rtmp://127.0.0.1:${cameraPort}/live/cam`,
      nowhere: `rtmp://127.0.0.1:${port}/nothing`,
    };
    server = await startServer({ streams, rtmp: { listen: `127.0.0.1:${port}` } });
    camera = pushFlv(rtmp('upload'));
    await until('the publisher', async () => (await server.stream('upload')).producers.length === 1);
  });
  after(async () => {
    if (camera) await end(camera);
    await server?.stop();
  });

  test('ffmpeg plays it under every name it has', async () => {
    const paths = ['upload', 'live/upload', 'any/app/upload?video=h264&audio=aac', 'upload/key'];
    const played = await Promise.all(paths.map((path) => decode(rtmp(path), 2)));
    for (const each of played) assertGood(each, 2);
  });

  test('the stream as FLV over HTTP', async () => {
    assertGood(await decode(server.url('/api/stream.flv?src=upload'), 2), 2);
  });

  test('our own client pulls from our own server; the picture has its size', async () => {
    const options = ['-rtsp_transport', 'tcp'];
    const tracks = await probe(server.rtsp('pulled'), { options });
    assert.deepEqual(tracks.map(({ codec_name }) => codec_name).sort(), ['aac', 'h264']);
    assert.equal(tracks.find(({ width }) => width)?.width, 640);
    const { producers } = await server.stream('upload');
    assert.equal(producers[0]?.format_name, 'rtmp');
  });

  test('our client pulls from ffmpeg', async () => {
    const listening = pushFlv('-listen', '1', `rtmp://127.0.0.1:${cameraPort}/live/cam`);
    try {
      await untilListening(cameraPort);
      assertGood(await decode(server.url('/api/stream.flv?src=camera'), 2), 2);
    } finally {
      await end(listening);
    }
  });

  test('a stream that is not there: ffmpeg is told, and so are our viewers', async () => {
    const played = await run('ffmpeg', ['-v', 'error', '-i', rtmp('nothing'), '-t', '1', '-f', 'null', '-']);
    assert.notEqual(played.code, 0);
    assert.match(played.stderr, /StreamNotFound|stream not found/);
    const published = await run('ffmpeg', [
      '-v',
      'error',
      ...LIVE_SOURCE,
      '-t',
      '5',
      '-f',
      'flv',
      rtmp('nothing'),
    ]);
    assert.notEqual(published.code, 0);
    assert.match(published.stderr, /stream not found/);
    const answer = await server.fetch('/api/frame.jpeg?src=nowhere');
    assert.equal(answer.status, 404);
  });

  test('a second push resumes those who watch', async () => {
    const push = (): ChildProcess => pushFlv(rtmp('again'));
    const first = push();
    await until('the publisher', async () => (await server.stream('again')).producers.length === 1);
    await sleep(1000);
    await using viewer = await watchMse(server, 'again');
    await viewer.play(1);
    await end(first);
    await sleep(500);
    const second = push();
    await viewer.play(1, 10_000);
    assert.deepEqual(viewer.errors, []);
    await end(second);
  });

  test('a name with a slash', async () => {
    const push = pushFlv(rtmp('live/garden'));
    await until('the publisher', async () => (await server.stream('live/garden')).producers.length === 1);
    await end(push);
  });

  test('POST of FLV into a stream', async () => {
    const push = pushFlv('-method', 'POST', server.url('/api/stream.flv?dst=flv'));
    await until('the publisher', async () => (await server.stream('flv')).producers.length === 1);
    assertGood(await decode(server.url('/api/stream.flv?src=flv'), 2), 2);
    await end(push);
  });

  test('POST /api/streams pushes to ffmpeg, shows as a consumer, and stops when told', async () => {
    const target = `rtmp://127.0.0.1:${pushPort}/app/key`;
    const receiving = decode(target, 2, { options: ['-listen', '1'] });
    await untilListening(pushPort);
    const dst = encodeURIComponent(target);
    const answer = await server.fetch(`/api/streams?src=upload&dst=${dst}`, { method: 'POST' });
    assert.equal(answer.status, 200, await answer.clone().text());
    const { consumers } = await server.stream('upload');
    const pushing = consumers?.find((consumer) => (consumer as { protocol?: string }).protocol === 'rtmp');
    assert.equal(pushing?.format_name, 'flv');
    assertGood(await receiving, 2);
    assert.equal((await server.fetch(`/api/streams?src=&dst=${dst}`, { method: 'POST' })).status, 200);
    assert.equal((await server.fetch(`/api/streams?src=&dst=${dst}`, { method: 'POST' })).status, 404);
    const refused = await server.fetch(`/api/streams?src=upload&dst=${dst}`, { method: 'POST' });
    assert.equal(refused.status, 502);
    assert.match(await refused.text(), /connection refused/);
  });
});
