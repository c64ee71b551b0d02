import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import {
  type Clip,
  ClipCamera,
  makeClip,
  streamOf,
  TEST_AUDIO,
  TEST_VIDEO,
} from '../../../../test/helpers/mp4-clip.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { StreamError } from '../../core/errors.ts';
import { inspectStream } from '../../core/inspect.ts';
import type { Packet, Producer } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { fakeStream } from '../../core/testing.ts';
import { createLogger } from '../../util/log.ts';
import { type AmfValue, decodeAmf0, encodeAmf0 } from '../flv/amf0.ts';
import type { OpenContext } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { ChunkReader } from './chunk-reader.ts';
import { chunkMessage } from './chunk-writer.ts';
import { MESSAGE_TYPE, type Message, uint32 } from './message.ts';
import { open } from './producer.ts';
import { publish } from './publisher.ts';
import { type RtmpServer, startRtmpServer } from './server.ts';

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '12', '-bf', '2'];
const X265 = 'keyint=12:log-level=none';
const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', X265, '-tag:v', 'hvc1'];
const log = createLogger('test');

function contextOf(signal: AbortSignal = new AbortController().signal): OpenContext {
  return { stream: 'test', signal, log, services: undefined as never };
}

/** Runs it until so many packets have come. */
async function collect(producer: Producer, count: number): Promise<Packet[]> {
  const stop = new AbortController();
  const packets: Packet[] = [];
  await producer.run((packet) => {
    packets.push(packet);
    if (packets.length === count) stop.abort();
  }, stop.signal);
  return packets;
}

/** A client made of bytes: what it is told, it keeps. */
class RawClient {
  readonly messages: Message[] = [];
  readonly #socket: Socket;
  readonly #reader = new ChunkReader((message) => this.messages.push(message));
  #skip = 1 + 1536 + 1536;

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port });
    this.#socket.on('error', () => {});
    this.#socket.on('data', (bytes: Buffer) => {
      const skipped = Math.min(this.#skip, bytes.length);
      this.#skip -= skipped;
      this.#reader.push(bytes, skipped);
    });
    this.#socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * 1536)]));
  }

  get closed(): Promise<unknown> {
    return this.#socket.closed ? Promise.resolve() : once(this.#socket, 'close');
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  send(type: number, body: Buffer, streamId = 0): void {
    this.write(chunkMessage({ chunkStream: 3, type, streamId, timestamp: 0 }, body));
  }

  call(...values: readonly AmfValue[]): void {
    this.send(MESSAGE_TYPE.commandAmf0, encodeAmf0(...values));
  }

  commands(): AmfValue[][] {
    return this.messages
      .filter(({ type }) => type === MESSAGE_TYPE.commandAmf0)
      .map(({ body }) => decodeAmf0(body));
  }

  end(): void {
    this.#socket.destroy();
  }
}

