import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Streams } from '../../core/streams.ts';
import { FakeCamera, FakeConsumer, H264, settle } from '../../core/testing.ts';
import { configureLog, createLogger } from '../../util/log.ts';
import type { Services } from '../format.ts';
import { openSource } from '../open.ts';

configureLog({ write: undefined });

/** Two streams: a camera, and one whose source is the first. */
function relayed(source: string) {
  const camera = new FakeCamera(H264);
  const streams: Streams = new Streams(
    async (text, stream, signal) => {
      if (text === 'camera') return camera;
      const services = { streams, section: () => ({}) } as Pick<Services, 'streams' | 'section'> as Services;
      return openSource(text, { stream, signal, log: createLogger('test'), services }, true);
    },
    { lingerMs: 10 },
  );
  streams.set('yard', ['camera']);
  streams.set('copy', [source]);
  return { camera, streams };
}

test('a stream is the source of another: the same bytes, another time line, one camera', async () => {
  const { camera, streams } = relayed('yard#media=video');
  const [direct, copied] = [new FakeConsumer(), new FakeConsumer()];
  await streams.require('yard').attach(direct);
  camera.send(0, 0, { key: true });
  await streams.require('copy').attach(copied);
  camera.send(0, 3600);
  assert.deepEqual(
    copied.packets.map(({ data, key }) => [data, key]),
    direct.packets.map(({ data, key }) => [data, key]),
  );
  assert.notEqual(copied.packets[0]?.track.id, direct.packets[0]?.track.id);
  streams.require('copy').detach(copied);
  await settle(30);
  assert.equal(streams.require('yard').subscriptions.length, 1, 'the relay left');
  streams.close();
});

test('a stream is no source of itself', async () => {
  const { streams } = relayed('copy');
  await assert.rejects(streams.require('copy').attach(new FakeConsumer()), /cannot be its own source/);
  streams.close();
});
