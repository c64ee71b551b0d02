import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { FakeConsumer, settle } from '../../core/testing.ts';
import { startTestApi, type TestApi } from '../testing.ts';
import { integrationVersion } from './events.ts';

// biome-ignore lint/suspicious/noExplicitAny: messages of many shapes
type Message = any;

/** A client of `/api/events` that keeps what it is told. */
async function listen(api: TestApi) {
  const socket = new WebSocket(`ws://${api.host}/api/events`);
  const messages: Message[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(data.toString())));
  const find = async (
    what: string,
    matches: (message: Message) => boolean,
    timeoutMs = 4000,
  ): Promise<Message> => {
    for (const end = performance.now() + timeoutMs; performance.now() < end; await settle(5)) {
      const index = messages.findIndex(matches);
      if (index >= 0) return messages.splice(0, index + 1).at(-1);
    }
    throw new Error(`not told: ${what}; told: ${JSON.stringify(messages)}`);
  };
  const first = await find('the state', ({ type }) => type === 'state');
  return { socket, messages, find, first };
}

const put = (body: object) => ({ method: 'PUT', body: JSON.stringify(body) });
const isCamera =
  (id: string, matches: (camera: Message) => boolean = () => true) =>
  (message: Message): boolean =>
    message.type === 'camera' && message.camera.id === id && matches(message.camera);

describe('news of cameras', () => {
  test('all of them first, then each change, at most one a second', async () => {
    const api = await startTestApi('streams:\n  door: rtsp://door\n');
    await settle(60);
    const client = await listen(api);
    assert.equal(client.first.server.api, 1);
    assert.deepEqual(
      client.first.cameras.map(({ id, status }: Message) => [id, status]),
      [['door', 'idle']],
    );

    const stream = api.streams.require('door');
    const viewers = [new FakeConsumer(), new FakeConsumer()];
    for (const viewer of viewers) await stream.attach(viewer);
    const live = await client.find(
      'live',
      isCamera('door', ({ status }) => status === 'live'),
    );
    assert.equal(live.camera.viewers, 2);
    const toldAt = performance.now();
    for (const viewer of viewers) stream.detach(viewer);
    await client.find(
      'idle',
      isCamera('door', ({ status, viewers }) => status === 'idle' && viewers === 0),
    );
    assert.ok(performance.now() - toldAt > 900, 'not before a second has passed');

    await api.ask('/api/cameras?id=yard', put({ sources: ['rtsp://yard'] }));
    await client.find('a new camera', isCamera('yard'));
    await api.ask('/api/cameras/event?id=yard', {
      method: 'POST',
      body: JSON.stringify({ type: 'ring' }),
    });
    const ring = await client.find('a ring', ({ type }) => type === 'event');
    assert.deepEqual([ring.id, ring.event, ring.active], ['yard', 'ring', true]);
    assert.ok(Math.abs(ring.time - Date.now()) < 5000);
    await client.find(
      'that it rings',
      isCamera('yard', ({ events }) => events.includes('ring')),
    );
    await api.ask('/api/cameras?id=yard', { method: 'DELETE' });
    assert.equal((await client.find('that it is gone', ({ type }) => type === 'removed')).id, 'yard');
    client.socket.terminate();
    await api.close();
  });

  test('a stream that becomes a sub stream is no camera any more, and is one again', async () => {
    const api = await startTestApi('streams: { door: rtsp://a, small: rtsp://b }\n');
    await settle(60);
    const client = await listen(api);
    await api.store.edit((text) => `${text}cameras: { door: { sub: small } }\n`);
    assert.equal((await client.find('small is gone', ({ type }) => type === 'removed')).id, 'small');
    await client.find(
      'door has it',
      isCamera('door', ({ sub }) => sub === 'small'),
    );
    await api.store.edit((text) => text.replace('cameras: { door: { sub: small } }\n', ''));
    await client.find('small is back', isCamera('small'));
    client.socket.terminate();
    await api.close();
  });

  test('an integration that says hello is known until it leaves; its server is told anew', async () => {
    let installed = '0.0.1';
    let changed = (): void => {};
    const api = await startTestApi('', {
      serverExtras: () => ({
        addon: true,
        warnings: ['port taken'],
        integration: { connected: false, installed, restart_required: true },
      }),
      onServerChange: (listener) => {
        changed = listener;
      },
    });
    const client = await listen(api);
    assert.deepEqual(
      [client.first.server.addon, client.first.server.warnings, client.first.server.integration],
      [true, ['port taken'], { restart_required: true, connected: false, installed: '0.0.1' }],
    );
    installed = '0.0.2';
    changed();
    const news = await client.find('the extras', ({ type }) => type === 'server');
    assert.equal(news.server.integration.installed, '0.0.2');
    const integration = await listen(api);
    integration.socket.send('{"type":"hello","client":"home-assistant","version":"0.1.0"}');
    const isConnected = (connected: boolean) => (message: Message) =>
      message.type === 'server' && message.server.integration.connected === connected;
    await client.find('it is connected', isConnected(true));
    integration.socket.terminate();
    await client.find('it left', isConnected(false));
    client.socket.terminate();
    await api.close();
  });

  test('a client that does not read is closed, and costs the others nothing', async () => {
    const api = await startTestApi('streams: { door: rtsp://door }\n');
    const slow = await listen(api);
    const client = await listen(api);
    slow.socket.pause();
    const closed = new Promise((resolve) => slow.socket.once('close', resolve));
    const { events } = api.cameraStates.require('door');
    for (let count = 0; count < 120_000; count++) {
      events.tell({ type: 'ring', active: true });
      if (count % 500 === 499) await settle();
    }
    slow.socket.resume();
    await closed;
    assert.equal(client.socket.readyState, client.socket.OPEN);
    client.socket.terminate();
    await api.close();
  });

  test('other paths are no sockets, and other sites are refused', async () => {
    const api = await startTestApi();
    const refused = async (path: string, headers = {}): Promise<string> => {
      const socket = new WebSocket(`ws://${api.host}${path}`, { headers });
      return new Promise((resolve) => socket.once('error', ({ message }) => resolve(message)));
    };
    assert.match(await refused('/api/event'), /404/);
    assert.match(await refused('/api/events', { origin: 'http://evil.example' }), /403/);
    await api.close();
  });
});

test('only a hello of an integration is one', () => {
  const hello = { type: 'hello', client: 'home-assistant', version: '1.2.3' };
  assert.equal(integrationVersion(JSON.stringify(hello)), '1.2.3');
  for (const text of ['', 'null', '[]', '{', '"hello"']) assert.equal(integrationVersion(text), undefined);
  for (const change of [{ type: 'x' }, { client: 'browser' }, { version: 1 }])
    assert.equal(integrationVersion(JSON.stringify({ ...hello, ...change })), undefined);
});
