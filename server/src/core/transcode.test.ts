import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { audioCodec, videoCodec } from '../codecs/codec.ts';
import { opusCodec } from '../codecs/opus.ts';
import { configureLog } from '../util/log.ts';
import { StreamError } from './errors.ts';
import { inspectStream } from './inspect.ts';
import type { Accepts } from './model.ts';
import type { Stream } from './stream.ts';
import { FakeCamera, FakeConsumer, FakeTranscoder, fakeStream, H264, settle } from './testing.ts';

configureLog({ write: undefined });

const HEVC = videoCodec('hevc', { extradata: Buffer.from([1, 1]), width: 2560, height: 1440 });
const AAC = audioCodec('aac', 16000);
const OPUS = opusCodec(1);
const WANT_H264: Accepts = [{ kind: 'video', codecs: [{ name: 'h264' }] }];
const WANT_BOTH: Accepts = [...WANT_H264, { kind: 'audio', codecs: [{ name: 'opus' }] }];

let open: Stream[] = [];
afterEach(() => {
  for (const stream of open) stream.close();
  open = [];
});

function scene(...codecs: (typeof HEVC | typeof AAC)[]) {
  const camera = new FakeCamera(...codecs);
  const transcoder = new FakeTranscoder(H264, OPUS);
  const stream = fakeStream({ cam: () => camera }, { transcoder });
  open.push(stream);
  return { camera, transcoder, stream };
}

const watch = async (stream: Stream, accepts: Accepts): Promise<FakeConsumer> => {
  const viewer = new FakeConsumer(accepts);
  await stream.attach(viewer);
  return viewer;
};

describe('a viewer that takes none of the codecs', () => {
  test('is sent what the transcode makes, which all who need it share, and which ends after the last', async () => {
    const { camera, transcoder, stream } = scene(HEVC, AAC);
    const viewers = await Promise.all([watch(stream, WANT_H264), watch(stream, WANT_H264)]);
    const [transcode] = transcoder.transcodes;
    assert.equal(transcoder.transcodes.length, 1);
    camera.send(0, 90000, { key: true, data: Buffer.from('hevc') });
    camera.send(1, 16000);
    assert.deepEqual(
      transcode!.fed.chunks.map(({ body }) => String(body[0])),
      ['hevc'],
    );
    transcode!.send(0, 90000, { key: true, data: Buffer.from('h264') });
    for (const { packets, starts } of viewers) {
      assert.deepEqual(
        packets.map(({ data }) => String(data)),
        ['h264'],
      );
      assert.equal(starts[0]![0]!.codec.name, 'h264');
    }
    for (const viewer of viewers) stream.detach(viewer);
    assert.equal(transcode!.stopped, false, 'lingers');
    await settle(40);
    assert.equal(transcode!.stopped, true);
    await settle(40);
    assert.equal(camera.stopped, true);
    assert.deepEqual(stream.transcodes, []);
  });

  test('a track that fits is taken as it is, and no transcode is started', async () => {
    const { transcoder, stream } = scene(HEVC, AAC);
    await watch(stream, [
      { kind: 'video', codecs: [{ name: 'h264' }, { name: 'hevc' }] },
      { kind: 'audio', codecs: [] },
    ]);
    assert.equal(transcoder.transcodes.length, 0);
  });

  test('a second track of a codec that the camera has once is not made', async () => {
    const { transcoder, stream } = scene(videoCodec('h264', H264), AAC);
    const viewer = await watch(stream, [...WANT_H264, ...WANT_H264]);
    assert.equal(viewer.starts[0]!.length, 1);
    assert.equal(transcoder.transcodes.length, 0);
  });

  test('what was transcoded keeps the time of the stream, beside tracks that were not', async () => {
    const { camera, transcoder, stream } = scene(videoCodec('h264', H264), AAC);
    const viewer = await watch(stream, WANT_BOTH);
    assert.deepEqual(
      viewer.starts[0]!.map(({ codec }) => codec.name),
      ['h264', 'opus'],
    );
    camera.send(0, 900000, { key: true });
    camera.send(1, 160000, { key: true });
    const [video] = viewer.packets;
    const [transcode] = transcoder.transcodes;
    const fedSeconds = transcode!.fed.chunks[0]!.seconds;
    transcode!.send(0, Math.round(fedSeconds * 48000), { key: true });
    const audio = viewer.packets[1]!;
    assert.ok(Math.abs(audio.pts / 48000 - video!.pts / 90000) < 0.001);
  });

  test('a transcode is told with what it is made of and who watches it', async () => {
    const { stream } = scene(HEVC, AAC);
    await watch(stream, WANT_BOTH);
    await watch(stream, WANT_H264);
    const { sources, consumers } = inspectStream(stream);
    assert.deepEqual(
      sources.map(({ text, transcode }) => [
        text,
        transcode?.from.name,
        transcode?.to.name,
        transcode?.viewers,
      ]),
      [
        ['cam', undefined, undefined, undefined],
        ['ffmpeg:test#video=h264', 'hevc', 'h264', 2],
        ['ffmpeg:test#audio=opus', 'aac', 'opus', 1],
      ],
    );
    assert.equal(consumers.length, 4, 'two viewers, two feeds');
  });
});

