/** Tokens in RTSP addresses, judged by ffprobe and ffmpeg: what one opens, whether it lets talk, and that it can be ended. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { audioClip, h264Clip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { probe } from '../helpers/ffmpeg.ts';
import { RtspViewer, talkRtsp } from '../helpers/rtsp-viewer.ts';
import { run, spawnTied } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

describe('a token in an RTSP address', () => {
  let camera: RtspCamera;
  let server: TestServer;
  let token: string;
  before(async () => {
    camera = await startRtspCamera({
      feeds: [new ClipFeed(await h264Clip()), new ClipFeed(await audioClip('PCMA'))],
      loudspeaker: 'PCMA',
    });
    server = await startServer({
      log: { level: 'trace' },
      streams: { door: camera.url, door_sub: `${camera.url}#backchannel=0`, garden: camera.url },
      cameras: { door: { sub: 'door_sub' } },
      rtsp: { username: 'admin', password: 'secret-1' },
    });
    token = (await make('door')).token;
  });
  after(async () => {
    await server?.stop();
    await camera?.close();
  });

  async function make(stream: string, allow = ['view']): Promise<{ token: string; id: string }> {
    const body = JSON.stringify({ stream, allow, ttl_s: 600 });
    const response = await server.fetch('/api/tokens', { method: 'POST', body });
    assert.equal(response.status, 200);
    return (await response.json()) as { token: string; id: string };
  }
  const address = (stream: string, key: string, more = ''): string =>
    `${server.rtsp(stream)}?token=${key}${more}`;

  for (const transport of ['tcp', 'udp'])
    test(`ffprobe sees the camera and its sub stream by ${transport}`, async () => {
      for (const url of [address('door', token), address('door_sub', token, '&video')]) {
        const found = await probe(url, { options: ['-rtsp_transport', transport] });
        assert.ok(
          found.some(({ codec_name }) => codec_name === 'h264'),
          url,
        );
      }
    });

  test('ffprobe is refused with the token of another stream, and with what is none', async () => {
    for (const url of [address('garden', token), address('door', `${token}x`), address('none', token)]) {
      const { code, stderr } = await run('ffprobe', ['-v', 'error', '-rtsp_transport', 'tcp', url]);
      assert.notEqual(code, 0);
      assert.match(stderr.toString(), /403 Forbidden/);
    }
  });

  test('nothing is published with it', async () => {
    const args = [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=64x64:rate=5',
      '-t',
      '1',
      '-c:v',
      'libx264',
    ];
    const { code, stderr } = await run('ffmpeg', [...args, '-f', 'rtsp', address('door', token)]);
    assert.notEqual(code, 0);
    assert.match(stderr.toString(), /403 Forbidden/);
  });

  test('lets talk, if it says so', async () => {
    const describeWith = async (key: string): Promise<string> => {
      const socket = connect(server.rtspPort, '127.0.0.1');
      await once(socket, 'connect');
      await using viewer = new RtspViewer(socket);
      const require = ['Accept: application/sdp', 'Require: www.onvif.org/ver20/backchannel'];
      return (await viewer.request('DESCRIBE', address('door', key), require)).body;
    };
    assert.ok(!(await describeWith(token)).includes('a=sendonly'));
    const { token: talking } = await make('door', ['view', 'talk']);
    assert.match(await describeWith(talking), /a=sendonly/);
    camera.heard.length = 0;
    const clip = await audioClip('PCMA', { hertz: 1000 });
    await talkRtsp(address('door', talking), clip.units.map(({ parts }) => parts[0]!).slice(0, 50));
    assert.ok(camera.heard.length > 10, `${camera.heard.length} packets heard`);
  });

  test('revoked, it ends what runs, at once; others go on', async () => {
    const { token: mine, id } = await make('door');
    const play = (key: string) =>
      spawnTied('ffmpeg', [
        ...['-v', 'error', '-rtsp_transport', 'tcp', '-i', address('door', key)],
        ...['-map', '0:v', '-c', 'copy', '-f', 'null', '-'],
      ]);
    const [ended, stays] = [play(mine), play(token)];
    await until('two viewers', async () => (await server.viewers('door')) === 2, 10_000);
    const left = once(ended, 'exit');
    const startedMs = performance.now();
    assert.equal((await server.fetch(`/api/tokens?id=${id}`, { method: 'DELETE' })).status, 200);
    await left;
    assert.ok(performance.now() - startedMs < 2000);
    assert.equal(await server.viewers('door'), 1);
    assert.equal(stays.exitCode, null);
    stays.kill();
    await once(stays, 'exit');
    const { code } = await run('ffprobe', ['-v', 'error', '-rtsp_transport', 'tcp', address('door', mine)]);
    assert.notEqual(code, 0);
  });

  test('no token was written to the log', () => {
    assert.match(server.log, /token=\*\*\*/);
    assert.ok(!server.log.includes(token));
  });
});
