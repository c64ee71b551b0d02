/** A camera in, viewers of every kind out: each way judged by ffmpeg. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { audioClip, h264Clip, hevcClip } from '../fakes/clips.ts';
import { ClipFeed } from '../fakes/feed.ts';
import { ffmpegFeeds } from '../fakes/ffmpeg-feed.ts';
import { type CameraOptions, type RtspCamera, startRtspCamera } from '../fakes/rtsp-camera.ts';
import { type Decoded, decode, probe } from '../helpers/ffmpeg.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { watchMse } from '../helpers/viewers.ts';
import { until } from '../helpers/wait.ts';

const TCP = ['-rtsp_transport', 'tcp'];
const UDP = ['-rtsp_transport', 'udp'];

interface Scene {
  readonly title: string;
  readonly camera: () => Promise<CameraOptions>;
  /** What is appended to the camera's URL in the config. */
  readonly options: string;
  readonly video: string;
  readonly audio: string;
  /** Audio that MP4 viewers get: what browsers play. */
  readonly mp4Audio: string;
}

const SCENES: readonly Scene[] = [
  {
    title: 'h264 and aac, interleaved, Digest MD5',
    camera: async () => ({
      feeds: [
        new ClipFeed(await h264Clip()),
        new ClipFeed(await audioClip('MPEG4-GENERIC', { sampleRate: 16000 })),
      ],
      auth: { user: 'admin', password: 'p@ss:w/rd', schemes: ['md5'] },
    }),
    options: '',
    video: 'h264',
    audio: 'aac',
    mp4Audio: 'aac',
  },
  {
    title: 'hevc and pcm_alaw, UDP, Digest SHA-256',
    camera: async () => ({
      feeds: [new ClipFeed(await hevcClip()), new ClipFeed(await audioClip('PCMA'))],
      auth: { user: 'admin', password: 'secret', schemes: ['sha-256', 'md5'] },
    }),
    options: '#transport=udp',
    video: 'hevc',
    audio: 'pcm_alaw',
    mp4Audio: 'flac',
  },
  {
    title: 'h264 with B frames and opus, parameter sets in band only, Basic',
    camera: async () => ({
      feeds: [
        new ClipFeed(await h264Clip({ bframes: 2 }), { parameterSets: 'band' }),
        new ClipFeed(await audioClip('opus')),
      ],
      auth: { user: 'admin', password: 'secret', schemes: ['basic'] },
    }),
    options: '',
    video: 'h264',
    audio: 'opus',
    mp4Audio: 'opus',
  },
  {
    title: 'RTP made by ffmpeg: h264 and pcm_mulaw',
    camera: async () => ({
      feeds: ffmpegFeeds(
        ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', '-re', '-f', 'lavfi', '-i', 'sine'],
        [
          {
            kind: 'video',
            options: ['-map', '0', '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-g', '25'],
          },
          { kind: 'audio', options: ['-map', '1', '-c:a', 'pcm_mulaw', '-ar', '8000'] },
        ],
      ),
    }),
    options: '',
    video: 'h264',
    audio: 'pcm_mulaw',
    mp4Audio: 'flac',
  },
  {
    title: 'RTP made by ffmpeg: hevc and aac as LATM',
    camera: async () => ({
      feeds: ffmpegFeeds(
        ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', '-re', '-f', 'lavfi', '-i', 'sine'],
        [
          {
            kind: 'video',
            options: [
              ...['-map', '0', '-c:v', 'libx265', '-preset', 'ultrafast', '-tune', 'zerolatency'],
              ...['-x265-params', 'log-level=none:keyint=25:repeat-headers=1'],
            ],
          },
          { kind: 'audio', options: ['-map', '1', '-c:a', 'aac', '-ar', '16000', '-rtpflags', 'latm'] },
        ],
      ),
    }),
    options: '',
    video: 'hevc',
    audio: 'aac',
    mp4Audio: 'aac',
  },
];

