/** Every route, asked by every kind of client: what a viewer and a token reach is written down here, all else is refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Answer, startTestApi, type TestApi } from './testing.ts';

const CONFIG = `
api: {username: admin, password: secret-1}
streams: {door: "rtsp://u:pass-2@192.0.2.9/main", door_sub: "fail:x", garden: "fail:y"}
cameras: {door: {sub: door_sub}}
`;
const PAGES = ['GET /', 'GET /*', 'GET /webrtc.html', 'GET /schema.json'];
/** Besides: `/api/events`, which is a WebSocket. */
const VIEWERS = new Set([
  ...PAGES,
  'GET /api',
  'GET /api/cameras',
  'GET /api/cameras/history',
  'POST /api/cameras/ptz',
  'GET /api/streams',
  'GET /static',
  'GET /streams',
]);
const ANYONE = new Set([
  'GET /api/health',
  'DELETE /api/webrtc',
  'GET /api/hls/playlist.m3u8',
  'GET /api/hls/init.mp4',
  'GET /api/hls/segment.m4s',
  'GET /api/hls/segment.ts',
]);
const MEDIA =
  /^(?:GET \/api\/(?:stream|frame)\.|GET \/api\/ws$|POST \/api\/webrtc$|POST \/stream\/\{id\}\/channel)/;
const isForAnyone = (route: string): boolean => ANYONE.has(route) || route.startsWith('OPTIONS ');
/** Of these the body is media, which is pushed. */
const PUSHES = /^POST \/api\/stream/;

