import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { before, type TestContext, test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { type Served, serve } from '../../../../test/helpers/http-serve.ts';
import { type Clip, ClipCamera, makeClip, streamOf, TEST_VIDEO } from '../../../../test/helpers/mp4-clip.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { wsPair } from '../../../../test/helpers/ws-pair.ts';
import { videoCodec } from '../../codecs/codec.ts';
import { splitJpegs } from '../../codecs/mjpeg.ts';
import type { Stream } from '../../core/stream.ts';
import type { Transcoder } from '../../core/transcode.ts';
import { createLogger } from '../../util/log.ts';
import { Templates } from '../ffmpeg/templates.ts';
import { createTranscoder } from '../transcode/transcoder.ts';
import { sendMjpeg, watchMjpegSocket } from './viewers.ts';

const transcoderOf = (bin: string): Transcoder =>
  createTranscoder({
    config: () => ({ mode: 'auto', limit: undefined, hardware: 'off' }),
    templates: () => new Templates({ bin }),
    log: createLogger('test'),
  });
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25'];

let mjpeg: Clip;
let h264: Clip;

before(async () => {
  const bytes = ffmpeg('-f lavfi -i testsrc2=size=64x48:rate=25 -frames:v 10 -c:v mjpeg -f mjpeg -');
  const track = { id: 0, codec: videoCodec('mjpeg', { width: 64, height: 48 }) };
  const packets = splitJpegs(bytes).frames.map((data, index) => {
    const pts = 9_000_000 + index * 3600;
    return { track, data, pts, dts: pts, duration: 0, key: true, time: 0 };
  });
  mjpeg = { tracks: [track], packets };
  h264 = await makeClip(...TEST_VIDEO, '-t', '1', ...H264);
});

async function setUp(t: TestContext, clip: Clip, ffmpeg = 'ffmpeg'): Promise<Served & { stream: Stream }> {
  const stream = streamOf(new ClipCamera(clip), transcoderOf(ffmpeg));
  const served = await serve((response) => sendMjpeg(stream, response, {}));
  t.after(() => {
    stream.close();
    served.close();
  });
  return { ...served, stream };
}

/** Reads until this many parts have ended; gives the bytes. */
async function readParts(base: string, count: number): Promise<Buffer> {
  const response = await fetch(base);
  assert.equal(response.headers.get('content-type'), 'multipart/x-mixed-replace; boundary=frame');
  let bytes: Buffer = Buffer.alloc(0);
  for await (const piece of response.body!) {
    bytes = Buffer.concat([bytes, piece]);
    if (bytes.toString('latin1').split('--frame\r\n').length > count + 1) break;
  }
  return bytes;
}

/** Child processes of this one that run ffmpeg. */
function ffmpegChildren(): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      const [, name, parent] =
        /^\d+ \((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
      return name === 'ffmpeg' && Number(parent) === process.pid;
    } catch {
      return false;
    }
  }).length;
}

test("a camera's own JPEGs go out as they are", async (t) => {
  const { base } = await setUp(t, mjpeg);
  const bytes = await readParts(base, 5);
  const first = bytes.indexOf(mjpeg.packets[0]!.data.subarray(0, 500));
  assert.ok(first > 0);
  const { frames } = ffprobe('-f mpjpeg -show_frames', bytes);
  assert.ok(frames!.length >= 5 && frames!.every(({ width }) => width === 64));
});

test('each part is closed by the next boundary in the same write', async (t) => {
  const { base } = await setUp(t, mjpeg);
  const bytes = await readParts(base, 3);
  assert.ok(bytes.toString('latin1').endsWith('\r\n--frame\r\n'));
});

test('JPEGs over a WebSocket', async (t) => {
  const { stream } = await setUp(t, mjpeg);
  const pair = await wsPair();
  t.after(() => pair.close());
  const watch = await watchMjpegSocket(stream, pair.connection, () => {});
  await pair.received(3);
  assert.deepEqual(pair.texts, [{ type: 'mjpeg' }]);
  for (const jpeg of pair.binaries) assert.ok(mjpeg.packets.some(({ data }) => data.equals(jpeg)));
  watch.close();
  assert.equal(stream.subscriptions.length, 0);
});

test('another codec goes through one ffmpeg for all viewers, which ends with the last', async (t) => {
  const { base, stream } = await setUp(t, h264);
  const pair = await wsPair();
  t.after(() => pair.close());
  const watch = await watchMjpegSocket(stream, pair.connection, () => {});
  await pair.received(2);
  const bytes = await readParts(base, 3);
  const { frames } = ffprobe('-f mpjpeg -show_frames', bytes);
  assert.ok(frames!.length >= 3 && frames!.every(({ width }) => width === 320));
  assert.equal(ffmpegChildren(), 1);
  watch.close();
  await until('ffmpeg to end', () => ffmpegChildren() === 0);
  assert.equal(stream.subscriptions.length, 0);
});

test('without ffmpeg the viewer is told so', async (t) => {
  const { stream } = await setUp(t, h264, '/nowhere/ffmpeg');
  const pair = await wsPair();
  t.after(() => pair.close());
  await assert.rejects(
    watchMjpegSocket(stream, pair.connection, () => {}),
    {
      code: 'process',
      message: /camera offers h264 320x240; viewer accepts mjpeg, .*ffmpeg.*installed/,
    },
  );
  assert.equal(stream.subscriptions.length, 0);
});

test('when the stream ends, viewers of the ffmpeg are closed', async (t) => {
  const { stream } = await setUp(t, h264);
  const pair = await wsPair();
  t.after(() => pair.close());
  const closed = Promise.withResolvers<Error | undefined>();
  await watchMjpegSocket(stream, pair.connection, closed.resolve);
  await pair.received(1);
  stream.close();
  await closed.promise;
  await until('ffmpeg to end', () => ffmpegChildren() === 0);
});
