/** Pushes streams of this process to our own RTSP server, to ffmpeg that listens, and to servers that refuse or end. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clipProducer } from '../../../../test/fakes/clip-producer.ts';
import { audioClip, type Clip, h264Clip } from '../../../../test/fakes/clips.ts';
import { decode } from '../../../../test/helpers/ffmpeg.ts';
import { freePort } from '../../../../test/helpers/ports.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { StreamError } from '../../core/errors.ts';
import { Streams } from '../../core/streams.ts';
import { createLogger } from '../../util/log.ts';
import type { PublishContext, Services } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { publish } from './publisher.ts';
import { type RtspServer, startRtspServer } from './server.ts';

const SECONDS = 2;
const PASSWORD = 'se/cret@1';
const log = createLogger('rtsp');

describe('a stream is pushed', () => {
  let clips: Clip[];
  let streams: Streams;
  const there = new Streams(() => Promise.reject(new Error('unused')));
  let open: RtspServer;
  let guarded: RtspServer;

  const push = (target: string, signal: AbortSignal, onPushing?: () => void): Promise<void> => {
    const services = { streams, section: () => ({}) } as unknown as Services;
    const context: PublishContext = { stream: 'camera', signal, log, services, onPushing };
    return publish(streams.require('camera'), parseSourceText(target), context);
  };

  before(async () => {
    clips = [await h264Clip(), await audioClip('MPEG4-GENERIC', { sampleRate: 16000 })];
    streams = new Streams(async () => clipProducer(clips, { aheadSeconds: 0.5 }), { lingerMs: 0 });
    streams.set('camera', ['test:camera']);
    for (const name of ['plain', 'guarded', 'ending']) there.set(name, []);
    const listen = { listen: '127.0.0.1:0', streams: there, log };
    open = await startRtspServer(listen);
    guarded = await startRtspServer({ ...listen, username: 'me', password: PASSWORD, trustLoopback: false });
  });
  after(async () => {
    await Promise.all([open.close(), guarded.close()]);
    streams.close();
    there.close();
  });

  test('to a server, which shows it; an abort ends it quietly, and nobody watches the camera any more', async () => {
    const stop = new AbortController();
    let told = 0;
    const pushing = push(`rtsp://127.0.0.1:${open.port}/plain`, stop.signal, () => told++);
    await Promise.race([
      pushing,
      until('the push', () => there.require('plain').sources.some(({ producer }) => producer)),
    ]);
    const { video, audio, complaints } = await decode(`${open.base()}/plain`, SECONDS, {
      options: ['-rtsp_transport', 'tcp'],
    });
    assert.deepEqual(complaints, []);
    assert.ok(video.distinct > 20 && audio.times.length > 20, `${video.distinct}, ${audio.times.length}`);
    assert.equal(told, 1);
    stop.abort();
    await pushing;
    await until('the push to be gone', () =>
      there.require('plain').sources.every(({ producer }) => !producer),
    );
    assert.equal(streams.require('camera').subscriptions.length, 0);
  });

  test('with a password that the server asks for, and not with a wrong one', async () => {
    const stop = new AbortController();
    const userInfo = `me:${encodeURIComponent(PASSWORD)}`;
    const pushing = push(`rtsp://${userInfo}@127.0.0.1:${guarded.port}/guarded`, stop.signal);
    await Promise.race([
      pushing,
      until('the push', () => there.require('guarded').sources.some(({ producer }) => producer)),
    ]);
    stop.abort();
    await pushing;
    for (const user of ['', 'me:wrong@'])
      await assert.rejects(
        push(`rtsp://${user}127.0.0.1:${guarded.port}/guarded`, new AbortController().signal),
        (error: StreamError) => error.code === 'unauthorized' && !error.message.includes('wrong@'),
      );
  });

  test('to ffmpeg that listens', async () => {
    const url = `rtsp://127.0.0.1:${await freePort()}/in`;
    const stop = new AbortController();
    const judged = decode(url, SECONDS, { options: ['-rtsp_flags', 'listen', '-timeout', '10'] });
    await sleep(500);
    const ended = assert.rejects(push(url, stop.signal), { code: 'closed' });
    const { video, audio, complaints } = await judged;
    assert.deepEqual(complaints, []);
    assert.ok(video.distinct > 20 && audio.times.length > 20, `${video.distinct}, ${audio.times.length}`);
    await ended;
    stop.abort();
  });

  test('not where there is no such stream, nobody listens, or by UDP', async () => {
    const { signal } = new AbortController();
    await assert.rejects(push(`${open.base()}/nowhere`, signal), { code: 'not_found' });
    await assert.rejects(push(`rtsp://127.0.0.1:${await freePort()}/x`, signal), { code: 'unreachable' });
    await assert.rejects(push(`${open.base()}/plain#transport=udp`, signal), { code: 'unsupported' });
  });

  test('until the server ends it', async () => {
    const short = await startRtspServer({ listen: '127.0.0.1:0', streams: there, log });
    const pushing = push(`${short.base()}/ending`, new AbortController().signal);
    const ended = assert.rejects(pushing, StreamError);
    await until('the push', () => there.require('ending').sources.some(({ producer }) => producer));
    await short.close();
    await ended;
    assert.equal(streams.require('camera').subscriptions.length, 0);
  });
});