describe('RTMP server', () => {
  let server: RtmpServer;
  let clip: Clip;
  let other: Clip;
  let camera: ClipCamera;
  const streams = new Map<string, Stream>();
  const url = (path: string): string => `rtmp://127.0.0.1:${server.port}/${path}`;

  before(async () => {
    clip = await makeClip(...TEST_VIDEO, ...TEST_AUDIO, '-t', '1', ...HEVC, '-bf', '2', '-c:a', 'aac');
    other = await makeClip(
      ...TEST_VIDEO,
      ...TEST_AUDIO,
      '-t',
      '1',
      '-s',
      '640x480',
      ...HEVC,
      '-bf',
      '2',
      '-c:a',
      'aac',
    );
    camera = new ClipCamera(clip);
    streams.set('cam', streamOf(camera));
    streams.set('upload', fakeStream({}));
    server = await startRtmpServer({ listen: '127.0.0.1:0', streams, log });
  });
  after(async () => {
    for (const stream of streams.values()) stream.close();
    await server.close();
  });

  test('our client plays HEVC with B-frames as it was sent', async () => {
    const producer = await open(parseSourceText(url('live/cam')), contextOf());
    assert.deepEqual(
      producer.tracks.map(({ codec }) => codec.name),
      ['hevc', 'aac'],
    );
    const packets = await collect(producer, 60);
    const pictures = packets.filter(({ track }) => track.codec.name === 'hevc');
    assert.equal(pictures[0]?.key, true);
    assert.ok(pictures.some(({ pts, dts }) => pts > dts));
    const sent = clip.packets.map(({ data }) => data.toString('base64'));
    assert.ok(packets.every(({ data }) => sent.includes(data.toString('base64'))));
    assert.ok(producer.peer.bytesReceived > 1000);
    await until('the viewer to be gone', () => streams.get('cam')?.subscriptions.length === 0);
  });

  test('a player that does not say that it knows HEVC is not given any', async () => {
    const client = new RawClient(server.port);
    client.call('connect', 1, { app: 'cam', tcUrl: 'rtmp://x/cam' });
    client.call('createStream', 2, null);
    client.send(MESSAGE_TYPE.commandAmf0, encodeAmf0('play', 3, null, ''), 1);
    await until('audio', () => client.messages.some(({ type }) => type === MESSAGE_TYPE.audio));
    assert.ok(!client.messages.some(({ type }) => type === MESSAGE_TYPE.video));
    client.end();
  });

  test('viewers share one muxer', async () => {
    const stop = new AbortController();
    const producers = await Promise.all([1, 2, 3].map(() => open(parseSourceText(url('cam')), contextOf())));
    const running = producers.map((producer) => producer.run(() => {}, stop.signal));
    assert.equal(streams.get('cam')!.subscriptions.length, 1);
    const { consumers } = inspectStream(streams.get('cam')!);
    assert.deepEqual(
      consumers.map(({ peer }) => [peer.format, peer.protocol]),
      Array(3).fill(['flv', 'rtmp']),
    );
    stop.abort();
    await Promise.all(running);
  });

  test('a camera that changes its picture: the same connection goes on with a new Track', async () => {
    const producer = await open(parseSourceText(url('cam')), contextOf());
    const stop = new AbortController();
    const widths = new Set<number>();
    const ids = new Set<number>();
    const running = producer.run(({ track: { id, codec } }) => {
      if (codec.kind !== 'video') return;
      widths.add(codec.width);
      ids.add(id);
    }, stop.signal);
    camera.change(other);
    await until('the other picture', () => widths.has(640));
    stop.abort();
    await running;
    assert.deepEqual([ids.size, [...widths]], [1, [320, 640]]);
  });

  test('our publisher pushes into our server; it stops when told', async () => {
    const stop = new AbortController();
    let pushing = 0;
    const context = { ...contextOf(stop.signal), onPushing: () => pushing++ };
    const source = streamOf(new ClipCamera(clip));
    const pushed = publish(source, parseSourceText(url('upload/key')), context);
    const upload = streams.get('upload')!;
    await until('the push', () => upload.sources.length === 1);
    const producer = await open(parseSourceText(url('upload')), contextOf());
    const packets = await collect(producer, 40);
    assert.deepEqual([...new Set(packets.map(({ track }) => track.codec.name))].sort(), ['aac', 'hevc']);
    assert.equal(pushing, 1);
    stop.abort();
    await pushed;
    await until('the push to end', () => upload.sources.length === 0);
    source.close();
  });

  test('a stream that does not exist', async () => {
    await assert.rejects(open(parseSourceText(url('none')), contextOf()), { code: 'not_found' });
    const source = streamOf(new ClipCamera(clip));
    await assert.rejects(
      publish(source, parseSourceText(url('none')), contextOf()),
      (error) => error instanceof StreamError && /BadName/.test(error.message),
    );
    source.close();
  });

  test('pings are answered, windows acknowledged, unknown calls refused, a second stream is too much', async () => {
    const client = new RawClient(server.port);
    client.call('connect', 1, { app: 'cam', tcUrl: 'rtmp://x/cam', fourCcList: ['*'] });
    client.send(MESSAGE_TYPE.windowAcknowledgementSize, uint32(100));
    client.send(MESSAGE_TYPE.userControl, Buffer.concat([Buffer.from([0, 6]), uint32(77)]));
    client.call('whatIsThis', 9, null);
    client.call('createStream', 2, null);
    await until('the answers', () => client.commands().length >= 3);
    assert.deepEqual(
      client.commands().map(([name, transaction]) => [name, transaction]),
      [
        ['_result', 1],
        ['_error', 9],
        ['_result', 2],
      ],
    );
    assert.equal(client.commands()[2]?.[3], 1);
    const pong = client.messages.find(({ type }) => type === MESSAGE_TYPE.userControl);
    assert.deepEqual(pong?.body, Buffer.concat([Buffer.from([0, 7]), uint32(77)]));
    await until('an acknowledgement', () =>
      client.messages.some(({ type }) => type === MESSAGE_TYPE.acknowledgement),
    );
    client.send(MESSAGE_TYPE.commandAmf0, encodeAmf0('play', 3, null, ''), 1);
    await until('media', () => client.messages.some(({ type }) => type === MESSAGE_TYPE.video));
    client.send(MESSAGE_TYPE.commandAmf0, encodeAmf0('play', 4, null, ''), 1);
    await client.closed;
  });

  const HOSTILE: readonly (readonly [string, (client: RawClient) => void])[] = [
    ['commands before connect', (client) => client.call('play', 1, null, 'cam')],
    [
      'connect twice',
      (client) => {
        for (const transaction of [1, 2]) client.call('connect', transaction, { app: 'cam' });
      },
    ],
    ['a chunk size of zero', (client) => client.send(MESSAGE_TYPE.setChunkSize, uint32(0))],
  ];
  for (const [what, act] of HOSTILE) {
    test(`closes on ${what}`, async () => {
      const client = new RawClient(server.port);
      act(client);
      await client.closed;
    });
  }

  test('closes at once on what is not RTMP', async () => {
    const socket = connect({ host: '127.0.0.1', port: server.port });
    socket.write(`GET / HTTP/1.1\r\n\r\n${' '.repeat(2000)}`);
    socket.resume();
    await once(socket, 'close');
  });
});

