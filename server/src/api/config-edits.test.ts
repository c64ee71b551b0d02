/** The config over the API, beyond reading and writing it: a look before, a way back, and what another server had. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openHistory } from '../config/history.ts';
import { FakeConsumer } from '../core/testing.ts';
import { startTestApi, type TestApi } from './testing.ts';

const FILE = `# cameras
api: {username: admin, password: config-pass-1}
streams:
  kept: rtsp://kept
  door: rtsp://before
  run: exec:cat /clip
`;

describe('an edit of the config', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi(FILE);
  });
  after(() => api.close());

  const post = (target: string, body = '') => api.ask(target, { method: 'POST', body });
  const onDisk = (): string => readFileSync(api.path, 'utf8');

  test('is checked without being made', async () => {
    const text = FILE.replace('rtsp://before', 'rtsp://after')
      .replace('  kept: rtsp://kept\n', '  new: rtsp://new\n')
      .concat('rtsp: {pkt_size: many}\nwebrtc: {listen: ":9000"}\npreload: {door: video}\n');
    const { status, json } = await post('/api/config/check', text);
    assert.equal(status, 200);
    const { message } = json.problems[0];
    assert.match(message, /whole number/);
    assert.deepEqual(json, {
      problems: [{ line: 7, column: 18, path: 'rtsp.pkt_size', message }],
      streams: { added: ['new'], changed: ['door'], removed: ['kept'] },
      restart: ['webrtc'],
    });
    assert.equal(onDisk(), FILE);
    assert.equal(api.streams.get('new'), undefined);
  });

  test('tells of what is not YAML, and of what the rules refuse, where it stands', async () => {
    const broken = (await post('/api/config/check', 'streams:\n  a: "x')).json;
    assert.deepEqual([broken.problems[0].line, broken.problems[0].path], [2, '']);
    const program = (await post('/api/config/check', `${FILE}  two: exec:ls\n`)).json;
    assert.deepEqual(program.problems, [
      { line: 7, column: 3, path: 'streams.two', message: program.problems[0]?.message },
    ]);
    assert.match(program.problems[0].message, /accepted from the config file only/);
    const section = (await post('/api/config/check', `${FILE}ffmpeg: {bin: /bin/sh}\n`)).json;
    assert.deepEqual([section.problems[0].line, section.problems[0].path], [7, 'ffmpeg']);
    assert.deepEqual(section.restart, ['ffmpeg']);
    for (const text of ['', '- a', 'x', '{', '\0', '[[[[', 'streams: 5'])
      assert.equal((await post('/api/config/check', text)).status, 200, text);
  });

  test('that is in force at once asks for no new start', async () => {
    for (const more of ['cameras: {door: {name: Door}}', 'preload: {door: video}', 'metrics: {lan: true}'])
      assert.deepEqual((await post('/api/config/check', `${FILE}${more}\n`)).json.restart, [], more);
    const password = FILE.replace('config-pass-1', 'config-pass-2');
    assert.deepEqual((await post('/api/config/check', password)).json.restart, []);
    const listen = FILE.replace('username: admin', 'username: admin, tls_listen: ":443"');
    assert.deepEqual((await post('/api/config/check', listen)).json.restart, ['api']);
  });

  test('leaves viewers of other streams alone, forth and back; programs of the file come back with it', async () => {
    const viewer = new FakeConsumer();
    await api.streams.require('kept').attach(viewer);
    const camera = api.cameras.at(-1)!;
    assert.equal((await post('/api/config/undo')).status, 409, 'nothing was edited yet');
    const edited = FILE.replace('rtsp://before', 'rtsp://after').replace('  run: exec:cat /clip\n', '');
    assert.equal((await post('/api/config', edited)).status, 200);
    assert.equal(api.streams.get('run'), undefined);
    assert.equal((await post('/api/config/undo')).status, 200);
    assert.equal(onDisk(), FILE);
    assert.ok(api.streams.get('run'));
    assert.deepEqual(
      api.streams.require('door').sources.map(({ text }) => text),
      ['rtsp://before'],
    );
    camera.send(0, 0, { key: true });
    assert.deepEqual([viewer.closed, camera.stopped, viewer.packets.length > 0], [undefined, false, true]);
    api.streams.require('kept').detach(viewer);
    // Undoing what was undone: the edit again.
    assert.equal((await post('/api/config/undo')).status, 200);
    assert.equal(onDisk(), edited);
    assert.equal((await post('/api/config/undo')).status, 200);
  });

  test('is not undone when the file was changed by hand since', async () => {
    assert.equal((await post('/api/config', `${FILE}# more\n`)).status, 200);
    writeFileSync(api.path, `${FILE}# by hand\n`);
    const { status, text } = await post('/api/config/undo');
    assert.deepEqual([status, /by other means/.test(text)], [409, true]);
    assert.match(onDisk(), /by hand/);
  });

  test('keeps the last texts, newest first, for the owner of the file alone', async () => {
    for (let i = 0; i < 25; i++) await post('/api/config', `${FILE}# ${i}\n`);
    const { json } = await api.ask('/api/config/history');
    assert.equal(json.length, 20);
    assert.deepEqual(
      json.map(({ id }: { id: number }) => id),
      Array.from({ length: 20 }, (_, index) => json[0].id - index),
    );
    const { text, headers } = await api.ask(`/api/config/history?id=${json[0].id}`);
    assert.equal(text, `${FILE}# 23\n`);
    assert.deepEqual([json[0].bytes, headers['cache-control']], [text.length, 'no-store']);
    assert.equal((await api.ask('/api/config/history?id=1')).status, 404);
    const path = join(dirname(api.path), '.porthole-history.json');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(openHistory(path).list().length, 20);
    const elsewhere = { headers: { 'x-forwarded-for': '192.0.2.7' } };
    for (const target of ['/api/config/history', '/api/config/history?id=2'])
      assert.equal((await api.ask(target, elsewhere)).status, 401);
  });
});

test('a history that is none is empty; what does not fit is forgotten', async (t) => {
  const api = await startTestApi('streams: {a: rtsp://a}');
  t.after(api.close);
  const path = join(dirname(api.path), 'history.json');
  assert.deepEqual(openHistory(path).list(), []);
  for (const text of [
    '',
    '{',
    '[]',
    '{"id":1}',
    '[1,null,"x",{"id":"1","time":1,"text":"","after":""}]',
    '\0\xff',
  ]) {
    writeFileSync(path, text);
    assert.deepEqual(openHistory(path).list(), [], text);
  }
  const history = openHistory(path);
  for (let i = 0; i < 4; i++) history.add('x'.repeat(1_500_000) + i, 'next');
  assert.deepEqual(
    openHistory(path)
      .list()
      .map(({ id }) => id),
    [4, 3],
  );
  assert.ok(history.isLatest('next') && !history.isLatest('other'));
});

describe('import', () => {
  const THEIRS = `
streams:
  door: rtsp://user:their-pass@192.0.2.1/door
  garden:
    - rtsp://192.0.2.1/garden
    - ffmpeg:garden#audio=opus
    - tuya://user:their-pass@nowhere
  alarm: homekit://192.0.2.3?pin=123
  clip: exec:ffmpeg -i /clip.mp4 -f rtsp {output}
  phone:
`;

  test('takes over the streams that are missing, and says of the others why not', async (t) => {
    const api = await startTestApi('# ours\nstreams: {door: rtsp://ours}\n', {
      importFrom: () => ({ path: '/config/go2rtc.yaml', text: THEIRS }),
    });
    t.after(api.close);
    const { status, json } = await api.ask('/api/import', { method: 'POST' });
    assert.equal(status, 200);
    assert.deepEqual(json.added, ['garden', 'clip', 'phone']);
    assert.deepEqual(json.skipped[0], { name: 'door', reason: 'there is a stream of this name' });
    assert.equal(json.skipped[1].name, 'garden');
    assert.match(json.skipped[1].reason, /^added without tuya:\/\/\*\*\*@nowhere: .*not known here/);
    assert.equal(json.skipped[2].name, 'alarm');
    assert.match(json.skipped[2].reason, /not known here/);
    assert.deepEqual(
      api.streams.require('garden').sources.map(({ text }) => text),
      ['rtsp://192.0.2.1/garden', 'ffmpeg:garden#audio=opus'],
    );
    assert.ok(api.streams.get('clip') && api.streams.get('phone'));
    assert.match(readFileSync(api.path, 'utf8'), /^# ours\n/);
    const again = await api.ask('/api/import', { method: 'POST' });
    assert.deepEqual(again.json.added, []);
    assert.equal(again.json.skipped.length, 5);
  });

  test('names the templates of the other file that do not come along', async (t) => {
    const theirs = `
ffmpeg: { mine: "-c:v libx264 -g 10", h264: "-c:v libx264 -g 20", same: "-c:a aac", unused: "-x" }
streams:
  a: [rtsp://192.0.2.1/a, ffmpeg:a#video=mine#audio=opus, ffmpeg:a#video=mine#video=h264#audio=same]
`;
    const api = await startTestApi('ffmpeg: { same: "-c:a aac" }\n', {
      importFrom: () => ({ path: '/config/go2rtc.yaml', text: theirs }),
    });
    t.after(api.close);
    const { json } = await api.ask('/api/import', { method: 'POST' });
    assert.deepEqual(json.added, ['a']);
    assert.deepEqual(
      json.skipped.map(({ name, reason }: { name: string; reason: string }) => [
        name,
        /ffmpeg\.(\w+)/.exec(reason)?.[1],
      ]),
      [
        ['a', 'mine'],
        ['a', 'h264'],
      ],
    );
  });

  test('is 404 where nothing is offered, and 400 for what is no config', async (t) => {
    let offered: { path: string; text: string } | undefined;
    const api = await startTestApi('', { importFrom: () => offered });
    t.after(api.close);
    const status = async () => (await api.ask('/api/import', { method: 'POST' })).status;
    assert.equal(await status(), 404);
    for (const text of ['streams: "', '[', '\0: {']) {
      offered = { path: '/config/go2rtc.yaml', text };
      assert.equal(await status(), 400, text);
    }
    offered = { path: '/config/go2rtc.yaml', text: 'streams: 5\nother: true' };
    assert.equal(await status(), 200);
    assert.ok(!existsSync('/config/go2rtc.yaml'));
  });
});
