import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { watch } from '../core/broadcast.ts';
import { createPeer, type Output } from '../core/model.ts';
import { FakeConsumer } from '../core/testing.ts';
import { startTestApi, type TestApi } from './testing.ts';

const OUTPUT: Output = {
  key: 'test',
  accepts: [{ kind: 'video', codecs: [] }],
  createMuxer: () => ({
    contentType: 'text/plain',
    header: [],
    mux: ({ data, key }) => ({ body: [data], bytes: data.length, key, seconds: 0, packets: 1 }),
  }),
};

describe('metrics', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi('streams: {cam: rtsp://a, idle: rtsp://b}');
  });
  after(() => api.close());

  const value = async (name: string): Promise<number> => {
    const { text } = await api.ask('/metrics');
    const line = new RegExp(`^porthole_${name}\\{stream="cam"\\} (\\S+)$`, 'm').exec(text);
    assert.ok(line, `no ${name}`);
    return Number(line[1]);
  };

  test('counters go on when viewers leave', async () => {
    const peer = createPeer({ format: 'test', protocol: 'test' });
    const viewer = { peer, queuedBytes: 0, start() {}, write() {}, close() {} };
    const joined = await watch(api.streams.require('cam'), OUTPUT, viewer);
    api.cameras.at(-1)!.send(0, 0, { key: true, data: Buffer.alloc(100) });
    assert.equal(await value('viewers'), 1);
    assert.equal(await value('received_bytes_total'), 100);
    assert.equal(await value('sent_bytes_total'), 100);
    joined.close();
    assert.equal(await value('viewers'), 0);
    assert.equal(await value('sent_bytes_total'), 100);
    assert.equal(await value('sent_packets_total'), 1);
  });

  test("the server's own consumers are no viewers: what a transcode is fed does not count, and does not go", async () => {
    const stream = api.streams.require('cam');
    const before = await value('sent_bytes_total');
    for (const format of ['transcode', 'preload', 'probe']) {
      const consumer = new FakeConsumer([{ kind: 'video', codecs: [] }]);
      const peer = { ...createPeer({ format, protocol: 'pipe' }), bytesSent: 1000 };
      const own = Object.assign(consumer, { peer });
      await stream.attach(own);
      assert.equal(await value('viewers'), 0);
      assert.equal(await value('sent_bytes_total'), before);
      stream.detach(own);
    }
  });

  test('streams that nobody watches are there, and the event loop', async () => {
    const { text, headers } = await api.ask('/metrics');
    assert.match(text, /^porthole_viewers\{stream="idle"\} 0$/m);
    assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
    assert.match(String(headers['content-type']), /^text\/plain/);
  });

  test('not for other machines, unless switched on', async () => {
    const headers = { 'x-forwarded-for': '192.168.1.5' };
    const refused = await api.ask('/metrics', { headers });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /metrics\.lan/);
    const open = await startTestApi('metrics: {lan: true}');
    const { status } = await open.ask('/metrics', { headers });
    await open.close();
    assert.equal(status, 200);
  });
});