describe('when there is no transcode', () => {
  test('the error names both sides, and why', async () => {
    const { transcoder, stream } = scene(HEVC);
    transcoder.refusal = new StreamError('limit', '2 video transcodes run already');
    await assert.rejects(watch(stream, WANT_H264), {
      code: 'limit',
      message:
        'codecs not matched: camera offers hevc 2560x1440; viewer accepts h264, 2 video transcodes run already',
    });
    assert.equal(stream.subscriptions.length, 0);
  });

  test('tracks that fit are sent without it', async () => {
    const { transcoder, stream } = scene(videoCodec('h264', H264), AAC);
    transcoder.refusal = new StreamError('limit', 'too many');
    const viewer = await watch(stream, WANT_BOTH);
    assert.deepEqual(
      viewer.starts[0]!.map(({ codec }) => codec.name),
      ['h264'],
    );
  });

  test('one that runs already is shared all the same', async () => {
    const { transcoder, stream } = scene(HEVC);
    await watch(stream, WANT_H264);
    transcoder.refusal = new StreamError('limit', 'too many');
    await watch(stream, WANT_H264);
    assert.equal(transcoder.transcodes.length, 1);
  });

  test('a codec that nobody makes is no match', async () => {
    const { stream } = scene(HEVC);
    await assert.rejects(watch(stream, [{ kind: 'video', codecs: [{ name: 'av1' }] }]), { code: 'no_match' });
  });
});

describe('faults', () => {
  test('a transcode that dies is started again; its viewers wait', async () => {
    const { camera, transcoder, stream } = scene(HEVC);
    const viewer = await watch(stream, WANT_H264);
    transcoder.transcodes[0]!.end(new StreamError('process', 'ffmpeg: ended by SIGSEGV'));
    await settle(150);
    assert.equal(transcoder.transcodes.length, 2);
    camera.send(0, 0, { key: true });
    assert.equal(transcoder.transcodes[1]!.fed.chunks.length, 1);
    transcoder.transcodes[1]!.send(0, 1, { key: true });
    assert.equal(viewer.packets.length, 1);
    assert.equal(viewer.closed, undefined);
  });

  test('the camera comes back: the same transcode goes on', async () => {
    const cameras = [new FakeCamera(HEVC), new FakeCamera(HEVC)];
    const transcoder = new FakeTranscoder(H264);
    let opened = 0;
    const stream = fakeStream({ cam: () => cameras[opened++]! }, { transcoder });
    open.push(stream);
    await watch(stream, WANT_H264);
    cameras[0]!.send(0, 0, { key: true });
    cameras[0]!.end();
    await settle(150);
    cameras[1]!.send(0, 500, { key: true });
    assert.equal(transcoder.transcodes.length, 1);
    assert.equal(transcoder.transcodes[0]!.fed.chunks.length, 2);
  });

  test('the camera changes its codec: viewers are closed, and come back to what fits now', async () => {
    const cameras = [new FakeCamera(HEVC), new FakeCamera(H264)];
    const transcoder = new FakeTranscoder(H264);
    let opened = 0;
    const stream = fakeStream({ cam: () => cameras[opened++]! }, { transcoder });
    open.push(stream);
    const viewer = await watch(stream, WANT_H264);
    cameras[0]!.change(0, H264);
    cameras[0]!.send(0, 3600, { key: true });
    await settle(150);
    assert.match(String(viewer.closed), /changed its codec to h264/);
    assert.deepEqual(stream.transcodes, []);
    const again = await watch(stream, WANT_H264);
    cameras[1]!.send(0, 0, { key: true });
    assert.equal(again.packets.length, 1);
    assert.equal(transcoder.transcodes.length, 1);
  });

  test('a source that is replaced takes its transcodes and their viewers with it', async () => {
    const { transcoder, stream } = scene(HEVC);
    const viewer = await watch(stream, WANT_H264);
    stream.setSources([]);
    await settle();
    assert.ok(viewer.closed);
    assert.equal(transcoder.transcodes[0]!.stopped, true);
    assert.equal(stream.subscriptions.length, 0);
  });
});