describe('RTMP server with a password', () => {
  let server: RtmpServer;
  let stream: Stream;
  let upload: Stream;
  let source: Stream;
  const url = (path: string, user = ''): string => `rtmp://${user}127.0.0.1:${server.port}/${path}`;

  before(async () => {
    const clip = await makeClip(...TEST_VIDEO, '-t', '1', ...H264);
    stream = streamOf(new ClipCamera(clip));
    source = streamOf(new ClipCamera(clip));
    upload = fakeStream({});
    const streams = new Map([
      ['cam', stream],
      ['upload', upload],
    ]);
    const login = { username: 'viewer', password: 'sécret' };
    server = await startRtmpServer({ listen: '127.0.0.1:0', streams, log, trustLoopback: false, ...login });
  });
  after(async () => {
    for (const each of [stream, source, upload]) each.close();
    await server.close();
  });

  for (const path of ['cam?user=viewer&pass=s%C3%A9cret', 'live/cam?user=viewer&pass=s%C3%A9cret']) {
    test(`a player is let in with ${path.slice(0, 8)}…`, async () => {
      const producer = await open(parseSourceText(url(path)), contextOf());
      assert.ok((await collect(producer, 5)).length >= 5);
    });
  }

  for (const path of ['cam', 'cam?user=viewer&pass=wrong', 'x?authmod=adobe/cam', 'x?y?authmod=adobe/cam']) {
    test(`a player is refused with ${path}`, async () => {
      await assert.rejects(open(parseSourceText(url(path)), contextOf()), { code: 'unauthorized' });
    });
  }

  test('a publisher is asked for its password, and let in with the right one', async () => {
    const stop = new AbortController();
    const pushed = publish(
      source,
      parseSourceText(url('upload', 'viewer:s%C3%A9cret@')),
      contextOf(stop.signal),
    );
    await until('the push', () => upload.sources.length === 1);
    stop.abort();
    await pushed;
    const wrong = publish(source, parseSourceText(url('upload', 'viewer:wrong@')), contextOf());
    await assert.rejects(wrong, { code: 'unauthorized' });
    const none = publish(source, parseSourceText(url('upload')), contextOf());
    await assert.rejects(none, { code: 'unauthorized' });
  });

  test('who needs credentials that are not set is let in with a key of the server only', async () => {
    const streams = new Map([
      ['cam', stream],
      ['upload', upload],
    ]);
    const keys = [{ username: 'program', password: 'key' }];
    const rules = { keys, requireCredentials: true };
    const closed = await startRtmpServer({
      listen: '127.0.0.1:0',
      ...{ streams, log, trustLoopback: false, ...rules },
    });
    const at = (path: string, user = '') => parseSourceText(`rtmp://${user}127.0.0.1:${closed.port}/${path}`);
    for (const path of ['cam', 'cam?user=&pass=', 'cam?user=program&pass=wrong']) {
      await assert.rejects(open(at(path), contextOf()), { code: 'unauthorized' }, path);
    }
    const producer = await open(at('cam?user=program&pass=key'), contextOf());
    assert.ok((await collect(producer, 5)).length >= 5);
    const stop = new AbortController();
    const pushed = publish(source, at('upload', 'program:key@'), contextOf(stop.signal));
    await until('the push', () => upload.sources.length === 1);
    stop.abort();
    await pushed;
    await assert.rejects(publish(source, at('upload'), contextOf()), { code: 'unauthorized' });
    await closed.close();
  });

  test('an encoder whose key has the password is let in when it comes back', async () => {
    const stop = new AbortController();
    await sleep(10);
    const target = parseSourceText(url('live/upload?user=viewer&pass=s%C3%A9cret'));
    const pushed = publish(source, target, contextOf(stop.signal)).catch(() =>
      publish(source, target, contextOf(stop.signal)),
    );
    await until('the push', () => upload.sources.length === 1);
    stop.abort();
    await pushed;
  });
});