describe('who may do what', () => {
  let api: TestApi;
  let token: string;
  let roleOf: (id: string) => Promise<'admin' | 'viewer'>;
  before(async () => {
    roleOf = async (id) => {
      if (id === 'anna') return 'admin';
      if (id === 'trouble') throw new Error('core does not answer');
      return 'viewer';
    };
    api = await startTestApi(CONFIG, {
      ingress: { host: '127.0.0.1', port: 0, allowFrom: '127.0.0.1', roleOf: (id) => roleOf(id) },
    });
    token = (await post('/api/tokens', { stream: 'door' })).json.token;
  });
  after(() => api.close());

  const post = (target: string, body: unknown): Promise<Answer> =>
    api.ask(target, { method: 'POST', body: JSON.stringify(body) });
  const through = (user: string | undefined, target: string, ask: Parameters<TestApi['ask']>[1] = {}) => {
    const named = user === undefined ? {} : { 'x-remote-user-id': user, 'x-remote-user-display-name': 'A' };
    return api.ask(target, { ...ask, headers: { ...named, ...ask.headers } }, api.ingressHost);
  };

  async function routes(): Promise<{ method: string; path: string; route: string }[]> {
    const { json } = await api.ask('/api/openapi.json');
    return Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((name) => {
        const method = name.toUpperCase();
        return { method, path: path.replaceAll(/\{\w+\}/g, 'garden'), route: `${method} ${path}` };
      }),
    );
  }

  test('a viewer of Home Assistant reaches what is for viewers', async () => {
    const found = await routes();
    assert.ok(found.length > 60, `${found.length} routes`);
    for (const { method, path, route } of found) {
      const { status } = await through('guest', path.replace('*', 'x'), { method });
      const isOpen = VIEWERS.has(route) || isForAnyone(route) || (MEDIA.test(route) && !PUSHES.test(route));
      assert.equal(status !== 403, isOpen, `${route}: ${status}`);
    }
  });

  test('a token reaches the media of its camera, by either address, and no other', async () => {
    for (const { method, path, route } of await routes()) {
      const target = path.replace('*', 'x');
      const isMedia = MEDIA.test(route) && !PUSHES.test(route);
      const other = await api.ask(`${target}?src=garden&token=${token}`, { method });
      assert.equal(other.status !== 403, isForAnyone(route), `${route}: ${other.status}`);
      if (!isMedia) continue;
      const own = await api.ask(`${target.replace('garden', 'door_sub')}?src=door_sub&token=${token}`, {
        method,
      });
      assert.notEqual(own.status, 403, route);
    }
    const authorization = `Bearer ${token}`;
    const ask = (target: string, headers: Record<string, string> = {}) => api.ask(target, { headers });
    assert.equal(
      (await ask('/api/frame.jpeg?src=door_sub', { authorization })).status,
      502,
      'the camera fails',
    );
    assert.equal((await ask('/api/frame.jpeg?src=garden', { authorization })).status, 403);
    assert.equal((await ask('/api/frame.jpeg?src=door&src=garden', { authorization })).status, 403);
    // A password does not make a wrong token right, nor does this machine.
    for (const wrong of ['x', `${token}x`, '']) {
      const basic = { authorization: `Basic ${btoa('admin:secret-1')}` };
      assert.equal((await ask(`/api/frame.jpeg?src=door&token=${wrong}`, basic)).status, 401);
    }
    const { headers: stale } = await ask('/api/frame.jpeg?src=door&token=x');
    assert.equal(stale['www-authenticate'], undefined, 'no browser asks for a password because of a token');
    // Elsewhere no password is asked of who has a token, and any host will do.
    const far = { 'x-forwarded-for': '198.51.100.1', host: 'cams.example' };
    assert.equal((await ask(`/api/frame.jpeg?src=door_sub&token=${token}`, far)).status, 502);
    assert.equal((await ask('/api/frame.jpeg?src=door_sub', far)).status, 403);
  });

  test('who may administrate through ingress is what roleOf says; whoever it cannot tell is a viewer', async () => {
    assert.equal((await through('anna', '/api/config')).status, 200);
    for (const user of ['guest', 'trouble', '', undefined])
      assert.equal((await through(user, '/api/config')).status, 403, String(user));
    roleOf = async () => 'root' as 'admin';
    assert.equal((await through('anna', '/api/config')).status, 403);
    roleOf = async (id) => (id === 'anna' ? 'admin' : 'viewer');
    // Credentials do not lift a viewer: who they are has been said.
    const authorization = `Basic ${btoa('admin:secret-1')}`;
    assert.equal((await through('guest', '/api/config', { headers: { authorization } })).status, 403);
    const origin = 'http://evil.example';
    assert.equal((await through('anna', '/api/log', { method: 'DELETE', headers: { origin } })).status, 403);
  });

  test('headers of ingress mean nothing elsewhere', async () => {
    const headers = { 'x-remote-user-id': 'anna', 'x-forwarded-for': '192.0.2.1', 'x-ingress-path': '/a' };
    assert.equal((await api.ask('/api/config', { headers })).status, 401);
  });

  test('a viewer sees streams, and nothing of where they come from', async () => {
    const { name } = (await post('/api/preview', { source: 'rtsp://fail/1' })).json;
    assert.ok(Object.hasOwn((await through('anna', '/api/streams')).json, name));
    const { text, json } = await through('guest', '/api/streams');
    assert.deepEqual(Object.keys(json), ['door', 'door_sub', 'garden']);
    for (const hidden of ['192.0.2.9', 'fail:', 'url', 'pass-2']) assert.ok(!text.includes(hidden), hidden);
    await api.ask('/api/frame.jpeg?src=garden');
    const list = (await through('guest', '/api/cameras')).json;
    const garden = (cameras: { id: string; error?: object }[]) => cameras.find(({ id }) => id === 'garden');
    assert.deepEqual(garden(list.cameras)?.error, {
      code: 'unreachable',
      message: 'unreachable',
      since: list.cameras.find(({ id }: { id: string }) => id === 'garden').error.since,
    });
    const full = garden((await api.ask('/api/cameras')).json.cameras)?.error as { message: string };
    assert.match(full.message, /connection refused/);
    const info = (await through('guest', '/api')).json;
    assert.equal(info.config_path, undefined);
  });

  test('a WebSocket of a viewer or a token makes no stream and pushes nothing', async () => {
    const status = async (target: string, headers: Record<string, string> = {}, host = api.host) => {
      const socket = new WebSocket(`ws://${host}${target}`, { headers });
      const [outcome] = await Promise.race([
        once(socket, 'open').then(() => [101]),
        once(socket, 'unexpected-response').then(([, response]) => [response.statusCode]),
      ]);
      if (outcome !== 101) return outcome;
      socket.send(JSON.stringify({ type: 'mse', value: '' }));
      const [data] = await once(socket, 'message');
      socket.close();
      return JSON.parse(String(data)).value;
    };
    const guest = { 'x-remote-user-id': 'guest' };
    const source = encodeURIComponent('rtsp://192.0.2.1/new');
    assert.match(
      await status(`/api/ws?src=${source}&name=new`, guest, api.ingressHost),
      /only an administrator/,
    );
    assert.equal(api.streams.get('new'), undefined);
    assert.equal(await status('/api/ws?dst=door', guest, api.ingressHost), 403);
    assert.equal(await status('/api/ws?src=door&dst=door', guest, api.ingressHost), 403);
    assert.equal(await status(`/api/ws?src=${source}&name=new&token=${token}`), 403);
    assert.equal(await status(`/api/ws?dst=door&token=${token}`), 403);
    assert.equal(await status(`/api/ws?src=garden&token=${token}`), 403);
    assert.equal(await status('/api/ws?src=door&token=x'), 401);
    assert.equal(await status(`/api/events?token=${token}`), 403);
    assert.match(await status(`/api/ws?src=door_sub&token=${token}`), /^mse: /);
    const origin = { origin: 'http://evil.example' };
    assert.equal(await status('/api/ws?src=door', { ...guest, ...origin }, api.ingressHost), 403);
    assert.match(await status(`/api/ws?src=door_sub&token=${token}`, origin), /^mse: /);
  });

  test('requests that are no HTTP, and strange headers, cost nothing', async () => {
    const [host, port] = api.ingressHost.split(':');
    for (const bytes of [
      '\x16\x03\x01\0\xff',
      'GET /\r\n\r\n',
      `GET /api HTTP/1.1\r\nX-Remote-User-Id: ${'\xff'.repeat(9000)}\r\n\r\n`,
    ]) {
      const socket = connect(Number(port), host);
      socket.end(Buffer.from(bytes, 'latin1'));
      socket.resume();
      await once(socket, 'close');
    }
    const odd = { 'x-remote-user-id': 'guest', 'x-remote-user-display-name': '\xff\xfe\xc3' };
    assert.equal((await through('guest', '/api', { headers: odd })).status, 200);
  });
});

