/** Cameras as clients of docs/api.md see them: what real streams do to their state, and what is done to them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type OnvifCamera, startOnvifCamera } from '../fakes/onvif-camera.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const AUTH = { user: 'admin', password: 'right#secret', schemes: ['md5-qop'] } as const;
const MOTION = 'tns1:RuleEngine/CellMotionDetector/Motion';

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
type Json = any;

/** A client of `/api/events` that knows what it was told. */
class News {
  server: Json;
  readonly cameras = new Map<string, Json>();
  readonly events: Json[] = [];
  /** Every state of every camera, in order: `door live`. */
  readonly states: string[] = [];
  closed = false;
  readonly #socket: WebSocket;

  constructor(server: TestServer) {
    this.#socket = new WebSocket(server.url('/api/events').replace('http', 'ws'));
    this.#socket.onmessage = ({ data }) => this.#take(JSON.parse(data as string));
    this.#socket.onclose = () => {
      this.closed = true;
    };
  }

  #take(message: Json): void {
    if (message.server) this.server = message.server;
    for (const camera of [...(message.cameras ?? []), ...(message.camera ? [message.camera] : [])]) {
      this.cameras.set(camera.id, camera);
      this.states.push(`${camera.id} ${camera.status}`);
    }
    if (message.type === 'removed') this.cameras.delete(message.id);
    if (message.type === 'event') this.events.push(message);
  }

  /** Waits until the camera is as wanted. */
  is(id: string, what: string, matches: (camera: Json) => boolean, timeoutMs?: number): Promise<Json> {
    return until(
      `${id} to be ${what}`,
      () => {
        const camera = this.cameras.get(id);
        return camera !== undefined && matches(camera) && camera;
      },
      timeoutMs,
    );
  }

  hasStatus(id: string, status: string, timeoutMs?: number): Promise<Json> {
    return this.is(id, status, (camera) => camera.status === status, timeoutMs);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

describe('cameras', () => {
  let camera: RtspCamera;
  let onvif: OnvifCamera;
  let server: TestServer;
  let news: News;

  before(async () => {
    camera = await startRtspCamera({
      auth: AUTH,
      loudspeaker: 'PCMA',
      feeds: [
        new ClipFeed(await h264Clip()),
        new ClipFeed(await audioClip('MPEG4-GENERIC', { sampleRate: 16000 })),
      ],
    });
    onvif = await startOnvifCamera({
      user: 'admin',
      password: 'secret',
      auth: 'both',
      profiles: [{ token: 'main', streamUri: camera.url }],
      events: { topics: [MOTION] },
      ptz: { presets: [['1', 'Door']] },
    });
    server = await startServer({
      streams: {
        door: camera.url,
        door_sub: `${camera.url}#media=video`,
        locked: camera.url.replace('right', 'wrong'),
        moving: onvif.url,
      },
      cameras: { door: { name: 'Front door', sub: 'door_sub' } },
    });
    news = new News(server);
    await until('the state', () => news.cameras.size > 0);
  });
  after(async () => {
    news?.[Symbol.dispose]();
    await server?.stop();
    onvif?.close();
    await camera?.close();
  });

  const ask = async (method: string, path: string, body?: object): Promise<Json> => {
    const response = await server.fetch(path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text === '' ? undefined : JSON.parse(text);
  };

  test('idle, connecting, live, with what is measured, and idle again', async () => {
    assert.deepEqual([...news.cameras.keys()], ['door', 'locked', 'moving']);
    assert.equal(news.cameras.get('door').status, 'idle');
    const viewer = await watchMse(server, 'door');
    await viewer.play(1);
    const live = await news.is('door', 'measured', ({ fps, bitrate }) => fps > 0 && bitrate > 0, 12_000);
    assert.deepEqual([live.status, live.viewers, live.talk, live.name], ['live', 1, true, 'Front door']);
    assert.ok(Math.abs(live.fps - 25) < 3, `${live.fps} fps`);
    const [video, audio] = live.tracks;
    assert.deepEqual(
      [video.kind, video.codec, audio.codec, audio.sample_rate],
      ['video', 'h264', 'aac', 16000],
    );
    const { interval_ms: intervalMs, samples } = await ask('GET', '/api/cameras/history?id=door');
    assert.equal(intervalMs, 2000);
    const last = samples.at(-1);
    assert.ok(
      last.bitrate > 10_000 && Math.abs(last.fps - 25) < 4 && last.viewers === 1,
      JSON.stringify(last),
    );

    const small = await watchMse(server, 'door_sub');
    await news.is('door', 'watched twice', ({ viewers }) => viewers === 2);
    await small.close();
    await viewer.close();
    const idle = await news.hasStatus('door', 'idle', 12_000);
    assert.deepEqual([idle.viewers, idle.bitrate, idle.talk], [0, undefined, true]);
    assert.equal(idle.tracks.length, 2, 'what it has is still known');
  });

  test('a wrong password is told as long as nothing else is known, and mended by a change', async () => {
    const refused = await server.fetch('/api/frame.jpeg?src=locked');
    assert.equal(refused.status, 502);
    const failed = await news.hasStatus('locked', 'failed');
    assert.equal(failed.error.code, 'unauthorized');
    assert.ok(Math.abs(failed.error.since - Date.now()) < 10_000);
    assert.ok(!JSON.stringify(failed).includes('secret'));
    await ask('PUT', '/api/cameras?id=locked', { sources: [camera.url] });
    await news.hasStatus('locked', 'idle');
    assert.equal((await server.fetch('/api/frame.jpeg?src=locked')).status, 200);
    const { error } = await news.is('locked', 'known', ({ tracks }) => tracks.length > 0);
    assert.equal(error, undefined);
    await ask('DELETE', '/api/cameras?id=locked');
    await until('it to be gone', () => !news.cameras.has('locked'));
  });

  test('a restart: the viewer stays, and its pictures go on', async () => {
    const viewer = await watchMse(server, 'door', { keep: true });
    await viewer.play(1);
    const { accepted } = camera;
    await ask('POST', '/api/cameras/restart?id=door');
    await until('another connection', () => camera.accepted > accepted);
    await viewer.play(1);
    assert.equal(viewer.closed, false);
    assert.deepEqual(viewer.errors, []);
    await viewer.close();
    const { video, complaints } = await viewer.decode();
    assert.deepEqual(complaints, []);
    const steps = video.times.slice(1).map((time, index) => time - video.times[index]!);
    assert.ok(
      steps.every((step) => step > 0),
      'time goes on',
    );
    assert.equal(viewer.initialisations, 1);
  });

  test('a viewer is disconnected by its id; others stay', async () => {
    const [stays, goes] = [await watchMse(server, 'door'), await watchMse(server, 'door')];
    await stays.play(0.5);
    const { consumers } = (await server.stream('door')) as Json;
    const { id } = consumers.at(-1);
    await ask('DELETE', `/api/consumers?src=door&id=${id}`);
    await until('one viewer', async () => (await server.viewers('door')) === 1);
    assert.match(goes.errors.join(), /disconnected/);
    await stays.play(0.5);
    await goes.close();
    await stays.close();
  });

  test('switched off: nothing connects to it; and on again', async () => {
    const viewer = await watchMse(server, 'door');
    await viewer.play(0.5);
    await ask('PUT', '/api/cameras?id=door', { enabled: false });
    await news.hasStatus('door', 'disabled');
    await until('no connection', () => camera.playing === 0);
    assert.match(viewer.errors.join(), /switched off/);
    await viewer.close();
    const { accepted } = camera;
    for (const name of ['door', 'door_sub']) {
      const refused = await server.fetch(`/api/frame.jpeg?src=${name}`);
      assert.deepEqual([refused.status, await refused.text()], [503, `${name} is switched off\n`]);
    }
    assert.equal(camera.accepted, accepted);
    await ask('PUT', '/api/cameras?id=door', { enabled: true });
    assert.equal((await server.fetch('/api/frame.jpeg?src=door')).status, 200);
  });

  test('a probe: what it has, and a picture; or why not', async () => {
    const source = `rtsp://127.0.0.1:${camera.port}/live/main`;
    const { user: username, password } = AUTH;
    const good = await ask('POST', '/api/probe', { source, username, password });
    assert.equal(good.source, camera.url);
    assert.deepEqual([good.tracks.map(({ codec }: Json) => codec), good.talk], [['h264', 'aac'], true]);
    const jpeg = Buffer.from(good.snapshot.replace('data:image/jpeg;base64,', ''), 'base64');
    assert.deepEqual([jpeg.readUInt16BE(0), jpeg.readUInt16BE(jpeg.length - 2)], [0xffd8, 0xffd9]);
    const bad = await ask('POST', '/api/probe', { source, username, password: 'wrong-secret' });
    assert.deepEqual([bad.tracks, bad.error.code, bad.snapshot], [[], 'unauthorized', undefined]);
    assert.ok(!server.log.includes('wrong-secret'));
    await until('no connection', () => camera.playing === 0);
  });

  test('an ONVIF camera tells of motion by itself, and is moved', async () => {
    await news.is('moving', 'known to tell of motion', ({ events }) => events.includes('motion'));
    const notify = (value: string): void =>
      onvif.events!.notify({ topic: MOTION, operation: 'Changed', data: { IsMotion: value } });
    notify('true');
    await news.is('moving', 'in motion', ({ motion }) => motion === true);
    notify('false');
    await news.is('moving', 'still', ({ motion }) => motion === false);
    assert.deepEqual(
      news.events.filter(({ id }) => id === 'moving').map(({ event, active }) => `${event} ${active}`),
      ['motion true', 'motion false'],
    );
    const viewer = await watchMse(server, 'moving');
    const { ptz } = await news.is('moving', 'known to move', (state) => state.ptz);
    assert.deepEqual(ptz, { move: true, zoom: true, presets: ['Door'] });
    await viewer.close();
    await ask('POST', '/api/cameras/ptz?id=moving', { pan: 0.5 });
    await ask('POST', '/api/cameras/ptz?id=moving', { pan: 0 });
    await ask('POST', '/api/cameras/ptz?id=moving', { preset: 'Door' });
    assert.deepEqual(onvif.moves, ['0.5 0 -', 'stop', 'preset 1']);
  });

  test('the server has an id that stays; an integration that says hello is known', async () => {
    const { id } = news.server;
    const { server: asked } = await ask('GET', '/api/cameras');
    assert.equal(asked.id, id);
    const integration = new WebSocket(server.url('/api/events').replace('http', 'ws'));
    integration.onopen = () =>
      integration.send('{"type":"hello","client":"home-assistant","version":"0.1.0"}');
    await until('the integration', () => news.server.integration?.connected);
    integration.close();
    await until('it to leave', () => !news.server.integration?.connected);
  });
});
