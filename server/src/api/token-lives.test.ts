/** Tokens from their making to their end: what they open, and that it ends with them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { readLog } from '../util/log.ts';
import { startTestApi, type TestApi } from './testing.ts';

describe('tokens', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi(
      'streams: {door: "rtsp://door", door_sub: "rtsp://sub", garden: "rtsp://garden"}\ncameras: {door: {sub: door_sub}}',
    );
  });
  after(() => api.close());

  const make = (body: object) => api.ask('/api/tokens', { method: 'POST', body: JSON.stringify(body) });
  const revoke = (query: string) => api.ask(`/api/tokens?${query}`, { method: 'DELETE' });

  /** Until the camera of the stream runs, which sends pictures until it stops. */
  async function pictures(stream: string, isReady: () => boolean): Promise<void> {
    for (let dts = 0; dts < 2000 && !isReady(); dts += 1) {
      for (const camera of api.cameras)
        camera.send(0, dts * 9000, { key: true, data: Buffer.alloc(200, 0x65) });
      await sleep(5);
    }
    assert.ok(isReady(), `${stream} does not come`);
  }

  test('are made for streams that there are, for a day at most, and listed without themselves', async () => {
    const before = Date.now();
    const { status, json } = await make({ stream: 'door', allow: ['view', 'talk'], ttl_s: 60 });
    assert.equal(status, 200);
    assert.ok(json.expires >= before + 60_000 && json.expires <= Date.now() + 60_000);
    const { text, json: list } = await api.ask('/api/tokens');
    assert.deepEqual(list, [{ id: json.id, stream: 'door', allow: ['view', 'talk'], expires: json.expires }]);
    assert.ok(!text.includes(json.token));
    const wrong: [object, number, RegExp][] = [
      [{ stream: 'none' }, 404, /stream not found/],
      [{}, 400, /stream is missing/],
      [{ stream: 'door', ttl_s: 86_401 }, 400, /ttl_s/],
      [{ stream: 'door', ttl_s: 0 }, 400, /ttl_s/],
      [{ stream: 'door', ttl_s: '60' }, 400, /ttl_s/],
      [{ stream: 'door', allow: ['talk'] }, 400, /allow/],
      [{ stream: 'door', allow: ['admin'] }, 400, /allow/],
      [{ stream: 'door', allow: 'view' }, 400, /allow/],
      [[], 400, /./],
    ];
    for (const [body, code, message] of wrong) {
      const answer = await make(body);
      assert.deepEqual(
        [answer.status, message.test(answer.text)],
        [code, true],
        `${JSON.stringify(body)} ${answer.text}`,
      );
    }
    assert.equal((await api.ask('/api/tokens', { method: 'POST', body: '{' })).status, 400);
    assert.equal((await revoke('id=none')).status, 404);
    assert.equal((await revoke('')).status, 400);
    assert.equal((await revoke('stream=nobody')).status, 200);
    assert.equal((await revoke(`id=${json.id}`)).status, 200);
    assert.deepEqual((await api.ask('/api/tokens')).json, []);
  });

  test('are not written to the log', async () => {
    const { token } = (await make({ stream: 'door' })).json;
    await api.ask('/api/log?level=trace', { method: 'PUT' });
    await api.ask(`/api/frame.jpeg?src=garden&token=${token}`);
    await api.ask(`/api/frame.jpeg?src=garden&%74oken=${token}`);
    await api.ask('/api/log?level=info', { method: 'PUT' });
    const log = readLog();
    assert.match(log, /frame\.jpeg\?src=garden&token=\*\*\*/);
    assert.ok(!log.includes(token));
  });

  test('end what was opened with them: WebSocket, HTTP, HLS; what others opened goes on', async () => {
    const [{ token, id }, { token: other }] = [
      (await make({ stream: 'door' })).json,
      (await make({ stream: 'door' })).json,
    ];
    const watch = async (name: string, key: string) => {
      const socket = new WebSocket(`ws://${api.host}/api/ws?src=${name}&token=${key}`);
      const state = { frames: 0, code: 0, reason: '' };
      socket.on('message', (_, isBinary) => {
        if (isBinary) state.frames++;
      });
      socket.on('close', (code, reason) => Object.assign(state, { code, reason: String(reason) }));
      await once(socket, 'open');
      socket.send(JSON.stringify({ type: 'mse', value: '' }));
      return { socket, state };
    };
    const [main, sub, theirs] = [
      await watch('door', token),
      await watch('door_sub', token),
      await watch('door', other),
    ];
    const response = new Promise<IncomingMessage>((resolve) =>
      get(`http://${api.host}/api/stream.mp4?src=door&token=${token}`, resolve),
    );
    const playlist = api.ask(`/api/stream.m3u8?src=door&mp4=&token=${token}`);
    let video: IncomingMessage | undefined;
    let hls: string | undefined;
    void response.then((value) => {
      video = value.on('error', () => {}).resume();
    });
    void playlist.then(({ text }) => {
      hls = /hls\/\S+/.exec(text)?.[0].replace('playlist.m3u8', 'init.mp4');
    });
    await pictures(
      'door',
      () =>
        [main, sub, theirs].every(({ state }) => state.frames > 1) &&
        video !== undefined &&
        hls !== undefined,
    );
    // The id of the viewer is all that HLS asks for, from elsewhere too.
    const far = { headers: { 'x-forwarded-for': '198.51.100.1', host: 'cast.example' } };
    assert.equal((await api.ask(`/api/${hls}`, far)).status, 200);

    const videoEnded = new Promise((resolve) => video!.on('close', resolve));
    assert.equal((await revoke(`id=${id}`)).status, 200);
    await videoEnded;
    for (let i = 0; i < 100 && !(main.state.code && sub.state.code); i++) await sleep(5);
    assert.deepEqual(main.state, { ...main.state, code: 1008, reason: 'the token was revoked' });
    assert.equal(sub.state.code, 1008);
    assert.equal((await api.ask(`/api/${hls}`, far)).status, 404);
    assert.equal((await api.ask(`/api/frame.jpeg?src=door&token=${token}`)).status, 401);

    const { frames } = theirs.state;
    await pictures('door', () => theirs.state.frames > frames + 2);
    assert.equal(theirs.state.code, 0);
    assert.equal((await revoke('stream=door')).status, 200);
    for (let i = 0; i < 100 && !theirs.state.code; i++) await sleep(5);
    assert.equal(theirs.state.code, 1008);
    const { json } = await api.ask('/api/streams?src=door');
    assert.deepEqual(json.consumers, []);
  });
});