describe('the listener for ingress', () => {
  test('serves its one address only, and knows the API by its root', async () => {
    const ingress = { host: '127.0.0.1', port: 0, roleOf: async () => 'admin' as const };
    const closed = await startTestApi('', { ingress });
    const { status, headers } = await closed.ask('/api', {}, closed.ingressHost);
    assert.deepEqual([status, headers.connection], [403, 'close']);
    await closed.close();

    const open = await startTestApi('api: {base_path: /porthole}', {
      ingress: { ...ingress, allowFrom: '127.0.0.1' },
    });
    const user = { 'x-remote-user-id': 'anna' };
    assert.equal((await open.ask('/api', { headers: user }, open.ingressHost)).status, 200);
    assert.equal((await open.ask('/api')).status, 404);
    await open.close();
  });

  test('costs only itself where its address cannot be had', async () => {
    const ingress = { host: '192.0.2.1', port: 80, roleOf: async () => 'admin' as const };
    const api = await startTestApi('', { ingress, extraListen: ['192.0.2.1:81', '127.0.0.1:0'] });
    assert.equal((await api.ask('/api')).status, 200);
    assert.equal(api.ingressHost, '');
    await api.close();
  });

  test('the name of the user is told with the viewer', async () => {
    const api = await startTestApi('streams: {cam: rtsp://cam}', {
      ingress: { host: '127.0.0.1', port: 0, allowFrom: '127.0.0.1', roleOf: async () => 'viewer' },
    });
    const headers = {
      'x-remote-user-id': 'u',
      'x-remote-user-display-name': Buffer.from('Zoë').toString('latin1'),
    };
    const socket = new WebSocket(`ws://${api.ingressHost}/api/ws?src=cam`, { headers });
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'mse', value: '' }));
    const look = async () => (await api.ask('/api/streams?src=cam')).json.consumers[0]?.user_agent;
    for (let i = 0; i < 100 && !(await look()); i++) await sleep(10);
    assert.equal(await look(), 'Zoë');
    socket.terminate();
    await api.close();
  });
});