describe('RTMP over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-rtmps-'));
  let tls: TlsServer;
  let server: RtmpServer;
  let stream: Stream;
  let port: number;

  before(async () => {
    const [keyPath, certificatePath] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const words =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost';
    execFileSync('openssl', [...words.split(' '), '-keyout', keyPath, '-out', certificatePath], {
      stdio: 'ignore',
    });
    stream = streamOf(new ClipCamera(await makeClip(...TEST_VIDEO, '-t', '1', ...H264)));
    server = await startRtmpServer({ listen: '127.0.0.1:0', streams: new Map([['cam', stream]]), log });
    tls = createTlsServer({ key: readFileSync(keyPath), cert: readFileSync(certificatePath) }, (socket) => {
      const inner = connect({ host: '127.0.0.1', port: server.port });
      for (const end of [socket, inner]) end.on('error', () => {});
      socket.pipe(inner).pipe(socket);
    });
    tls.on('tlsClientError', () => {});
    tls.listen(0, '127.0.0.1');
    await once(tls, 'listening');
    port = (tls.address() as AddressInfo).port;
  });
  after(async () => {
    stream.close();
    tls.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  for (const url of ['rtmpx://localhost', 'rtmps://127.0.0.1']) {
    test(`${url} takes a certificate of its own`, async () => {
      const producer = await open(parseSourceText(`${url}:${port}/live/cam`), contextOf());
      assert.equal((await collect(producer, 5))[0]?.key, true);
    });
  }

  test('rtmps: by name does not', async () => {
    const opening = open(parseSourceText(`rtmps://localhost:${port}/live/cam`), contextOf());
    await assert.rejects(opening, /certificate refused/);
  });
});

describe('RTMP client', () => {
  test('gives up on a server that says nothing, and at once when nobody waits', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const source = parseSourceText(`rtmp://127.0.0.1:${port}/live/cam#timeout=0.2`);
    await assert.rejects(open(source, contextOf()), { code: 'timeout' });
    const left = new AbortController();
    const opening = open(parseSourceText(`rtmp://127.0.0.1:${port}/live/cam`), contextOf(left.signal));
    setTimeout(() => left.abort(), 20);
    await assert.rejects(opening, { code: 'aborted' });
    silent.close();
  });

  test('says so when a server is none, or is not there', async () => {
    const web = createServer((socket) =>
      socket.on('error', () => {}).end(`HTTP/1.1 400\r\n${' '.repeat(2000)}`),
    );
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    const { port } = web.address() as AddressInfo;
    await assert.rejects(open(parseSourceText(`rtmp://127.0.0.1:${port}/live/cam`), contextOf()), {
      code: 'protocol',
    });
    web.close();
    await assert.rejects(open(parseSourceText('rtmp://127.0.0.1:1/live/cam'), contextOf()), {
      code: 'unreachable',
    });
  });
});