describe('a camera with', { concurrency: 2 }, () => {
  for (const scene of SCENES) {
    describe(scene.title, { concurrency: 1 }, () => {
      let camera: RtspCamera;
      let server: TestServer;

      before(async () => {
        camera = await startRtspCamera(await scene.camera());
        server = await startServer({ streams: { cam: camera.url + scene.options } });
      });
      after(async () => {
        await server?.stop();
        await camera?.close();
      });

      test('MP4 over HTTP', async () => {
        const url = server.url('/api/stream.mp4?src=cam&video=all&audio=all');
        assertCodecs(await probe(url), scene.video, scene.mp4Audio);
        assertMoving(await decode(url, 3));
      });

      test('MSE over WebSocket', async () => {
        await using viewer = await watchMse(server, 'cam', { keep: true });
        await viewer.play(3);
        await viewer.close();
        assert.match(viewer.types[0]!, /^video\/mp4; codecs="(avc1|hvc1)\.[^,]+,(mp4a\.40\.2|opus|flac)"$/);
        assertMoving(await viewer.decode());
      });

      for (const [transport, options] of [['TCP', TCP] as const, ['UDP', UDP] as const]) {
        test(`RTSP over ${transport}`, async () => {
          assertCodecs(await probe(server.rtsp('cam'), { options }), scene.video, scene.audio);
          assertMoving(await decode(server.rtsp('cam'), 3, { options }));
        });
      }

      test('RTSP with a codec filter', async () => {
        const streams = await probe(`${server.rtsp('cam')}?video=${scene.video.replace('hevc', 'h265')}`, {
          options: TCP,
        });
        assert.deepEqual(
          streams.map(({ codec_name }) => codec_name),
          [scene.video],
        );
      });

      test('a JPEG of a key frame', async () => {
        const response = await server.fetch('/api/frame.jpeg?src=cam');
        assert.equal(response.headers.get('content-type'), 'image/jpeg');
        const [picture] = await probe('-', { bytes: Buffer.from(await response.arrayBuffer()) });
        assert.deepEqual([picture?.codec_name, picture?.width, picture?.height], ['mjpeg', 640, 360]);
      });

      test('a JPEG of another size', async () => {
        const response = await server.fetch('/api/frame.jpeg?src=cam&width=320');
        const [picture] = await probe('-', { bytes: Buffer.from(await response.arrayBuffer()) });
        assert.deepEqual([picture?.width, picture?.height], [320, 180]);
      });

      test('viewers share one connection, which closes after the last', async () => {
        assert.ok(camera.connections <= 1, `${camera.connections} connections to the camera`);
        await until('the camera to be left alone', () => camera.connections === 0);
        assert.equal(camera.requests.at(-1)?.method, 'TEARDOWN');
        const { producers, consumers } = await server.stream('cam');
        assert.equal(producers[0]?.url?.includes('secret'), false);
        assert.deepEqual([producers.length, consumers?.length], [1, 0]);
      });
    });
  }
});

test('an MJPEG camera: its pictures as they are, H.264 of them, and a clear answer where that is off', async () => {
  await using camera = await startRtspCamera({
    feeds: ffmpegFeeds(
      ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=10'],
      [
        {
          kind: 'video',
          options: ['-map', '0', '-c:v', 'mjpeg', '-huffman', 'default', '-q:v', '5', '-pix_fmt', 'yuvj420p'],
        },
      ],
    ),
  });
  const streams = { cam: camera.url, plain: { url: camera.url, transcode: 'never' } };
  await using server = await startServer({ streams });
  const { video } = await decode(server.url('/api/stream.mjpeg?src=cam'), 2, { options: ['-f', 'mpjpeg'] });
  assert.ok(video.distinct >= 10, `${video.distinct} pictures`);
  const still = await server.fetch('/api/frame.jpeg?src=cam');
  const [picture] = await probe('-', { bytes: Buffer.from(await still.arrayBuffer()) });
  assert.deepEqual([picture?.codec_name, picture?.width, picture?.height], ['mjpeg', 640, 360]);
  assert.equal((await decode(server.rtsp('cam'), 1, { options: TCP })).code, 0);
  const made = await decode(server.url('/api/stream.mp4?src=cam'), 2);
  assert.deepEqual(made.complaints, []);
  assert.ok(made.video.distinct >= 10, `${made.video.distinct} pictures`);
  const refused = await server.fetch('/api/stream.mp4?src=plain');
  assert.equal(refused.status, 406);
  assert.match(await refused.text(), /mjpeg.*h264/);
});

function assertCodecs(streams: Awaited<ReturnType<typeof probe>>, video: string, audio: string): void {
  assert.deepEqual(new Set(streams.map(({ codec_name }) => codec_name)), new Set([video, audio]));
}

/** Three seconds of moving picture with sound, in order, without complaints. */
function assertMoving({ video, audio, complaints }: Decoded): void {
  assert.deepEqual(complaints, []);
  assert.ok(video.times.length >= 50, `${video.times.length} pictures`);
  assert.ok(video.distinct >= 25, `${video.distinct} different pictures`);
  assert.ok(audio.times.length >= 25, `${audio.times.length} sound frames`);
  for (const { kind, times } of [video, audio]) {
    for (const [index, time] of times.entries()) {
      const previous = times[index - 1] ?? Number.NEGATIVE_INFINITY;
      assert.ok(time > previous, `${kind}: ${time} s after ${previous} s`);
      assert.ok(time - previous < 0.5 || index === 0, `${kind}: a gap of ${time - previous} s`);
    }
  }
  const apart = Math.abs(video.times[0]! - audio.times[0]!);
  assert.ok(apart < 0.5, `sound begins ${apart} s beside the picture`);
}
