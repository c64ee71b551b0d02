import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { audioCodec } from '../codecs/codec.ts';
import { FakeConsumer, settle } from '../core/testing.ts';
import { startTestApi, type TestApi } from './testing.ts';

const FILE = `# mine
streams:
  door: rtsp://user:file-secret@door/1   # front
  door_small: rtsp://door/2
  run: exec:cat # by hand
  section: { url: rtsp://a, transcode: never }
cameras:
  # the one that matters
  door: { name: Front door, area: Entrance, sub: door_small }
`;

const put = (body: object) => ({ method: 'PUT', body: JSON.stringify(body) });
const post = (body: object = {}) => ({ method: 'POST', body: JSON.stringify(body) });
const file = (api: TestApi): string => readFileSync(api.path, 'utf8');

describe('cameras', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi(FILE);
  });
  after(() => api.close());

  const camera = async (id: string) => {
    const { json } = await api.ask('/api/cameras');
    return json.cameras.find((entry: { id: string }) => entry.id === id);
  };

  test('the list: the server, and every stream that is no sub stream', async () => {
    const { json, text } = await api.ask('/api/cameras');
    assert.match(json.server.id, /^[0-9a-f-]{36}$/);
    assert.equal(json.server.api, 1);
    assert.equal(json.server.role, 'admin');
    assert.equal(json.server.rtsp, '127.0.0.1:8554');
    assert.deepEqual([json.server.conflicts, json.server.addon, json.server.warnings], [[], false, []]);
    assert.ok(Math.abs(json.server.started - Date.now()) < 600_000);
    assert.deepEqual(
      json.cameras.map(({ id }: { id: string }) => id),
      ['door', 'run', 'section'],
    );
    assert.deepEqual(json.cameras[0], {
      id: 'door',
      name: 'Front door',
      area: 'Entrance',
      sub: 'door_small',
      enabled: true,
      doorbell: false,
      status: 'idle',
      tracks: [],
      viewers: 0,
      transcoding: 0,
      events: [],
      reconnects: 0,
    });
    assert.ok(!text.includes('secret'));
    const again = await api.ask('/api/cameras');
    assert.equal(again.json.server.id, json.server.id);
  });

  test('one that is watched is live, and remembers what it is', async () => {
    const stream = api.streams.require('door');
    const viewer = new FakeConsumer();
    await stream.attach(viewer);
    const source = api.cameras.at(-1)!;
    source.send(0, 0, { key: true });
    const live = await camera('door');
    assert.deepEqual([live.status, live.viewers, live.talk], ['live', 1, false]);
    const [track] = live.tracks;
    assert.deepEqual([track.kind, track.codec, track.width, track.height], ['video', 'h264', 1920, 1080]);
    const small = new FakeConsumer();
    await api.streams.require('door_small').attach(small);
    assert.equal((await camera('door')).viewers, 2, 'those of the sub stream are its own');
    stream.detach(viewer);
    api.streams.require('door_small').detach(small);
    await settle(20);
    const idle = await camera('door');
    assert.deepEqual([idle.status, idle.viewers, idle.tracks], ['idle', 0, live.tracks]);
  });

  test('a camera is made, changed and removed; comments stay, secrets are not told', async () => {
    const made = await api.ask(
      '/api/cameras?id=garden',
      put({ sources: ['rtsp://user:put-secret@garden/1'], sub_sources: ['rtsp://garden/2'], name: 'Garden' }),
    );
    assert.equal(made.status, 200, made.text);
    assert.deepEqual([made.json.name, made.json.sub, made.json.status], ['Garden', 'garden_sub', 'idle']);
    assert.ok(!made.text.includes('put-secret'));
    assert.match(
      file(api),
      /\n {2}garden: rtsp:\/\/user:put-secret@garden\/1\n {2}garden_sub: rtsp:\/\/garden\/2\n/,
    );
    assert.match(file(api), /\n {2}garden:\n {4}name: Garden\n {4}sub: garden_sub\n/);
    assert.match(file(api), /# mine\n[\s\S]*# front\n[\s\S]*# the one that matters\n/);

    const changed = await api.ask(
      '/api/cameras?id=garden',
      put({ area: 'Yard', name: null, doorbell: true }),
    );
    assert.deepEqual(
      [changed.json.name, changed.json.area, changed.json.doorbell, changed.json.events],
      ['garden', 'Yard', true, ['ring']],
    );
    // As it is shown, it means the one that is there.
    const shown = ['rtsp://***@garden/1', 'rtsp://garden/other'];
    assert.equal((await api.ask('/api/cameras?id=garden', put({ sources: shown }))).status, 200);
    assert.deepEqual(
      api.streams.require('garden').sources.map(({ text }) => text),
      ['rtsp://user:put-secret@garden/1', 'rtsp://garden/other'],
    );
    const noSub = await api.ask('/api/cameras?id=garden', put({ sub_sources: null }));
    assert.equal(noSub.json.sub, undefined);
    assert.equal(api.streams.get('garden_sub'), undefined);

    assert.equal((await api.ask('/api/cameras?id=garden', { method: 'DELETE' })).status, 200);
    assert.equal(api.streams.get('garden'), undefined);
    assert.equal(file(api), FILE);
    assert.equal((await api.ask('/api/cameras?id=garden', { method: 'DELETE' })).status, 404);
  });

  test('an entry that says more than its sources keeps that', async () => {
    assert.equal((await api.ask('/api/cameras?id=section', put({ sources: ['rtsp://b'] }))).status, 200);
    assert.match(file(api), /section: \{ url: rtsp:\/\/b, transcode: never \}/);
    assert.equal((await api.ask('/api/cameras?id=section', put({ sources: ['rtsp://a'] }))).status, 200);
  });

  test('what stands in the file may be given back, but nothing like it', async () => {
    const same = await api.ask('/api/cameras?id=run', put({ sources: ['exec:cat'], name: 'Program' }));
    assert.equal(same.status, 200, same.text);
    assert.match(file(api), /run: exec:cat # by hand/);
    const other = await api.ask('/api/cameras?id=run', put({ sources: ['exec:cat', 'exec:ls'] }));
    assert.deepEqual([other.status, /config file only/.test(other.text)], [400, true]);
    await api.ask('/api/cameras?id=run', put({ name: null }));
  });

  test('what is wrong is named, and changes nothing', async () => {
    const text = file(api);
    const refusals: [string, object | string, number, RegExp][] = [
      ['new', { name: 'x' }, 400, /sources is missing/],
      ['new', { sources: 'rtsp://a' }, 400, /sources/],
      ['new', { sources: ['rtsp://a'], sub_sources: ['exec:ls'] }, 400, /config file only/],
      ['new', { sources: ['rtsp://a'], enabled: 'yes' }, 400, /enabled/],
      ['new', { sources: ['rtsp://a'], colour: 'red' }, 400, /colour|additional/],
      ['new', { sources: ['rtsp://a'], name: 'x'.repeat(201) }, 400, /name/],
      ['new', 'no json', 400, /not JSON/],
      ['rtsp://a', { sources: ['rtsp://a'] }, 400, /no name of a camera/],
      [' ', { sources: ['rtsp://a'] }, 400, /not a stream name/],
      ['door_small', { name: 'x' }, 400, /sub stream of door/],
    ];
    for (const [id, body, status, reason] of refusals) {
      const answer = await api.ask(`/api/cameras?id=${encodeURIComponent(id)}`, {
        method: 'PUT',
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.text, reason);
    }
    assert.equal(file(api), text);
    assert.equal(api.streams.get('new'), undefined);
    for (const target of ['restart', 'event', 'ptz']) {
      const answer = await api.ask(`/api/cameras/${target}?id=none`, post({ type: 'motion' }));
      assert.equal(answer.status, 404, target);
    }
    assert.equal((await api.ask('/api/cameras/history?id=none')).status, 404);
    assert.equal((await api.ask('/api/cameras/event?id=door', post({ type: 'fire' }))).status, 400);
    assert.equal((await api.ask('/api/cameras/ptz?id=door', post({ pan: 2 }))).status, 400);
    assert.equal((await api.ask('/api/cameras/ptz?id=door', post({ pan: 1 }))).status, 501);
  });

  test('a camera that is switched off plays nowhere', async () => {
    const viewer = new FakeConsumer();
    await api.streams.require('door').attach(viewer);
    const off = await api.ask('/api/cameras?id=door', put({ enabled: false }));
    assert.equal(off.json.status, 'disabled');
    assert.notEqual(viewer.closed, undefined);
    const frame = await api.ask('/api/frame.jpeg?src=door_small');
    assert.deepEqual([frame.status, frame.text], [503, 'door_small is switched off\n']);
    assert.equal((await api.ask('/api/cameras?id=door', put({ enabled: true }))).json.status, 'idle');
    await api.streams.require('door').attach(new FakeConsumer());
    assert.ok(!file(api).includes('enabled'));
  });

  test('a restart keeps viewers', async () => {
    const viewer = new FakeConsumer();
    await api.streams.require('door').attach(viewer);
    const opened = api.cameras.length;
    assert.equal((await api.ask('/api/cameras/restart?id=door', { method: 'POST' })).status, 200);
    await settle(20);
    assert.equal(api.cameras.length, opened + 1);
    assert.equal(viewer.closed, undefined);
  });

  test('a viewer is disconnected by its id', async () => {
    const viewer = new FakeConsumer();
    await api.streams.require('door').attach(viewer);
    const target = `/api/consumers?src=door&id=${viewer.peer.id}`;
    assert.equal((await api.ask(target, { method: 'DELETE' })).status, 200);
    assert.notEqual(viewer.closed, undefined);
    assert.equal((await api.ask(target, { method: 'DELETE' })).status, 404);
    assert.equal((await api.ask('/api/consumers?src=door&id=x', { method: 'DELETE' })).status, 404);
  });

  test('events from outside', async () => {
    assert.equal((await api.ask('/api/cameras/event?id=door', post({ type: 'motion' }))).status, 200);
    const moved = await camera('door');
    assert.deepEqual([moved.events, moved.motion], [['motion'], true]);
    await api.ask('/api/cameras/event?id=door', post({ type: 'motion', active: false }));
    assert.equal((await camera('door')).motion, false);
  });

  test('history has what was measured while somebody watched', async () => {
    const { json } = await api.ask('/api/cameras/history?id=section');
    assert.deepEqual(json, { interval_ms: 2000, samples: [] });
  });
});

test('changes hold until the next start where the config file cannot be edited, and the server says so', async () => {
  const api = await startTestApi('streams:\n  a: [rtsp://a\n');
  const answer = await api.ask('/api/cameras?id=b', put({ sources: ['rtsp://b'], name: 'B' }));
  assert.deepEqual([answer.status, answer.json.name], [200, 'B']);
  const { json } = await api.ask('/api/cameras');
  assert.match(json.server.warnings[0], /until the next start only/);
  await api.close();
});

test('placeholders of the config file stay placeholders', async () => {
  const api = await startTestApi(`env: { PW: env-secret }\nstreams: { a: "rtsp://me:\${PW}@a" }\n`);
  const sources = ['rtsp://***@a', 'rtsp://b'];
  assert.equal((await api.ask('/api/cameras?id=a', put({ sources }))).status, 200);
  assert.deepEqual(
    api.streams.require('a').sources.map(({ text }) => text),
    ['rtsp://me:env-secret@a', 'rtsp://b'],
  );
  assert.match(file(api), /a: \[ ?"?rtsp:\/\/me:\$\{PW\}@a"?, /);
  await api.close();
});

test('a server that is read-only lets nobody change a camera', async () => {
  const api = await startTestApi('api: { read_only: true }\nstreams: { a: rtsp://a }\n');
  assert.equal((await api.ask('/api/cameras')).status, 200);
  for (const [method, target] of [
    ['PUT', '/api/cameras?id=a'],
    ['DELETE', '/api/cameras?id=a'],
    ['POST', '/api/cameras/restart?id=a'],
    ['POST', '/api/probe'],
    ['POST', '/api/preview'],
    ['DELETE', '/api/preview?name=x'],
    ['DELETE', '/api/consumers?src=a&id=1'],
  ] as const) {
    assert.equal(
      (await api.ask(target, { method, ...(method === 'DELETE' ? {} : { body: '{}' }) })).status,
      403,
      target,
    );
  }
  await api.close();
});

test('a probe of a source as it is shown opens the one that is configured, and tells no more of it', async (t) => {
  const api = await startTestApi(
    'streams: { a: "rtsp://me:shown-secret@cam/1", b: "exec:cat", f: "rtsp://me:shown-secret@fail/1" }\n',
  );
  t.after(api.close);
  const probe = async (source: string) => {
    api.nextCodecs.push([audioCodec('aac', 16_000)]);
    return (await api.ask('/api/probe', post({ source }))).json;
  };
  const shown = await probe('rtsp://***@cam/1');
  assert.deepEqual([shown.source, shown.error], ['rtsp://***@cam/1', undefined]);
  assert.equal(api.opened.at(-1), 'rtsp://me:shown-secret@cam/1');
  const failed = await api.ask('/api/probe', post({ source: 'rtsp://***@fail/1' }));
  assert.equal(failed.json.error.code, 'unreachable');
  assert.ok(!failed.text.includes('shown-secret'));
  assert.equal((await probe('exec:cat')).error, undefined, 'what the file says may run');
  await probe('rtsp://***@other/1');
  assert.equal(api.opened.at(-1), 'rtsp://***@other/1', 'another address gets no credentials');
  await probe('rtsp://new:words@cam/1');
  assert.equal(api.opened.at(-1), 'rtsp://new:words@cam/1');
});

test('a probe: tracks, loudspeaker, and why not', async () => {
  const api = await startTestApi('streams: { a: rtsp://a }\n');
  api.nextCodecs.push([audioCodec('aac', 16_000)]);
  const good = await api.ask(
    '/api/probe',
    post({ source: 'rtsp://old:x@cam/1?x=1', username: 'me@home', password: 'p:w/d#!' }),
  );
  assert.equal(good.status, 200, good.text);
  assert.equal(good.json.source, 'rtsp://me%40home:p%3Aw%2Fd%23%21@cam/1?x=1');
  assert.deepEqual([good.json.tracks[0].codec, good.json.talk, good.json.error], ['aac', false, undefined]);
  assert.equal(api.cameras.at(-1)!.stopped, true);
  const bad = await api.ask(
    '/api/probe',
    post({ source: 'rtsp://fail/1', username: 'me', password: 'probe-secret' }),
  );
  assert.equal(bad.status, 200, bad.text);
  assert.deepEqual([bad.json.tracks, bad.json.error.code], [[], 'unreachable']);
  assert.ok(!bad.json.error.message.includes('probe-secret'));
  assert.equal((await api.ask('/api/probe', post({ source: 'exec:ls' }))).status, 400);
  assert.equal((await api.ask('/api/probe', post({ source: 'garden', username: 'x' }))).status, 400);
  assert.deepEqual(api.streams.names(), ['a']);
  await api.close();
});
