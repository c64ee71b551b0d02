/** Clients that push into a stream: ffmpeg by RTSP, over TCP and UDP, with viewers that stay when it begins again. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, probe } from '../helpers/ffmpeg.ts';
import { run, spawnTied } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const TCP = ['-rtsp_transport', 'tcp'];

const SOURCE = [
  ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', '-re', '-f', 'lavfi', '-i', 'sine'],
  ...[
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-g',
    '25',
    '-c:a',
    'aac',
    '-ar',
    '16000',
  ],
];

describe('publishing by RTSP', () => {
  let server: TestServer;
  const publish = (transport: 'tcp' | 'udp', name = 'upload'): ChildProcess =>
    spawnTied('ffmpeg', [
      '-v',
      'error',
      ...SOURCE,
      '-f',
      'rtsp',
      '-rtsp_transport',
      transport,
      server.rtsp(name),
    ]);

  before(async () => {
    server = await startServer({ streams: { upload: null, again: null } });
  });
  after(() => server?.stop());

  for (const transport of ['tcp', 'udp'] as const) {
    test(`over ${transport}: viewers see it`, async () => {
      const publisher = publish(transport);
      try {
        await until('the publisher', async () => (await server.stream('upload')).producers.length === 1);
        const streams = await until('tracks', () =>
          probe(server.rtsp('upload'), { options: TCP }).catch(() => undefined),
        );
        assert.deepEqual(streams.map(({ codec_name }) => codec_name).sort(), ['aac', 'h264']);
        const { video, audio } = await decode(server.rtsp('upload'), 2, { options: TCP });
        assert.ok(video.distinct > 25 && audio.times.length > 15, `${video.distinct} pictures`);
      } finally {
        await end(publisher);
      }
      await until(
        'the publisher to be gone',
        async () => (await server.stream('upload')).producers.length === 0,
      );
    });
  }

  test('a viewer stays while the publisher ends and another begins', async () => {
    const first = publish('tcp', 'again');
    await until('the publisher', async () => (await server.stream('again')).producers.length === 1);
    await sleep(1000);
    await using viewer = await watchMse(server, 'again');
    await viewer.play(1);
    await end(first);
    await sleep(1000);
    const second = publish('tcp', 'again');
    await viewer.play(1, 10_000);
    assert.deepEqual(viewer.errors, []);
    await end(second);
  });

  test('into a stream that does not exist is refused', async () => {
    const { code, stderr } = await run('ffmpeg', [
      ...[
        '-v',
        'error',
        ...SOURCE,
        '-t',
        '5',
        '-f',
        'rtsp',
        '-rtsp_transport',
        'tcp',
        server.rtsp('nowhere'),
      ],
    ]);
    assert.notEqual(code, 0);
    assert.match(stderr, /404/);
  });
});

async function end(publisher: ChildProcess): Promise<void> {
  const ended = once(publisher, 'exit');
  publisher.kill('SIGINT');
  await ended;
}
