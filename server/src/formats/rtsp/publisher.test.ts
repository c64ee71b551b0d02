/** Pushes streams of this process to our own RTSP server, to ffmpeg that listens, and to servers that refuse or end. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { clipProducer } from '../../../../test/fakes/clip-producer.ts';
import { audioClip, type Clip, h264Clip } from '../../../../test/fakes/clips.ts';
import { decode } from '../../../../test/helpers/ffmpeg.ts';
import { freePort, untilListening } from '../../../../test/helpers/ports.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { StreamError } from '../../core/errors.ts';
import { Streams } from '../../core/streams.ts';
import { createLogger } from '../../util/log.ts';
import type { PublishContext, Services } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { InterleavedReader } from './interleaved.ts';
import { formatResponse, header, type RtspRequest, type WriteHeaders } from './message.ts';
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
    const port = await freePort();
    const url = `rtsp://127.0.0.1:${port}/in`;
    const stop = new AbortController();
    const judged = decode(url, SECONDS, { options: ['-rtsp_flags', 'listen', '-timeout', '10'] });
    await untilListening(port);
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

  test('where the server sends us on, asks by Digest, and has channels of its own', async () => {
    const heard: string[] = [];
    const channels = new Set<number>();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      const reader = new InterleavedReader({
        onFrame: (channel) => channels.add(channel),
        onMessage: (message) => {
          if (message.kind !== 'request') return;
          const answer = answerTo(message, heard.length, port);
          heard.push(`${message.method} ${message.url.replace(/^.*?:\d+/, '')}`);
          socket.write(formatResponse(answer.status, { CSeq: header(message, 'cseq'), ...answer.headers }));
        },
        onResync: () => heard.push('resync'),
      });
      socket.on('data', (bytes: Buffer) => reader.push(bytes, 0, bytes.length));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const stop = new AbortController();
    const pushing = push(`rtsp://me:secret@127.0.0.1:${port}/old`, stop.signal);
    pushing.catch(() => {});
    await until('packets of both tracks', () => channels.has(10) && channels.has(12));
    stop.abort();
    await pushing;
    assert.deepEqual(heard, [
      ...['ANNOUNCE /old', 'ANNOUNCE /new?x=1', 'ANNOUNCE /new?x=1'],
      ...['SETUP /new?x=1/trackID=0', 'SETUP /new?x=1/trackID=1', 'RECORD /new?x=1', 'TEARDOWN /new?x=1'],
    ]);
    assert.ok(
      [...channels].every((channel) => channel >= 10 && channel <= 13),
      [...channels].join(),
    );
    server.close();
  });

  test('not to a server that refuses, is silent, or is none', async () => {
    for (const [answer, code] of [
      ['RTSP/1.0 403 Forbidden\r\nCSeq: 1\r\n\r\n', 'unauthorized'],
      ['RTSP/1.0 405 Method Not Allowed\r\nCSeq: 1\r\n\r\n', 'protocol'],
      ['HTTP/1.1 400 Bad Request\r\n\r\n', 'protocol'],
      ['', 'timeout'],
    ] as const) {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.write(answer));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const { signal } = new AbortController();
      await assert.rejects(push(`rtsp://127.0.0.1:${port}/x#timeout=0.3`, signal), { code }, answer);
      server.close();
    }
    assert.equal(streams.require('camera').subscriptions.length, 0);
  });
});

/** A server of odd habits; `count` requests came before. */
function answerTo(
  message: RtspRequest,
  count: number,
  port: number,
): { status: number; headers: WriteHeaders } {
  const { method, url } = message;
  if (count === 0) return { status: 302, headers: { Location: `rtsp://127.0.0.1:${port}/new?x=1` } };
  if (method === 'ANNOUNCE' && count === 1)
    return { status: 401, headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n"' } };
  const response = /response="(\w+)"/.exec(header(message, 'authorization') ?? '')?.[1];
  if (response !== md5(`${md5('me:r:secret')}:n:${md5(`${method}:${url}`)}`))
    return { status: 403, headers: {} };
  if (method !== 'SETUP') return { status: 200, headers: { Session: '7;timeout=60' } };
  const transport = header(message, 'transport') ?? '';
  const offered = /^RTP\/AVP\/TCP;unicast;interleaved=(\d)-\d;mode=record$/.exec(transport)?.[1];
  const channel = Number(offered) + 10;
  const headers = {
    Session: '7',
    Transport: `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1};mode=record`,
  };
  return { status: offered ? 200 : 461, headers };
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
