/** Servers that are WebRTC clients of each other: WHEP and WebSocket sources with talk, WHIP publishing, loss, TCP, errors. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { audioClip, h264Clip, hevcClip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { startTurnServer } from '../fakes/turn-server.ts';
import { startWhepRelay } from '../fakes/whep-relay.ts';
import { decodeSound, tonePurity } from '../helpers/ffmpeg.ts';
import { runOk } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const HERTZ = 1000;

describe('a server that is the source of another', () => {
  let camera: RtspCamera;
  let far: TestServer;
  let near: TestServer;

  before(async () => {
    camera = await startRtspCamera({
      feeds: [new ClipFeed(await h264Clip()), new ClipFeed(await audioClip('PCMA', { hertz: 440 }))],
      loudspeaker: 'PCMA',
    });
    far = await startServer({ streams: { cam: camera.url, pushed: null } });
    const socket = far.url('/api/ws').replace('http', 'ws');
    near = await startServer({
      streams: {
        whep: `webrtc:${far.url('/api/webrtc?src=cam')}`,
        socket: `webrtc:${socket}?src=cam`,
        missing: `webrtc:${socket}?src=nothing`,
        closed: 'webrtc:http://127.0.0.1:9/whep',
        strange: `webrtc:${far.url('/api')}#format=tape`,
        cam: camera.url,
      },
    });
  });
  after(async () => {
    await near?.stop();
    await far?.stop();
    await camera?.close();
  });

  for (const name of ['whep', 'socket']) {
    test(`${name}: picture and sound, whole`, async () => {
      await using viewer = await watchMse(near, name, { keep: true });
      await viewer.play(2, 15_000);
      const { video, audio, complaints } = await viewer.decode();
      assert.deepEqual(complaints, []);
      assert.ok(video.distinct > 30 && audio.times.length > 10, `${video.distinct} pictures`);
      const [producer] = (await near.stream(name)).producers;
      assert.deepEqual(
        producer!.receivers!.map(({ codec }) => codec.codec_name),
        ['h264', 'pcm_alaw'],
      );
    });
  }

  test('what is said here arrives at the loudspeaker there', async () => {
    camera.heard.length = 0;
    const file = join(near.configPath, '../tone.wav');
    writeFileSync(
      file,
      await runOk('ffmpeg', [
        ...['-v', 'error', '-f', 'lavfi', '-i', `sine=frequency=${HERTZ}:sample_rate=44100:duration=2`],
        ...['-af', 'volume=4', '-f', 'wav', '-'],
      ]),
    );
    const query = new URLSearchParams({ dst: 'socket', file });
    const response = await near.fetch(`/api/ffmpeg?${query}`, { method: 'POST' });
    assert.equal(response.status, 200, await response.text());
    const bytes = (): number => camera.heard.reduce((sum, { payload }) => sum + payload.length, 0);
    await until('a second and a half of sound', () => bytes() > 12_000);
    await sleep(500);
    const sound = Buffer.concat(camera.heard.map(({ payload }) => payload));
    const samples = await decodeSound(sound, ['-f', 'alaw', '-ar', '8000', '-ac', '1']);
    const purity = tonePurity(samples.subarray(4000, 12_000), HERTZ);
    assert.ok(purity > 0.9, `purity of the tone: ${purity}`);
  });

  test('the viewer there is gone at once when the source here is closed', async () => {
    await until('no viewers', async () => (await far.viewers('cam')) === 0, 12_000);
  });

  test('publishes by WHIP, from here to there', async () => {
    const target = `webrtc:${far.url('/api/webrtc?dst=pushed')}`;
    const query = new URLSearchParams({ src: 'cam', dst: target });
    const response = await near.fetch(`/api/streams?${query}`, { method: 'POST' });
    assert.equal(response.status, 200, await response.text());
    await until('the push', async () => (await far.stream('pushed')).producers.length > 0);
    await using viewer = await watchMse(far, 'pushed', { keep: true });
    await viewer.play(2, 15_000);
    const { video, complaints } = await viewer.decode();
    assert.deepEqual(complaints, []);
    assert.ok(video.distinct > 30, `${video.distinct} pictures`);
    const [producer] = (await far.stream('pushed')).producers;
    assert.deepEqual(
      producer!.receivers!.map(({ codec }) => codec.codec_name),
      ['h264', 'pcm_alaw'],
    );
  });

  for (const [name, reason] of [
    ['missing', /not found/],
    ['closed', /refused/],
    ['strange', /unknown format tape/],
  ] as const) {
    test(`${name}: an error that says why`, async () => {
      const response = await near.fetch(`/api/frame.jpeg?src=${name}`);
      assert.ok(response.status >= 400);
      assert.match(await response.text(), reason);
    });
  }
});

test('every twentieth packet is lost on the way, and no picture', async () => {
  const feeds = [new ClipFeed(await h264Clip({ bitrate: '2M', noisy: true }))];
  await using camera = await startRtspCamera({ feeds });
  await using far = await startServer({ streams: { cam: camera.url } });
  await using relay = await startWhepRelay({
    url: far.url('/api/webrtc?src=cam'),
    mediaPort: far.webrtcPort,
    passes: (index) => index < 60 || index % 20 !== 0,
  });
  const source = `webrtc:${relay.url.replace('//', '//user:word@')}/moved#token=secret-token`;
  await using near = await startServer({ streams: { lossy: source } });
  await using viewer = await watchMse(near, 'lossy', { keep: true });
  await viewer.play(4, 20_000);
  const { video, complaints } = await viewer.decode();
  assert.ok(relay.dropped > 30, `${relay.dropped} dropped`);
  assert.deepEqual(complaints, []);
  const steps = video.times.slice(1).map((time, index) => time - video.times[index]!);
  assert.ok(Math.max(...steps) < 0.09, `a pause of ${Math.max(...steps)} s`);
  assert.equal(relay.requests[0]!.headers.authorization, 'Bearer secret-token');
  assert.deepEqual(
    relay.requests.map(({ method, url }) => `${method} ${url}`),
    ['POST /moved', 'POST /whep'],
  );
  await viewer.close();
  await until(
    'DELETE',
    () => relay.requests.some(({ method, url }) => method === 'DELETE' && url === '/session/1'),
    12_000,
  );
  assert.doesNotMatch(near.log, /secret-token/);
});

test('over TCP where nothing else is let through', async () => {
  await using camera = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
  await using far = await startServer({
    streams: { cam: camera.url },
    webrtc: { filters: { networks: ['tcp4'] } },
  });
  await using near = await startServer({
    streams: { tcp: `webrtc:${far.url('/api/webrtc?src=cam')}` },
  });
  await using viewer = await watchMse(near, 'tcp', { keep: true });
  await viewer.play(1, 15_000);
  const { complaints } = await viewer.decode();
  assert.deepEqual(complaints, []);
  const [producer] = (await near.stream('tcp')).producers;
  assert.equal(producer!.protocol, 'http+tcp');
});

test('HEVC and Opus', async () => {
  const feeds = [new ClipFeed(await hevcClip()), new ClipFeed(await audioClip('opus', { hertz: 440 }))];
  await using camera = await startRtspCamera({ feeds });
  await using far = await startServer({ streams: { cam: camera.url } });
  await using near = await startServer({
    streams: { again: `webrtc:${far.url('/api/webrtc?src=cam')}` },
  });
  await using viewer = await watchMse(near, 'again', { keep: true });
  await viewer.play(1, 15_000);
  const { video, audio, complaints } = await viewer.decode();
  assert.deepEqual(complaints, []);
  assert.ok(video.distinct > 15 && audio.times.length > 20, `${video.distinct} pictures`);
  const [producer] = (await near.stream('again')).producers;
  assert.deepEqual(
    producer!.receivers!.map(({ codec }) => codec.codec_name),
    ['hevc', 'opus'],
  );
});

test('through a relay that the source names, where both sides have no other way', async () => {
  const turn = await startTurnServer('guest', 'turn-secret');
  try {
    await using camera = await startRtspCamera({ feeds: [new ClipFeed(await h264Clip())] });
    await using far = await startServer({
      streams: { cam: camera.url },
      webrtc: { filters: { networks: ['udp4'] } },
    });
    const servers = [{ urls: `turn:127.0.0.1:${turn.port}`, username: 'guest', credential: 'turn-secret' }];
    const source = `webrtc:${far.url('/api/webrtc?src=cam')}#ice_servers=${JSON.stringify(servers)}`;
    await using near = await startServer({
      streams: { relayed: source },
      webrtc: { filters: { networks: ['tcp4'] } },
    });
    await using viewer = await watchMse(near, 'relayed', { keep: true });
    await viewer.play(1, 15_000);
    const { complaints } = await viewer.decode();
    assert.deepEqual(complaints, []);
    assert.ok(turn.counts.allocated >= 1 && turn.counts.bound >= 1);
    const told = JSON.stringify(await near.stream('relayed')) + near.log;
    assert.doesNotMatch(told, /turn-secret/);
  } finally {
    turn.close();
  }
});
