/** Pictures and video over HTTP and WebSocket, as far as the API has to do with it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { videoCodec } from '../codecs/codec.ts';
import { startTestApi, type TestApi } from './testing.ts';

const JPEG = Buffer.from(
  'ffd8ffe000104a46494600010100000100010000ffdb000200ffc0000b080010001001011100ffd9',
  'hex',
);
const MJPEG = [videoCodec('mjpeg')];

/** A socket with what it received. */
async function openSocket(api: TestApi, target: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`ws://${api.host}${target}`, { headers });
  const received: (Buffer | { type: string; value?: string })[] = [];
  socket.on('message', (data: Buffer, isBinary) =>
    received.push(isBinary ? data : JSON.parse(data.toString())),
  );
  await once(socket, 'open');
  return {
    socket,
    received,
    send: (type: string, value?: unknown) => socket.send(JSON.stringify({ type, value })),
    /** The message of this number, when it has come. */
    async at(index: number) {
      for (let i = 0; i < 200 && received.length <= index; i++) await sleep(5);
      return received[index];
    },
  };
}

/** Waits until a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i++) await sleep(5);
  assert.ok(condition());
}

describe('media', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi('streams: {cam: rtsp://cam, jpeg: rtsp://jpeg, broken: fail:x, upload: }');
  });
  after(() => api.close());

  test('frame.jpeg: the camera’s own picture', async () => {
    api.nextCodecs.push(MJPEG);
    const answer = api.ask('/api/frame.jpeg?src=jpeg');
    await until(() => api.cameras.length > 0);
    await sleep(10);
    api.cameras.at(-1)!.send(0, 0, { key: true, data: JPEG });
    const { status, headers, body } = await answer;
    assert.deepEqual([status, headers['content-type']], [200, 'image/jpeg']);
    assert.equal(headers['content-length'], String(body.length));
    assert.match(String(headers['cache-control']), /no-cache/);
    assert.deepEqual(body.subarray(0, 2), JPEG.subarray(0, 2));
    assert.equal((await api.ask('/api/frame.jpeg?src=none')).status, 404);
    assert.equal((await api.ask('/api/frame.jpeg?src=jpeg&width=x')).status, 400);
    const broken = await api.ask('/api/frame.jpeg?src=broken');
    assert.deepEqual([broken.status, /connection refused/.test(broken.text)], [502, true]);
    // A GET never makes a stream.
    assert.equal((await api.ask('/api/frame.jpeg?src=rtsp://camera/1&name=new')).status, 404);
    assert.equal(api.streams.get('new'), undefined);
  });

  test('stream.mjpeg and stream.mp4: headers, then media, until the client leaves', async () => {
    api.nextCodecs.push(MJPEG);
    for (const [target, type] of [
      ['/api/stream.mjpeg?src=jpeg', 'multipart/x-mixed-replace; boundary=frame'],
      ['/api/stream.mp4?src=cam', 'video/mp4; codecs="avc1.64001F"'],
    ]) {
      const [host, port] = api.host.split(':');
      const socket = connect(Number(port), host);
      socket.write(`GET ${target} HTTP/1.1\r\nHost: ${api.host}\r\n\r\n`);
      const stream = api.streams.require(target!.split('=')[1]!);
      await until(() => stream.subscriptions.length > 0);
      api.cameras.at(-1)!.send(0, 0, { key: true, data: JPEG });
      const [bytes] = await once(socket, 'data');
      assert.match(bytes.toString('latin1'), /^HTTP\/1.1 200 OK\r\n/);
      assert.ok(bytes.toString('latin1').includes(`content-type: ${type}`), bytes.toString('latin1'));
      socket.destroy();
      await until(() => stream.subscriptions.length === 0);
    }
    const broken = await api.ask('/api/stream.mp4?src=broken');
    assert.equal(broken.status, 502);
  });

  test('POST pushes into a stream until the body ends', async () => {
    const answer = api.ask('/api/stream?dst=upload', {
      method: 'POST',
      body: Buffer.concat([JPEG, JPEG, JPEG]),
    });
    const { status, text } = await answer;
    assert.equal(status, 200, text);
    assert.equal((await api.ask('/api/stream?dst=none', { method: 'POST', body: JPEG })).status, 404);
    const garbage = await api.ask('/api/stream?dst=upload', { method: 'POST', body: Buffer.alloc(100) });
    assert.deepEqual([garbage.status, /unknown byte format/.test(garbage.text)], [400, true]);
  });

  test('ws: mse answers with the type, then media; leaving ends it', async () => {
    const { socket, send, at, received } = await openSocket(api, '/api/ws?src=cam');
    send('mse', 'avc1.640029,mp4a.40.2');
    const stream = api.streams.require('cam');
    await until(() => stream.subscriptions.length > 0);
    api.cameras.at(-1)!.send(0, 0, { key: true });
    api.cameras.at(-1)!.send(0, 3600);
    assert.deepEqual(await at(0), { type: 'mse', value: 'video/mp4; codecs="avc1.64001F"' });
    assert.ok(Buffer.isBuffer(await at(1)));
    assert.equal((await api.ask('/api/streams?src=cam')).json.consumers[0].format_name, 'mse/fmp4');
    send('mse', 'avc1.640029');
    await until(() => received.filter((message) => 'type' in message).length === 2);
    const { consumers } = (await api.ask('/api/streams?src=cam')).json;
    assert.equal(consumers.length, 1, 'a second message takes the place of the first');
    socket.close();
    await until(() => stream.subscriptions.length === 0);
  });

  test('ws: mjpeg and mp4', async () => {
    api.nextCodecs.push(MJPEG);
    const jpegs = await openSocket(api, '/api/ws?src=jpeg');
    jpegs.send('mjpeg');
    await until(() => api.streams.require('jpeg').subscriptions.length > 0);
    api.cameras.at(-1)!.send(0, 0, { key: true, data: JPEG });
    assert.deepEqual(await jpegs.at(0), { type: 'mjpeg' });
    assert.ok(Buffer.isBuffer(await jpegs.at(1)));
    jpegs.socket.terminate();

    const files = await openSocket(api, '/api/ws?src=cam');
    files.send('mp4', 'avc1.640029');
    await until(() => api.streams.require('cam').subscriptions.length > 0);
    api.cameras.at(-1)!.send(0, 0, { key: true });
    assert.equal(((await files.at(0)) as { type: string }).type, 'mse');
    assert.match((await files.at(1))!.toString(), /ftyp/);
    files.socket.terminate();
  });

  test('ws: errors begin with the type of their message; what is not known is ignored', async () => {
    const none = await openSocket(api, '/api/ws?src=none');
    for (const text of [
      '',
      'x',
      '1',
      'null',
      '[]',
      '{}',
      '{"type":5}',
      '{"type":"__proto__"}',
      '{"type":"dash"}',
    ]) {
      none.socket.send(text);
    }
    none.socket.send(Buffer.from('{"type":"mse"}'));
    none.send('mse', '');
    assert.deepEqual(await none.at(0), { type: 'error', value: 'mse: stream not found' });
    assert.equal(none.received.length, 1);
    none.socket.terminate();
    const broken = await openSocket(api, '/api/ws?src=broken');
    broken.send('mjpeg');
    assert.match(((await broken.at(0)) as { value: string }).value, /^mjpeg: .*connection refused/);
    broken.send('mse', { a: 1 });
    assert.deepEqual(await broken.at(1), { type: 'error', value: 'mse: the value is not a text' });
    broken.socket.terminate();
  });

  test('ws: a source as src makes a stream, if clients may use it', async () => {
    const made = await openSocket(api, `/api/ws?src=${encodeURIComponent('rtsp://new/1')}&name=made`);
    made.send('mse', 'avc1.640029');
    await until(() => api.streams.get('made') !== undefined);
    made.socket.terminate();
    const refused = await openSocket(api, '/api/ws?src=exec:ls');
    refused.send('mse', 'avc1.640029');
    assert.match(((await refused.at(0)) as { value: string }).value, /^mse: exec: sources/);
    refused.socket.terminate();
  });

  test('ws: other sites, other paths and plain requests are refused', async () => {
    const statusOf = (target: string, headers = {}) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://${api.host}${target}`, { headers });
        socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
        socket.on('open', () => resolve(101));
        socket.on('error', () => {});
        setTimeout(() => socket.terminate(), 500).unref();
      });
    assert.equal(await statusOf('/api/ws?src=cam', { origin: 'http://evil.example' }), 403);
    assert.equal(await statusOf('/api/ws?src=cam', { origin: `http://127.0.0.1:8123` }), 101);
    assert.equal(await statusOf('/api/ws?src=cam', { host: 'evil.example' }), 403);
    assert.equal(await statusOf('/api/other'), 404);
    assert.equal((await api.ask('/api/ws?src=cam')).status, 426);
  });

  test('ws: a message that is too large ends the socket', async () => {
    const { socket } = await openSocket(api, '/api/ws?src=cam');
    const closed = once(socket, 'close');
    socket.send(`{"type":"mse","value":"${'x'.repeat(300_000)}"}`);
    assert.equal((await closed)[0], 1009);
  });
});
