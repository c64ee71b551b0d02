/** The fake camera judged by ffmpeg: a fault of the server must not be a fault of the fake. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, probe } from '../helpers/ffmpeg.ts';
import { audioClip, h264Clip, hevcClip } from './clips.ts';
import { ClipFeed } from './feed.ts';
import { ffmpegFeeds } from './ffmpeg-feed.ts';
import { type CameraOptions, startRtspCamera } from './rtsp-camera.ts';

const TCP = ['-rtsp_transport', 'tcp'];
const UDP = ['-rtsp_transport', 'udp'];

const CASES: readonly {
  readonly title: string;
  readonly camera: () => Promise<CameraOptions>;
  readonly options: readonly string[];
  readonly codecs: readonly string[];
}[] = [
  {
    title: 'h264 and aac over TCP, Digest MD5',
    camera: async () => ({
      feeds: [
        new ClipFeed(await h264Clip()),
        new ClipFeed(await audioClip('MPEG4-GENERIC', { sampleRate: 16000 })),
      ],
      auth: { user: 'admin', password: 'p@ss:w/rd', schemes: ['md5'] },
    }),
    options: TCP,
    codecs: ['h264', 'aac'],
  },
  {
    title: 'hevc and pcm_alaw over UDP, Basic',
    camera: async () => ({
      feeds: [new ClipFeed(await hevcClip()), new ClipFeed(await audioClip('PCMA'))],
      auth: { user: 'admin', password: 'secret', schemes: ['basic'] },
    }),
    options: UDP,
    codecs: ['hevc', 'pcm_alaw'],
  },
  {
    title: 'h264 with B frames and opus, parameter sets in band only',
    camera: async () => ({
      feeds: [
        new ClipFeed(await h264Clip({ bframes: 2 }), { parameterSets: 'band' }),
        new ClipFeed(await audioClip('opus')),
      ],
    }),
    options: TCP,
    codecs: ['h264', 'opus'],
  },
  {
    title: 'made by ffmpeg: h264 and pcm_mulaw',
    camera: async () => ({
      feeds: ffmpegFeeds(
        ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', '-re', '-f', 'lavfi', '-i', 'sine'],
        [
          { kind: 'video', options: ['-map', '0', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25'] },
          { kind: 'audio', options: ['-map', '1', '-c:a', 'pcm_mulaw', '-ar', '8000'] },
        ],
      ),
    }),
    options: TCP,
    codecs: ['h264', 'pcm_mulaw'],
  },
];

for (const { title, camera: options, options: ffmpegOptions, codecs } of CASES) {
  test(title, async () => {
    await using camera = await startRtspCamera(await options());
    const streams = await probe(camera.url, { options: ffmpegOptions });
    assert.deepEqual(
      streams.map(({ codec_name }) => codec_name),
      codecs,
    );
    const { video, audio } = await decode(camera.url, 2, { options: ffmpegOptions });
    assert.ok(video.times.length >= 25, `${video.times.length} pictures`); // one GOP of two may be missed
    assert.ok(video.distinct >= 20, `${video.distinct} different pictures`);
    assert.ok(audio.times.length >= 20, `${audio.times.length} sound frames`);
  });
}

test('turns away who has no password', async () => {
  await using camera = await startRtspCamera({
    feeds: [new ClipFeed(await h264Clip())],
    auth: { user: 'admin', password: 'secret', schemes: ['sha-256', 'md5'] },
  });
  await assert.rejects(probe(camera.url.replace('secret', 'wrong'), { options: TCP }), /401/);
});

test('drops a client that sends no keep-alive', async () => {
  let playing = false;
  await using camera = await startRtspCamera({
    feeds: [new ClipFeed(await h264Clip())],
    sessionTimeoutSeconds: 1,
    intercept: ({ method }) => {
      playing ||= method === 'PLAY';
      return playing && method !== 'PLAY' ? { status: '501 Not Implemented' } : undefined;
    },
  });
  const { video } = await decode(camera.url, 5, { options: TCP });
  assert.ok(video.times.at(-1)! < 3, `pictures for ${video.times.at(-1)} s`);
  assert.equal(camera.connections, 0);
});
