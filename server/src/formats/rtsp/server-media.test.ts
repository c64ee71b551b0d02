/** The RTSP server's media, judged by ffmpeg: as a viewer, and as a client that publishes. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, describe, test } from 'node:test';
import { clipProducer } from '../../../../test/fakes/clip-producer.ts';
import { audioClip, type Clip, h264Clip, hevcClip } from '../../../../test/fakes/clips.ts';
import { decode, probe } from '../../../../test/helpers/ffmpeg.ts';
import { spawnTied } from '../../../../test/helpers/run.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { StreamError } from '../../core/errors.ts';
import type { Packet } from '../../core/model.ts';
import { Streams } from '../../core/streams.ts';
import { createLogger } from '../../util/log.ts';
import { type RtspServer, startRtspServer } from './server.ts';

const SECONDS = 2;
const log = createLogger('rtsp');
const options = (transport: string): string[] => ['-rtsp_transport', transport];

/** Times that go up by steps near `step`. */
function assertSteady(times: readonly number[], step: number): void {
  const steps = times.slice(1).map((time, index) => time - times[index]!);
  for (const each of steps) assert.ok(each > 0 && each < step * 3, `a step of ${each} s`);
}

describe('ffmpeg plays from the RTSP server', () => {
  const cameras: Record<string, Clip[]> = {};
  let streams: Streams;
  let server: RtspServer;

  before(async () => {
    const [h264, hevc] = [await h264Clip(), await hevcClip()];
    cameras['h264 aac'] = [h264, await audioClip('MPEG4-GENERIC', { sampleRate: 16000 })];
    cameras['hevc opus'] = [hevc, await audioClip('opus')];
    cameras['h264 pcm_alaw'] = [await h264Clip({ size: '1280x720' }), await audioClip('PCMA')];
    cameras.pcm_s16be = [await audioClip('L16', { sampleRate: 16000 })];
    streams = new Streams(async (text) =>
      clipProducer(cameras[text.slice('test:'.length)]!, { aheadSeconds: 0.5 }),
    );
    for (const name of Object.keys(cameras)) streams.set(name, [`test:${name}`]);
    server = await startRtspServer({ listen: '127.0.0.1:0', streams, log });
  });
  after(async () => {
    await server.close();
    streams.close();
  });

  for (const name of ['h264 aac', 'hevc opus', 'h264 pcm_alaw', 'pcm_s16be']) {
    for (const transport of ['tcp', 'udp']) {
      test(`${name} over ${transport}`, async () => {
        const url = `${server.base()}/${encodeURIComponent(name)}`;
        const found = await probe(url, { options: options(transport) });
        assert.deepEqual(
          found.map(({ codec_name }) => codec_name),
          name.split(' '),
        );
        const { video, audio, complaints } = await decode(url, SECONDS, { options: options(transport) });
        assert.deepEqual(complaints, []);
        if (name !== 'pcm_s16be') {
          assert.ok(video.times.length > 40 && video.distinct > 40, `${video.distinct} pictures`);
          assertSteady(video.times.slice(2), 0.04);
        }
        assert.ok(audio.times.length > 20);
        assertSteady(audio.times.slice(2), 0.07);
      });
    }
  }
});

interface Published {
  readonly title: string;
  readonly transport?: 'udp';
  /** As ffprobe names them: it takes MPA for mp2 by its name in the SDP. */
  readonly codecs: readonly string[];
  readonly arguments: string;
}

const PUBLISHED: readonly Published[] = [
  {
    title: 'H.264 and AAC',
    codecs: ['h264', 'aac'],
    arguments: '-c:v libx264 -preset ultrafast -g 25 -bf 0 -c:a aac',
  },
  {
    title: 'H.264 and AAC, by UDP',
    transport: 'udp',
    codecs: ['h264', 'aac'],
    arguments: '-c:v libx264 -preset ultrafast -g 25 -bf 0 -c:a aac',
  },
  {
    title: 'H.264 with B-frames and mu-law',
    codecs: ['h264', 'pcm_mulaw'],
    arguments: '-c:v libx264 -preset veryfast -g 25 -bf 3 -c:a pcm_mulaw -ar 8000',
  },
  {
    title: 'HEVC and Opus',
    codecs: ['hevc', 'opus'],
    arguments: '-c:v libx265 -x265-params log-level=none:keyint=25:bframes=0 -preset ultrafast -c:a libopus',
  },
  { title: 'AAC as LATM', codecs: ['aac'], arguments: '-vn -c:a aac -rtpflags latm' },
  {
    title: 'JPEG and L16',
    codecs: ['mjpeg', 'pcm_s16be'],
    arguments: '-c:v mjpeg -huffman default -pix_fmt yuvj420p -c:a pcm_s16be -ar 16000',
  },
  { title: 'MP3', codecs: ['mp2'], arguments: '-vn -c:a libmp3lame -ar 44100' },
  { title: 'G.722', codecs: ['adpcm_g722'], arguments: '-vn -c:a g722 -ar 16000' },
];

