import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { Streams } from '../core/streams.ts';
import { FakeCamera, FakeConsumer, H264 } from '../core/testing.ts';
import { Previews } from './previews.ts';
import { startTestApi } from './testing.ts';

describe('previews', () => {
  let streams: Streams;
  let previews: Previews;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    streams = new Streams(async () => new FakeCamera(H264), { lingerMs: 0 });
    previews = new Previews(streams);
  });
  afterEach(() => {
    previews.close();
    streams.close();
    mock.timers.reset();
  });

  test('that nobody watches are gone when they said', () => {
    const { name, expires } = previews.open('rtsp://a');
    mock.timers.tick(expires - Date.now() - 1);
    assert.ok(streams.get(name));
    mock.timers.tick(1);
    assert.equal(streams.get(name), undefined);
    assert.equal(previews.end(name), false);
  });

  test('that are watched stay, and for a minute more', async () => {
    const { name } = previews.open('rtsp://a');
    const [first, second] = [new FakeConsumer(), new FakeConsumer()];
    const stream = streams.require(name);
    for (const consumer of [first, second]) await stream.attach(consumer);
    mock.timers.tick(600_000);
    stream.detach(first);
    mock.timers.tick(600_000);
    assert.ok(streams.get(name));
    stream.detach(second);
    mock.timers.tick(59_999);
    await stream.attach(first);
    mock.timers.tick(600_000);
    stream.detach(first);
    mock.timers.tick(60_000);
    assert.equal(streams.get(name), undefined);
  });

  test('end with those who watch; other streams are none', async () => {
    streams.set('door', ['rtsp://door']);
    const { name } = previews.open('rtsp://a');
    const consumer = new FakeConsumer();
    await streams.require(name).attach(consumer);
    assert.equal(previews.end(name), true);
    assert.ok(consumer.closed);
    assert.equal(previews.end('door'), false);
    assert.deepEqual(streams.names(), ['door']);
  });

  test('are not too many, and are no names for others', () => {
    const names = Array.from({ length: 16 }, () => previews.open('rtsp://a').name);
    assert.equal(new Set(names).size, 16);
    assert.deepEqual(streams.names(), []);
    assert.throws(() => previews.open('rtsp://a'), { code: 'limit' });
    streams.delete(names[0]!);
    previews.open('rtsp://a');
  });
});

test('the route: a stream with the source and its login, no camera, in no file', async () => {
  const api = await startTestApi('streams: { door: rtsp://door }\n');
  const post = (body: object) => api.ask('/api/preview', { method: 'POST', body: JSON.stringify(body) });
  const { status, json } = await post({
    source: 'rtsp://cam/../1?path=/x/',
    username: 'me@home',
    password: 'preview-secret',
  });
  assert.equal(status, 200);
  assert.match(json.name, /^preview-[0-9a-f]{24}$/);
  assert.ok(json.expires > Date.now() && json.expires <= Date.now() + 60_000);
  assert.equal(
    api.streams.get(json.name)?.sources[0]?.text,
    'rtsp://me%40home:preview-secret@cam/../1?path=/x/',
  );
  const cameras = (await api.ask('/api/cameras')).json.cameras;
  assert.deepEqual(
    cameras.map(({ id }: { id: string }) => id),
    ['door'],
  );
  assert.equal(api.cameraStates.get(json.name), undefined);
  assert.doesNotMatch((await api.ask('/api/metrics')).text, /preview/);
  const streams = (await api.ask('/api/streams')).text;
  assert.ok(streams.includes(json.name) && !streams.includes('preview-secret'));
  assert.doesNotMatch(readFileSync(api.path, 'utf8'), /preview/);

  for (const body of [{ source: 'exec:ls' }, { source: '' }, {}, { source: 5 }])
    assert.equal((await post(body)).status, 400, JSON.stringify(body));
  const remove = (name: string) => api.ask(`/api/preview?name=${name}`, { method: 'DELETE' });
  assert.equal((await remove('door')).status, 404);
  assert.equal((await remove(json.name)).status, 200);
  assert.equal((await remove(json.name)).status, 404);
  assert.deepEqual(api.streams.names(), ['door']);
  await api.close();
});
