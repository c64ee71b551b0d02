/** The RTSP server under mutated sessions: it answers, or closes, and goes on serving others. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Streams } from '../../server/src/core/streams.ts';
import { type RtspServer, startRtspServer } from '../../server/src/formats/rtsp/server.ts';
import { configureLog, createLogger } from '../../server/src/util/log.ts';
import { clipProducer } from '../fakes/clip-producer.ts';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { RawRtsp } from '../helpers/rtsp-raw.ts';
import { createRandom, mutate, readCorpus } from './mutate.ts';

const ROUNDS = 15;
const AT_ONCE = 20;

describe('RTSP server', () => {
  let streams: Streams;
  let server: RtspServer;

  before(async () => {
    configureLog({ level: 'disabled' });
    const clips = [
      await h264Clip({ size: '64x48', gop: 3 }),
      await audioClip('MPEG4-GENERIC', { sampleRate: 16000 }),
    ];
    streams = new Streams(async () => clipProducer(clips, { aheadSeconds: 0.2 }));
    streams.set('cam', ['test:cam']);
    streams.set('push', []);
    server = await startRtspServer({ listen: '127.0.0.1:0', streams, log: createLogger('rtsp') });
  });
  after(async () => {
    await server.close();
    streams.close();
  });

  /** Sends bytes in a few pieces, waits a moment, and leaves. */
  async function session(bytes: Buffer, pieces: number): Promise<void> {
    await using rtsp = await RawRtsp.connect(server.port);
    const size = Math.ceil(bytes.length / pieces) || 1;
    for (let at = 0; at < bytes.length && !rtsp.closed; at += size) {
      rtsp.socket.write(bytes.subarray(at, at + size));
      await sleep(1);
    }
    await sleep(30);
    for (const { status } of rtsp.replies) assert.ok(status >= 200 && status <= 551, `status ${status}`);
  }

  test('the sessions of the corpus are served', async () => {
    for (const bytes of readCorpus('rtsp-server')) {
      await using rtsp = await RawRtsp.connect(server.port);
      rtsp.socket.write(bytes);
      await sleep(150);
      const statuses = rtsp.replies.map(({ status }) => status);
      assert.ok(statuses.filter((status) => status === 200).length >= 2, statuses.join());
    }
  });

  test('mutated sessions do no harm', async () => {
    const corpus = readCorpus('rtsp-server');
    const random = createRandom(20261123);
    for (let round = 0; round < ROUNDS; round++) {
      const inputs = Array.from({ length: AT_ONCE }, () => mutate(corpus[random(corpus.length)]!, random));
      await Promise.all(inputs.map((bytes) => session(bytes, 1 + random(4))));
    }
    await using rtsp = await RawRtsp.connect(server.port);
    assert.equal((await rtsp.request('DESCRIBE', `${server.base()}/cam`)).status, 200);
    assert.ok(streams.get('cam')!.subscriptions.length <= 1);
  });
});
