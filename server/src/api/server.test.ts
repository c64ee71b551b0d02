import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { clearLog, createLogger, readLog } from '../util/log.ts';
import { startTestApi, type TestApi } from './testing.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the server', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi(
      'streams:\n  cam: rtsp://cam\nwebrtc:\n  ice_servers: [{urls: stun:x}, {urls: turn:y, username: u, credential: secret-turn}]\n',
    );
  });
  after(() => api.close());

  test('tells what Home Assistant asks at its start', async () => {
    const { status, headers, json } = await api.ask('/api');
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^application\/json/);
    assert.equal(json.version, '1.9.15');
    assert.match(json.porthole, /^\d+\.\d+\.\d+/);
    assert.equal(json.config_path, api.path);
    assert.deepEqual(json.rtsp, { listen: '127.0.0.1:8554', default_query: 'video&audio' });
    assert.deepEqual(json.warnings, []);
    assert.equal(json.ice_servers.length, 2);
    const schemes = (await api.ask('/api/schemes')).json;
    for (const scheme of ['rtsp', 'rtsps', 'http', 'https', 'ffmpeg']) assert.ok(schemes.includes(scheme));
  });

  test('refuses other hosts, other origins and unknown paths', async () => {
    assert.equal((await api.ask('/api', { headers: { host: 'evil.example' } })).status, 403);
    const post = { method: 'POST', headers: { origin: 'http://evil.example' } };
    assert.equal((await api.ask('/api/restart', post)).status, 403);
    assert.deepEqual(api.shutdowns, []);
    const unknown = await api.ask('/api/unknown');
    assert.deepEqual([unknown.status, unknown.text], [404, '404 page not found\n']);
    assert.equal(unknown.headers['x-content-type-options'], 'nosniff');
    const wrong = await api.ask('/api/preload', { method: 'PATCH' });
    assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET, PUT, DELETE']);
    const invalid = await api.ask('/api/frame.mp4');
    assert.deepEqual([invalid.status, invalid.text], [400, 'src is missing\n']);
    const twice = await api.ask('/api/frame.mp4?src=a&src=b');
    assert.deepEqual([twice.status, twice.text], [400, 'src must be string\n']);
  });

  test('HEAD is GET without the body; what has no end has none', async () => {
    const head = await api.ask('/api', { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal(head.headers['content-type'], 'application/json; charset=utf-8');
    for (const path of ['/api/stream.mp4?src=cam', '/api/stream.mjpeg?src=cam', '/api/stream.ts?src=cam'])
      assert.equal((await api.ask(path, { method: 'HEAD' })).status, 405, path);
  });

  test('an offer of HTTP/2 is not taken, and no reason to refuse', async () => {
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    assert.equal((await api.ask('/api', { headers })).status, 200);
  });

  test('exit and restart', async () => {
    assert.equal((await api.ask('/api/exit?code=126', { method: 'POST' })).status, 400);
    assert.equal((await api.ask('/api/exit?code=x', { method: 'POST' })).status, 400);
    assert.equal((await api.ask('/api/exit')).status, 405);
    assert.equal((await api.ask('/api/exit?code=3', { method: 'POST' })).status, 200);
    assert.equal((await api.ask('/api/restart', { method: 'POST' })).status, 200);
    assert.deepEqual(api.shutdowns, [{ exitCode: 3 }, 'restart']);
  });

  test('the log', async () => {
    clearLog();
    createLogger('test').info('line', { url: 'rtsp://user:pw@host' });
    const { text, headers } = await api.ask('/api/log');
    assert.equal(headers['content-type'], 'application/jsonlines');
    const line = JSON.parse(text.split('\n')[0]!);
    assert.deepEqual([line.level, line.message, line.url], ['info', '[test] line', 'rtsp://***@host']);
    assert.equal((await api.ask('/api/log', { method: 'DELETE' })).text, 'OK');
    assert.equal(readLog(), '');
  });

  test('describes itself', async () => {
    const { json } = await api.ask('/api/openapi.json');
    assert.equal(json.openapi, '3.1.0');
    assert.ok(json.paths['/api/streams'].put.parameters.some(({ name }: { name: string }) => name === 'src'));
    const schema = (await api.ask('/schema.json')).json;
    assert.equal(schema.properties.api.properties.listen.default, '127.0.0.1:1984');
    assert.equal(schema.properties.api.required, undefined);
  });

  test('a method that takes no body takes any', async () => {
    for (const type of ['application/octet-stream', 'application/json']) {
      const headers = { 'content-type': type, 'content-length': '0' };
      const { status, text } = await api.ask('/api/streams?src=rtsp://x&name=b', { method: 'PUT', headers });
      assert.equal(status, 200, `${type}: ${text}`);
    }
    const large = await api.ask('/api/streams?src=rtsp://x&name=b', {
      method: 'PUT',
      body: Buffer.alloc(2 << 20),
    });
    assert.equal(large.status, 413);
  });
});