describe('ffmpeg publishes to the RTSP server', () => {
  let streams: Streams;
  let server: RtspServer;
  const programs: ChildProcess[] = [];

  before(async () => {
    streams = new Streams(async () => {
      throw new StreamError('unreachable', 'no camera');
    });
    for (const { title } of PUBLISHED) streams.set(title, []);
    server = await startRtspServer({ listen: '127.0.0.1:0', streams, log });
  });
  after(async () => {
    await server.close();
    streams.close();
  });
  afterEach(async () => {
    for (const program of programs.splice(0)) await stop(program);
  });

  const publish = (path: string, codecs: string, transport = 'tcp'): ChildProcess => {
    const inputs =
      '-re -f lavfi -i testsrc=size=320x180:rate=25 -re -f lavfi -i sine=frequency=1000:sample_rate=16000';
    const words =
      `-v error ${inputs} -pix_fmt yuv420p ${codecs} -ac 1 -f rtsp -rtsp_transport ${transport}`.split(' ');
    const program = spawnTied('ffmpeg', [...words, `${server.base()}/${encodeURIComponent(path)}`], {
      stdio: 'ignore',
    });
    programs.push(program);
    return program;
  };
  const stop = async (program: ChildProcess): Promise<void> => {
    if (program.exitCode !== null || program.signalCode !== null) return;
    const exited = once(program, 'exit');
    program.kill('SIGINT');
    await exited;
  };

  for (const { title, codecs, arguments: words, transport } of PUBLISHED) {
    test(`${title}; ffmpeg plays it back`, async () => {
      publish(title, words, transport);
      await until('the publisher', () => streams.get(title)?.sources.length, 15_000);
      const url = `${server.base()}/${encodeURIComponent(title)}`;
      await until(
        'the codecs',
        async () => (await probe(url).catch(() => [])).length === codecs.length,
        15_000,
      );
      const { video, audio, complaints } = await decode(url, SECONDS, { options: options('tcp') });
      assert.deepEqual(complaints, []);
      const found = (await probe(url)).map(({ codec_name }) => codec_name);
      assert.deepEqual(found, codecs);
      if (codecs.length === 2) assert.ok(video.distinct > 40, `${video.distinct} pictures`);
      assert.ok(audio.times.length > 20, `${audio.times.length} audio frames`);
      assertSteady(audio.times.slice(2), 0.07);
    });
  }

  test('a program hands its stream to the source that waits for it', async () => {
    const waiting = new AbortController();
    const expected = server.expectPublisher('token', waiting.signal);
    const program = publish('token', '-c:v libx264 -preset ultrafast -g 25 -bf 0 -an');
    const producer = await expected;
    assert.deepEqual(
      producer.tracks.map(({ codec }) => codec.name),
      ['h264'],
    );
    const packets: Packet[] = [];
    const running = producer.run((packet) => packets.push(packet), waiting.signal);
    await until('packets', () => packets.length > 30);
    assert.equal(packets[0]!.key, true);
    await stop(program);
    await running;
  });

  test('when nobody waits any more, the program is told to go', async () => {
    const waiting = new AbortController();
    const expected = server.expectPublisher('gone', waiting.signal);
    const program = publish('gone', '-c:v libx264 -preset ultrafast -g 25 -bf 0 -an');
    const producer = await expected;
    const running = producer.run(() => {}, waiting.signal);
    waiting.abort();
    await running;
    await until('the program to end', () => program.exitCode !== null || program.signalCode !== null);
  });

  test('a wait that is over rejects, and its path is free again', async () => {
    const waiting = new AbortController();
    const expected = server.expectPublisher('never', waiting.signal);
    waiting.abort();
    await assert.rejects(expected, (error) => error instanceof StreamError && error.code === 'aborted');
    const program = publish('never', '-c:v libx264 -an');
    await until('the program to be refused', () => program.exitCode !== null);
  });
});
