/** The RTSP server by its answers: what a client is told, and what it gets. server-media.test.ts has ffmpeg judge the media. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClipProducer, clipProducer } from '../../../../test/fakes/clip-producer.ts';
import { audioClip, type Clip, h264Clip } from '../../../../test/fakes/clips.ts';
import { type RawFrame, RawRtsp } from '../../../../test/helpers/rtsp-raw.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { audioCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import type { Packet } from '../../core/model.ts';
import { Streams } from '../../core/streams.ts';
import { createClientAuth } from '../../net/digest.ts';
import { createLogger } from '../../util/log.ts';
import { type RtspServer, startRtspServer } from './server.ts';

const log = createLogger('rtsp');
const sequenceOf = ({ bytes }: RawFrame): number => bytes.readUInt16BE(2);
const timestampOf = ({ bytes }: RawFrame): number => bytes.readUInt32BE(4);
const nalType = ({ bytes }: RawFrame): number => bytes[12]! & 31;

describe('RTSP server', () => {
  let clips: Clip[];
  let larger: Clip;
  let camera: ClipProducer;
  let heard: Packet[] = [];
  let streams: Streams;
  let server: RtspServer;
  const url = (rest: string): string => `${server.base()}/${rest}`;
  const client = (): Promise<RawRtsp> => RawRtsp.connect(server.port);

  before(async () => {
    clips = [await h264Clip(), await audioClip('MPEG4-GENERIC', { sampleRate: 16000 })];
    larger = await h264Clip({ size: '1280x720' });
    streams = new Streams(async (text, name) => {
      if (text === 'test:mute') return clipProducer(clips, { aheadSeconds: 1 });
      if (text !== 'test:camera') throw new StreamError('unreachable', 'camera is off');
      const producer = clipProducer(clips, {
        aheadSeconds: 1,
        backchannel: {
          codecs: [audioCodec('pcm_mulaw', 8000)],
          open: async () => ({ write: (packet) => heard.push(packet), close() {} }),
        },
      });
      if (name === 'cam') camera = producer;
      return producer;
    });
    streams.set('cam', ['test:camera']);
    streams.set('front door/1', ['test:camera']);
    streams.set('mute', ['test:mute']);
    streams.set('mute, with a second source', ['test:mute', 'test:camera']);
    streams.set('off', ['test:off']);
    streams.set('empty', []);
    server = await startRtspServer({ listen: '127.0.0.1:0', streams, log });
  });
  after(async () => {
    await server.close();
    streams.close();
  });

  test('describes the camera’s codecs', async () => {
    await using rtsp = await client();
    const { status, headers, body } = await rtsp.request('DESCRIBE', url('cam'));
    assert.deepEqual(
      [status, headers['content-type'], headers['content-base']],
      [200, 'application/sdp', url('cam/')],
    );
    assert.match(
      body,
      /m=video 0 RTP\/AVP 96\r\na=rtpmap:96 H264\/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=/,
    );
    assert.match(body, /m=audio 0 RTP\/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC\/16000\r\n/);
  });

  const FILTERS: readonly { query: string; medias: RegExp; not?: RegExp }[] = [
    { query: '?video', medias: /m=video/, not: /m=audio/ },
    { query: '?audio=aac', medias: /m=audio/, not: /m=video/ },
    { query: '?video=h264,h265&audio=pcma,aac', medias: /H264.*MPEG4-GENERIC/s },
    { query: '?mp4', medias: /H264.*MPEG4-GENERIC/s },
    { query: '?video=all', medias: /H264/, not: /m=audio/ },
    {
      query: '?audio&backchannel=1',
      medias: /m=audio 0 RTP\/AVP 96.*m=audio 0 RTP\/AVP 0 8 .*a=sendonly/s,
    },
  ];
  for (const { query, medias, not } of FILTERS) {
    test(`codec filter ${query}`, async () => {
      await using rtsp = await client();
      const { status, body } = await rtsp.request('DESCRIBE', url(`cam${query}`));
      assert.equal(status, 200);
      assert.match(body, medias);
      if (not) assert.doesNotMatch(body, not);
    });
  }

  test('no backchannel is offered where no source has a loudspeaker; one that is not open yet may have one', async () => {
    await using rtsp = await client();
    const { status, body } = await rtsp.request('DESCRIBE', url('mute?backchannel=1'));
    assert.equal(status, 200);
    assert.doesNotMatch(body, /a=sendonly/);
    const two = await rtsp.request('DESCRIBE', url('mute,%20with%20a%20second%20source?backchannel=1'));
    assert.match(two.body, /a=sendonly/);
  });

  const REFUSALS: readonly { title: string; path: string; status: number; says: RegExp }[] = [
    { title: 'a stream that is not there', path: 'nothing', status: 404, says: /stream not found: nothing/ },
    { title: 'a stream that nobody publishes to', path: 'empty', status: 404, says: /nobody publishes/ },
    { title: 'a camera that is off', path: 'off', status: 503, says: /camera is off/ },
    {
      title: 'codecs that the camera does not have',
      path: 'cam?video=h265&audio=opus',
      status: 406,
      says: /camera offers h264 640x360, aac 16000 Hz; viewer accepts hevc, opus/,
    },
    {
      title: 'codecs that nobody knows',
      path: 'cam?video=divx',
      status: 400,
      says: /unknown video codec: divx/,
    },
    { title: 'packets that are too small', path: 'cam?pkt_size=20', status: 400, says: /pkt_size/ },
  ];
  for (const { title, path, status, says } of REFUSALS) {
    test(`${title}: ${status}, and the reason in words`, async () => {
      await using rtsp = await client();
      const reply = await rtsp.request('DESCRIBE', url(path));
      assert.equal(reply.status, status);
      assert.match(reply.body, says);
    });
  }

  test('stream names may hold slashes and blanks', async () => {
    await using rtsp = await client();
    assert.equal((await rtsp.request('DESCRIBE', url('front%20door/1/'))).status, 200);
  });

  test('requests out of order are refused', async () => {
    await using rtsp = await client();
    const status = async (...request: Parameters<RawRtsp['request']>): Promise<number> =>
      (await rtsp.request(...request)).status;
    const tcp = 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1';
    assert.equal(await status('PLAY', url('cam')), 455);
    assert.equal(await status('PAUSE', url('cam')), 454);
    assert.equal(await status('TEARDOWN', url('cam')), 454);
    assert.equal(await status('PLAY', url('cam'), ['Session: 12345678']), 454);
    assert.equal(await status('DESCRIBE', url('cam'), ['Require: onvif-replay']), 551);
    assert.equal(await status('BREW', url('cam')), 501);
    assert.equal(await status('DESCRIBE', url('cam')), 200);
    assert.equal(await status('PLAY', url('cam')), 455);
    assert.equal(await status('RECORD', url('cam')), 455);
    assert.equal(await status('SETUP', url('cam'), [tcp]), 459);
    assert.equal(await status('SETUP', url('cam/trackID=7'), [tcp]), 404);
    assert.equal(await status('SETUP', url('cam/trackID=0'), ['Transport: RTP/AVP;multicast']), 461);
    assert.equal(await status('SETUP', url('cam/trackID=0'), ['Transport: RTP/AVP;unicast']), 461);
    assert.equal(await status('SETUP', url('cam/trackID=0')), 461);
    assert.equal(await status('SETUP', url('cam/trackID=0'), [tcp]), 200);
    assert.equal(
      await status('SETUP', url('cam/trackID=1'), ['Transport: RTP/AVP;unicast;client_port=5000-5001']),
      461,
    );
    assert.equal(await status('PLAY', url('cam')), 200);
    assert.equal(await status('SETUP', url('cam/trackID=1'), [tcp]), 455);
    assert.equal(await status('TEARDOWN', url('cam')), 200);
    assert.equal(await status('GET_PARAMETER', url('cam'), ['Session: gone']), 454);
    assert.equal(await status('OPTIONS', '*'), 200);
  });

  test('SETUP without DESCRIBE opens the stream', async () => {
    await using rtsp = await client();
    const transport = ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1'];
    assert.equal((await rtsp.request('SETUP', url('cam?video/trackID=0'), transport)).status, 200);
    assert.equal((await rtsp.request('PLAY', url('cam?video'))).status, 200);
    await until('a frame', () => rtsp.frames.length > 0);
  });

  test('a late viewer gets sender reports, the parameter sets and the key frame at once, as RTP-Info says', async () => {
    await using first = await client();
    await first.setUp(url('cam'), [0, 1]);
    await first.request('PLAY', url('cam'));
    await until('a key frame', () => first.frames.length > 20);
    await using late = await client();
    await late.setUp(url('cam'), [0, 1]);
    const startMs = performance.now();
    const { headers } = await late.request('PLAY', url('cam'));
    await until('frames', () => late.frames.length > 5, 500);
    assert.ok(performance.now() - startMs < 500);
    assert.deepEqual(
      late.frames.slice(0, 4).map(({ channel }) => channel),
      [1, 3, 0, 0],
    );
    const [video, audio] = headers['rtp-info']!.split(',').map((item) =>
      /seq=(\d+);rtptime=(\d+)/.exec(item)!.slice(1).map(Number),
    );
    const firstVideo = late.frames.find(({ channel }) => channel === 0)!;
    assert.equal(nalType(firstVideo), 24, 'parameter sets in a STAP-A');
    assert.equal(sequenceOf(firstVideo), video![0]);
    assert.equal(timestampOf(firstVideo), video![1]);
    const firstAudio = await until('audio', () => late.frames.find(({ channel }) => channel === 2));
    assert.equal(sequenceOf(firstAudio), audio![0]);
    const reports = late.frames
      .slice(0, 2)
      .map(({ bytes }) => [bytes.readUInt32BE(8), bytes.readUInt32BE(12), bytes.readUInt32BE(16)]);
    assert.deepEqual(reports[0]!.slice(0, 2), reports[1]!.slice(0, 2), 'both tracks are dated by one clock');
    assert.equal(reports[0]![2], video![1]);
    const same = first.frames.find((frame) => frame.channel === 0 && sequenceOf(frame) === video![0]);
    assert.deepEqual(same?.bytes, firstVideo.bytes, 'both viewers get the same packets');
  });

  test('packets of a viewer are in order and none is missing', async () => {
    await using rtsp = await client();
    await rtsp.setUp(url('cam?pkt_size=600'), [0, 1]);
    await rtsp.request('PLAY', url('cam?pkt_size=600'));
    await until('some packets', () => rtsp.frames.length > 200);
    for (const channel of [0, 2]) {
      const frames = rtsp.frames.filter((frame) => frame.channel === channel);
      assert.ok(frames.length > 10);
      for (const [index, frame] of frames.entries()) {
        assert.equal(sequenceOf(frame), (sequenceOf(frames[0]!) + index) & 0xffff);
        assert.ok(frame.bytes.length <= 600);
      }
    }
  });

  test('one track only, on channels of the client’s choice', async () => {
    await using rtsp = await client();
    await rtsp.request('DESCRIBE', url('cam'));
    const { headers } = await rtsp.request('SETUP', url('cam/trackID=1'), [
      'Transport: RTP/AVP/TCP;unicast;interleaved=12-13',
    ]);
    assert.match(headers.transport!, /interleaved=12-13/);
    await rtsp.request('PLAY', url('cam'));
    await until('some packets', () => rtsp.frames.length > 10);
    assert.deepEqual([...new Set(rtsp.frames.map(({ channel }) => channel))].sort(), [12, 13]);
    assert.ok(
      rtsp.frames.filter(({ channel }) => channel === 12).every(({ bytes }) => (bytes[1]! & 127) === 97),
    );
  });

  test('PAUSE stops, PLAY goes on with the numbers that follow', async () => {
    await using rtsp = await client();
    await rtsp.setUp(url('cam?video'), [0]);
    await rtsp.request('PLAY', url('cam?video'));
    await until('some packets', () => rtsp.frames.length > 20);
    await using other = await client();
    await other.setUp(url('cam?video'), [0]);
    await other.request('PLAY', url('cam?video'));
    assert.equal((await rtsp.request('PAUSE', url('cam?video'))).status, 200);
    const count = rtsp.frames.length;
    await sleep(300);
    assert.equal(rtsp.frames.length, count);
    const ssrc = rtsp.frames.at(-1)!.bytes.readUInt32BE(8);
    await rtsp.request('PLAY', url('cam?video'));
    await until('more packets', () => rtsp.frames.length > count + 5);
    assert.equal(rtsp.frames.at(-1)!.bytes.readUInt32BE(8), ssrc);
  });

  test('when the camera changes its picture, viewers stay and their numbers go on', async () => {
    await using rtsp = await client();
    await rtsp.setUp(url('cam?video'), [0]);
    await rtsp.request('PLAY', url('cam?video'));
    await until('some packets', () => rtsp.frames.length > 20);
    camera.replace(0, larger);
    const sets = (): Set<string> =>
      new Set(
        rtsp.frames
          .filter((frame) => frame.channel === 0 && nalType(frame) === 24)
          .map(({ bytes }) => bytes.toString('hex', 12)),
      );
    await until('the new parameter sets', () => sets().size === 2);
    await until('more packets', () => rtsp.frames.length > 100);
    const packets = rtsp.frames.filter(({ channel }) => channel === 0);
    for (const [index, frame] of packets.entries())
      assert.equal(sequenceOf(frame), (sequenceOf(packets[0]!) + index) & 0xffff);
    camera.replace(0, clips[0]!);
  });

  test('a client that asks for the backchannel talks to the camera, in the codec it chose', async () => {
    heard = [];
    await using rtsp = await client();
    const { body } = await rtsp.setUp(url('cam'), [0, 2], ['Require: www.onvif.org/ver20/backchannel']);
    assert.match(body, /m=audio 0 RTP\/AVP 0 8 /);
    await rtsp.request('PLAY', url('cam'));
    const packet = (sequence: number): Buffer => {
      const bytes = Buffer.alloc(12 + 160, 0xd5);
      bytes[0] = 0x80;
      bytes[1] = 8;
      bytes.writeUInt16BE(sequence, 2);
      bytes.writeUInt32BE(sequence * 160, 4);
      return bytes;
    };
    let sequence = 0;
    await until('the loudspeaker to hear', () => {
      rtsp.sendFrame(4, packet(sequence++));
      return heard.length > 3;
    });
    assert.equal(heard[0]!.track.codec.name, 'pcm_mulaw');
    assert.equal(heard[0]!.data.length, 160);
    assert.ok(
      heard[0]!.data.every((byte) => byte === 0xff || byte === 0x7f || byte === 0xfe),
      'silence in mu-law',
    );
  });

  test('key frame requests of a viewer reach the camera', async () => {
    await using rtsp = await client();
    await rtsp.setUp(url('cam?video'), [0]);
    await rtsp.request('PLAY', url('cam?video'));
    const requests: number[] = [];
    Object.assign(camera, { requestKeyframe: (trackId: number) => requests.push(trackId) });
    await until('the request', () => {
      rtsp.sendFrame(1, Buffer.from('81ce00020000000100000002', 'hex'));
      return requests.length > 0;
    });
    assert.deepEqual(requests, [0]);
  });

  test('what is no RTSP is told so, and closed', async () => {
    for (const text of [
      'GET / HTTP/1.1\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01',
      `DESCRIBE ${'x'.repeat(20_000)}`,
      'DESCRIBE rtsp://a/b RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n',
    ]) {
      await using rtsp = await client();
      rtsp.socket.write(text);
      await until(`the connection to be closed on ${text.slice(0, 20)}`, () => rtsp.closed);
      assert.equal(rtsp.replies[0]?.status, 400);
    }
  });

  test('a client that sends requests without waiting is stopped', async () => {
    await using rtsp = await client();
    rtsp.socket.write('DESCRIBE rtsp://h/off RTSP/1.0\r\nCSeq: 1\r\n\r\n'.repeat(100));
    await until('the connection to be closed', () => rtsp.closed);
  });
});

describe('a server that asks for a token', () => {
  const open = new AbortController();
  const options = {
    listen: '127.0.0.1:0',
    log,
    trustLoopback: false,
    admits: (token: string, stream: string) =>
      token === 'right' && stream === 'garden' ? { mayTalk: false, revoked: open.signal } : undefined,
  };

  test('refuses others where there is no password, too', async () => {
    const streams = new Streams(async () => clipProducer([await h264Clip()], { aheadSeconds: 0.5 }));
    streams.set('garden', ['test:']);
    const keys = [{ username: 'program', password: 'key' }];
    const server = await startRtspServer({ ...options, streams, keys, requireCredentials: true });
    await using rtsp = await RawRtsp.connect(server.port);
    const status = async (path: string) => (await rtsp.request('DESCRIBE', server.base() + path)).status;
    assert.equal(await status('/garden?token=wrong'), 403);
    assert.equal(await status('/other?token=right'), 403);
    assert.equal(await status('/garden?token=right'), 200);
    assert.equal(await status('/garden?auth=right'), 200);
    assert.equal(await status('/garden?auth=wrong'), 403);
    assert.equal((await rtsp.request('GET_PARAMETER', `${server.base()}/garden`)).status, 200, 'its session');
    assert.equal((await rtsp.request('ANNOUNCE', `${server.base()}/garden?token=right`)).status, 403);
    const { status: asked, headers } = await rtsp.request('DESCRIBE', `${server.base()}/garden`);
    assert.equal(asked, 401);
    for (const challenge of headers['www-authenticate']!.split('\n')) {
      for (const [password, expected] of [
        ['key', 200],
        ['wrong', 401],
      ] as const) {
        const auth = createClientAuth({ username: 'program', password });
        auth.challenge([challenge]);
        const url = `${server.base()}/garden`;
        const header = `Authorization: ${auth.authorize('DESCRIBE', url)}`;
        assert.equal((await rtsp.request('DESCRIBE', url, [header])).status, expected, challenge);
      }
    }
    open.abort();
    await until('the connection to end', () => rtsp.closed);
    await server.close();
    streams.close();
  });
});

describe('RTSP server with a password', () => {
  const credentials = { username: 'ho me', password: 'p"ä:ß' };
  let server: RtspServer;

  before(async () => {
    server = await startRtspServer({
      listen: '127.0.0.1:0',
      streams: new Streams(async () => clipProducer([])),
      log,
      trustLoopback: false,
      ...credentials,
    });
  });
  after(() => server.close());

  test('asks for it, and takes Basic and Digest', async () => {
    const url = `${server.base()}/nothing`;
    await using rtsp = await RawRtsp.connect(server.port);
    const { status, headers } = await rtsp.request('DESCRIBE', url);
    assert.equal(status, 401);
    const challenges = headers['www-authenticate']!.split('\n');
    assert.deepEqual(
      challenges.map((line) => /^\w+|algorithm=[\w-]+/g[Symbol.match](line)?.join(' ')),
      ['Basic', 'Digest algorithm=SHA-256', 'Digest algorithm=MD5'],
    );
    for (const challenge of challenges) {
      const auth = createClientAuth(credentials);
      auth.challenge([challenge]);
      const reply = await rtsp.request('DESCRIBE', url, [
        `Authorization: ${auth.authorize('DESCRIBE', url)}`,
      ]);
      assert.equal(reply.status, 404, challenge);
    }
    assert.equal((await rtsp.request('OPTIONS', url)).status, 200);
  });

  test('closes the connection of who guesses', async () => {
    await using rtsp = await RawRtsp.connect(server.port);
    const guess = `Authorization: Basic ${Buffer.from('ho me:wrong').toString('base64')}`;
    for (let attempt = 0; attempt < 4; attempt++)
      assert.equal((await rtsp.request('DESCRIBE', `${server.base()}/x`, [guess])).status, 401);
    await until('the connection to be closed', () => rtsp.closed);
  });
});

test('where it listens decides how programs on this machine reach it', async () => {
  const options = { streams: new Streams(async () => clipProducer([])), log, username: 'u', password: 'p@' };
  const everywhere = await startRtspServer({ ...options, listen: ':0' });
  assert.equal(everywhere.base(), `rtsp://127.0.0.1:${everywhere.port}`);
  assert.equal(everywhere.address, `:${everywhere.port}`);
  await assert.rejects(
    startRtspServer({ ...options, listen: `:${everywhere.port}` }),
    (error) => error instanceof StreamError && /cannot listen/.test(error.message),
  );
  await everywhere.close();
  await assert.rejects(startRtspServer({ ...options, listen: '' }), StreamError);
});