test('the log line that Home Assistant waits for', async (t) => {
  clearLog();
  const api = await startTestApi();
  t.after(api.close);
  assert.match(readLog(), /"message":"\[api\] listen"/);
  assert.match(readLog(), new RegExp(`"addr":"${api.host}"`));
});

test('password, loopback and unix socket', async (t) => {
  const socket = join(mkdtempSync(join(tmpdir(), 'porthole-unix-')), 'api.sock');
  const api = await startTestApi(
    `api: {username: admin, password: api-pass-1, local_auth: true, unix_listen: ${socket}}`,
  );
  t.after(api.close);
  const refused = await api.ask('/api');
  assert.deepEqual([refused.status, refused.text], [401, 'Unauthorized\n']);
  assert.match(String(refused.headers['www-authenticate']), /^Basic realm=/);
  assert.equal((await api.ask('/api', { headers: { authorization: basic('admin:wrong') } })).status, 401);
  assert.equal(
    (await api.ask('/api', { headers: { authorization: basic('admin:api-pass-1') } })).status,
    200,
  );
  assert.equal((await api.ask('/api', { socketPath: socket })).status, 401);
  assert.ok(statSync(socket).isSocket());
  await api.close();
  assert.equal(statSync(socket, { throwIfNoEntry: false }), undefined);
});

test('a unix socket never replaces a file', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'porthole-unix-')), 'file');
  writeFileSync(path, 'mine');
  const api = await startTestApi(`api: {unix_listen: ${path}}`);
  t.after(api.close);
  assert.equal(readFileSync(path, 'utf8'), 'mine');
  await api.close();
  assert.equal(readFileSync(path, 'utf8'), 'mine');
});

test('base_path, allow_paths, origin, read_only', async (t) => {
  const api = await startTestApi(`
api: {base_path: /cams, allow_paths: [/cams/api, /cams/api/streams], origin: "*", read_only: true}
streams: {a: rtsp://a}
`);
  t.after(api.close);
  assert.equal((await api.ask('/api')).status, 404);
  assert.equal((await api.ask('/cams/api')).status, 200);
  assert.equal((await api.ask('/cams/api/schemes')).status, 404);
  const { status, headers } = await api.ask('/cams/api/streams', {
    method: 'OPTIONS',
    headers: { origin: 'http://other.example' },
  });
  assert.deepEqual([status, headers['access-control-allow-origin']], [204, '*']);
  const put = await api.ask('/cams/api/streams?src=rtsp://b&name=b', { method: 'PUT' });
  assert.deepEqual([put.status, put.text], [403, 'read-only\n']);
  assert.deepEqual(api.streams.names(), ['a']);
  await api.close();
});

test('an address that cannot be used is said; the others work', async (t) => {
  clearLog();
  const api = await startTestApi('api: {tls_listen: "127.0.0.1:0"}');
  t.after(api.close);
  assert.match(readLog(), /"error":"api.tls_cert is missing","message":"\[api\] tls listen"/);
  assert.equal((await api.ask('/api')).status, 200);
  await assert.rejects(startTestApi('', {}, api.host), /EADDRINUSE/);
});

test('the page, with its own folder and prefix; nothing outside of it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-page-'));
  mkdirSync(join(folder, 'page/assets'), { recursive: true });
  writeFileSync(join(folder, 'page/assets/main-AbCd1234.js'), '');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'page', 'index.html'), '<p>page');
  const api = await startTestApi('api: {base_path: /cams}', { pageDirectory: join(folder, 'page') });
  t.after(api.close);
  const page = await api.ask('/cams/');
  assert.deepEqual([page.status, page.text], [200, '<p>page']);
  assert.match(String(page.headers['content-type']), /^text\/html/);
  assert.equal(page.headers['cache-control'], 'no-cache');
  assert.ok(page.headers.etag);
  const asset = await api.ask('/cams/assets/main-AbCd1234.js');
  assert.match(String(asset.headers['cache-control']), /immutable/);
  assert.equal((await api.ask('/cams')).status, 302);
  const bookmark = await api.ask('/cams/webrtc.html?src=door');
  assert.deepEqual([bookmark.status, bookmark.headers.location], [302, 'stream.html?src=door&mode=webrtc']);
  for (const path of ['/cams/../secret.txt', '/cams/..%2fsecret.txt', '/cams/%2e%2e/secret.txt', '/cams/x']) {
    const { status, text } = await api.ask(path);
    assert.ok(status === 404 || status === 403, `${path}: ${status}`);
    assert.ok(!text.includes('secret'));
  }
});
