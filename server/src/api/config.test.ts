import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { openConfigStore } from '../config/store.ts';
import { FakeConsumer } from '../core/testing.ts';
import { readLog } from '../util/log.ts';
import { startTestApi, type TestApi } from './testing.ts';

const FILE = `# my cameras
api:
  username: admin # and a password
  password: config-pass-1
streams:
  kept: rtsp://kept
  changed: rtsp://before   # changes
  run: exec:cat /clip
preload: {kept: video}
`;

describe('the config file', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi(FILE);
  });
  after(() => api.close());

  test('is shown as it stands, to those who may administrate', async () => {
    const { headers, text } = await api.ask('/api/config');
    assert.match(String(headers['content-type']), /^application\/yaml/);
    assert.equal(text, FILE);
    const elsewhere = { 'x-forwarded-for': '192.0.2.7' };
    assert.equal((await api.ask('/api/config', { headers: elsewhere })).status, 401);
    const authorization = `Basic ${btoa('admin:config-pass-1')}`;
    assert.equal((await api.ask('/api/config', { headers: { ...elsewhere, authorization } })).status, 200);
  });

  test('is edited: comments stay, untouched streams go on, changed ones follow', async () => {
    const viewer = new FakeConsumer();
    await api.streams.require('kept').attach(viewer);
    const gone = new FakeConsumer();
    await api.streams.require('changed').attach(gone);
    const patch = JSON.stringify({
      streams: { changed: ['rtsp://after'], added: 'rtsp://added' },
      preload: {},
    });
    assert.equal((await api.ask('/api/config', { method: 'PATCH', body: patch })).status, 200);
    const edited = readFileSync(api.path, 'utf8');
    for (const comment of ['# my cameras', '# and a password', '# changes'])
      assert.ok(edited.includes(comment));
    assert.deepEqual(
      api.streams.require('changed').sources.map(({ text }) => text),
      ['rtsp://after'],
    );
    assert.ok(api.streams.get('added'));
    assert.equal(viewer.closed, undefined);
    assert.notEqual(gone.closed, undefined);

    assert.equal((await api.ask('/api/config', { method: 'POST', body: FILE })).status, 200);
    assert.equal(readFileSync(api.path, 'utf8'), FILE);
    assert.equal(api.streams.get('added'), undefined);
    assert.equal(viewer.closed, undefined);
    api.streams.require('kept').detach(viewer);
  });

  test('stays as it is when the edit is wrong, and the answer says where', async () => {
    const refusals: [string, string, RegExp][] = [
      ['POST', 'streams:\n  a: "x', /the document, line 2: Missing closing/],
      ['POST', '- a', /the document is not a map/],
      [
        'POST',
        `${FILE}rtsp: {pkt_size: many}\n`,
        /porthole\.yaml:10:18: rtsp\.pkt_size: expected a whole number/,
      ],
      ['PATCH', 'streams: {x: exec:ls}', /streams\.x: exec: sources are accepted from the config file only/],
      ['PATCH', 'ffmpeg: {bin: /bin/sh}', /ffmpeg: holds command lines/],
      ['PATCH', 'text', /the patch is not a map/],
    ];
    for (const [method, body, reason] of refusals) {
      const { status, text } = await api.ask('/api/config', { method, body });
      assert.equal(status, 400, body);
      assert.match(text, reason);
    }
    assert.equal(readFileSync(api.path, 'utf8'), FILE);
    const evil = { method: 'POST', body: 'x: y', headers: { origin: 'http://evil.example' } };
    assert.equal((await api.ask('/api/config', evil)).status, 403);
  });

  test('what was wrong in it before does not stop an edit', async () => {
    writeFileSync(api.path, `${FILE}webrtc: text\n`);
    assert.equal(
      (await api.ask('/api/config', { method: 'PATCH', body: 'streams: {b: rtsp://b}' })).status,
      200,
    );
    assert.match(readFileSync(api.path, 'utf8'), /^webrtc: text$/m);
    assert.ok(api.streams.get('b'));
  });
});

test('a file that cannot be edited costs only the keeping', async (t) => {
  const api = await startTestApi('streams: {a: rtsp://a}\nbroken: "');
  t.after(api.close);
  const { status, text } = await api.ask('/api/streams?name=b&src=rtsp://b', { method: 'PUT' });
  assert.equal(status, 200);
  assert.match(text, /^until the next start only: the config file, line 2: /);
  assert.ok(api.streams.get('b'));
});

test('preloads of the config run', async (t) => {
  const api = await startTestApi('streams: {a: rtsp://a, b: rtsp://b}\npreload: {a: video, missing: ""}');
  t.after(api.close);
  const { json } = await api.ask('/api/preload');
  assert.equal(json.a.query, 'video');
  assert.equal(api.streams.require('a').subscriptions.length, 1);
  await api.ask('/api/config', {
    method: 'POST',
    body: 'streams: {a: rtsp://a, b: rtsp://b}\npreload: {b: }',
  });
  assert.deepEqual(Object.keys((await api.ask('/api/preload')).json), ['b']);
  assert.equal(api.streams.require('a').subscriptions.length, 0);
});

test('without a config file there is none to show; streams live in memory', async (t) => {
  const store = openConfigStore([{ kind: 'document', text: '{"api": {"listen": "127.0.0.1:0"}}' }]);
  const api = await startTestApi('', { store });
  t.after(api.close);
  for (const method of ['GET', 'POST', 'PATCH']) {
    assert.equal((await api.ask('/api/config', { method })).status, 410);
  }
  assert.equal((await api.ask('/api/streams?name=a&src=rtsp://a', { method: 'PUT' })).status, 200);
  assert.ok(api.streams.get('a'));
});

test('an open API without a password warns, and gives the config to this machine only', async (t) => {
  const api = await startTestApi(
    'webrtc: {ice_servers: [{urls: turn:y, username: u, credential: turn-pass}]}',
    {},
    ':0',
  );
  t.after(api.close);
  const port = api.host.split(':').at(-1);
  const { json } = await api.ask('/api', {}, `127.0.0.1:${port}`);
  assert.equal(json.warnings.length, 1);
  assert.match(readLog(), /open to the network without a password/);
  const headers = { 'x-forwarded-for': '192.0.2.7' };
  const open = await api.ask('/api', { headers }, `127.0.0.1:${port}`);
  assert.deepEqual(open.json.ice_servers, []);
  for (const [method, target] of [
    ['GET', '/api/config'],
    ['POST', '/api/config'],
    ['POST', '/api/exit'],
    ['POST', '/api/restart'],
  ] as const) {
    const { status, text } = await api.ask(target, { method, headers }, `127.0.0.1:${port}`);
    assert.deepEqual([status, /set api.username/.test(text)], [403, true]);
  }
});
