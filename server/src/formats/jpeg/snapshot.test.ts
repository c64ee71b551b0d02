import assert from 'node:assert/strict';
import { before, type TestContext, test } from 'node:test';
import { ffmpeg, ffprobe } from '../../../../test/helpers/ffmpeg-sync.ts';
import { type Clip, ClipCamera, makeClip, streamOf } from '../../../../test/helpers/mp4-clip.ts';
import { videoCodec } from '../../codecs/codec.ts';
import { StreamError } from '../../core/errors.ts';
import type { Packet } from '../../core/model.ts';
import type { Stream } from '../../core/stream.ts';
import { createLogger } from '../../util/log.ts';
import { convertCommand } from './convert.ts';
import { Snapshots, snapshotOptionsFromQuery } from './snapshot.ts';

const log = createLogger('test');
/** White for a second, then black, in one group of pictures: tells an old picture from a new one. */
const WHITE_THEN_BLACK =
  'color=white:size=320x240:rate=25:duration=1[w];color=black:size=320x240:rate=25:duration=1.5[b];[w][b]concat';
const H264 = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-pix_fmt',
  'yuv420p',
  '-g',
  '250',
  '-sc_threshold',
  '0',
];

let clip: Clip;
let mjpeg: Clip;

before(async () => {
  clip = await makeClip('-filter_complex', WHITE_THEN_BLACK, ...H264);
  const data = ffmpeg('-f lavfi -i testsrc2=size=64x48 -frames:v 1 -c:v mjpeg -f mjpeg -');
  const track = { id: 0, codec: videoCodec('mjpeg', { width: 64, height: 48 }) };
  mjpeg = { tracks: [track], packets: [{ track, data, pts: 0, dts: 0, duration: 0, key: true, time: 1234 }] };
});

function open(t: TestContext, source: Clip): Stream {
  const stream = streamOf(new ClipCamera(source));
  t.after(() => stream.close());
  return stream;
}

const sizeOf = (jpeg: Buffer): string => {
  const picture = ffprobe('-f mjpeg -show_streams', jpeg).streams?.[0];
  return `${picture?.width}x${picture?.height}`;
};

/** Mean luma, 0 to 255. */
function brightness(jpeg: Buffer): number {
  const pixels = ffmpeg('-f mjpeg -i pipe:0 -pix_fmt gray -f rawvideo -', jpeg);
  return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
}

test('a key frame becomes a JPEG', async (t) => {
  const { jpeg } = await new Snapshots({ ffmpeg: 'ffmpeg', log }).take(open(t, clip));
  assert.equal(sizeOf(jpeg), '320x240');
  assert.ok(brightness(jpeg) > 200);
});

test('an old key frame is decoded on to the latest frame', async (t) => {
  const stream = open(t, clip);
  const snapshots = new Snapshots({ ffmpeg: 'ffmpeg', log });
  await snapshots.take(stream, { cacheMs: 0 });
  const holder = streamHolder(stream);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { jpeg } = await snapshots.take(stream, { cacheMs: 0 });
  holder.release();
  assert.ok(brightness(jpeg) < 50, `brightness ${brightness(jpeg)}`);
});

/** Somebody else who watches: keeps the source open. */
function streamHolder(stream: Stream): { release(): void } {
  const selecting = stream.select([{ kind: 'video', codecs: [] }]);
  return { release: () => void selecting.then((selection) => selection.release()) };
}

test('size and rotation', async (t) => {
  const stream = open(t, clip);
  const snapshots = new Snapshots({ ffmpeg: 'ffmpeg', log });
  const take = async (query: string): Promise<string> =>
    sizeOf((await snapshots.take(stream, snapshotOptionsFromQuery(new URLSearchParams(query)))).jpeg);
  assert.equal(await take('width=160'), '160x120');
  assert.equal(await take('h=60'), '80x60');
  assert.equal(await take('w=100&h=100'), '100x100');
  assert.equal(await take('rotate=90'), '240x320');
  assert.equal(await take('rotate=-90&w=160'), '120x160');
});

test("a camera's own JPEG passes as it is, and through ffmpeg only to change it", async (t) => {
  const stream = open(t, mjpeg);
  const snapshots = new Snapshots({ ffmpeg: '/nowhere/ffmpeg', log });
  const { jpeg } = await snapshots.take(stream);
  assert.equal(sizeOf(jpeg), '64x48');
  await assert.rejects(snapshots.take(stream, { width: 32 }), {
    code: 'process',
    message: /ffmpeg.*installed/,
  });
  const able = new Snapshots({ ffmpeg: 'ffmpeg', log });
  assert.equal(sizeOf((await able.take(stream, { width: 32 })).jpeg), '32x24');
});

test('many who ask at once share a picture; a later one gets a new one', async (t) => {
  const stream = open(t, clip);
  const snapshots = new Snapshots({ ffmpeg: 'ffmpeg', log });
  const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => snapshots.take(stream)));
  for (const other of others) assert.equal(other.jpeg, first!.jpeg);
  assert.equal((await snapshots.take(stream, { cacheMs: 60_000 })).jpeg, first!.jpeg);
  assert.notEqual((await snapshots.take(stream, { cacheMs: 0 })).jpeg, first!.jpeg);
});

test('one who leaves does not take the picture from the others; the last one ends its making', async (t) => {
  const stream = open(t, clip);
  const snapshots = new Snapshots({ ffmpeg: 'ffmpeg', log });
  const leaving = new AbortController();
  const left = snapshots.take(stream, {}, leaving.signal);
  const stays = snapshots.take(stream, {}, new AbortController().signal);
  leaving.abort();
  await assert.rejects(left, StreamError);
  assert.ok((await stays).jpeg.length > 0);

  const silent = open(t, { ...clip, packets: clip.packets.slice(1, 2) });
  const alone = new AbortController();
  const pending = snapshots.take(silent, {}, alone.signal);
  setTimeout(() => alone.abort(), 50);
  await assert.rejects(pending, { code: 'aborted' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(silent.subscriptions.length, 0);
});

test('a camera that sends nothing is given up in time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const stream = streamOf({ ...new ClipCamera(clip), tracks: clip.tracks, run: () => new Promise(() => {}) });
  const pending = new Snapshots({ ffmpeg: 'ffmpeg', log }).take(stream);
  pending.catch(() => {});
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  t.mock.timers.tick(9500);
  await assert.rejects(pending, { code: 'timeout' });
  stream.close();
  t.mock.timers.tick(60_000);
});

test('ffmpeg that is missing is named', async (t) => {
  await assert.rejects(new Snapshots({ ffmpeg: '/nowhere/ffmpeg', log }).take(open(t, clip)), {
    code: 'process',
    message: /ffmpeg.*installed/,
  });
});

test('a key frame that is garbage says so', async (t) => {
  const garbage = { ...clip.packets[0]!, data: Buffer.alloc(500, 0x65) };
  const stream = open(t, { ...clip, packets: [garbage] });
  await assert.rejects(new Snapshots({ ffmpeg: 'ffmpeg', log }).take(stream), { code: 'process' });
});

test('raw frames and hardware have their own words', () => {
  const track = { id: 0, codec: videoCodec('rawvideo', { width: 8, height: 4, pixelFormat: 'gray' }) };
  const raw: Packet = { track, data: Buffer.alloc(32), pts: 0, dts: 0, duration: 0, key: true, time: 0 };
  const words = convertCommand([raw], { hardware: true }, 'ffmpeg').join(' ');
  assert.match(words, /-hwaccel auto -f rawvideo -pixel_format gray -video_size 8x4 -i pipe:0/);
});

test('wrong options are refused by name', () => {
  const wrong: readonly (readonly [query: string, name: RegExp])[] = [
    ['width=0', /width/],
    ['w=100000', /width/],
    ['height=1.5', /height/],
    ['rotate=45', /rotate/],
    ['cache=soon', /cache/],
  ];
  for (const [query, message] of wrong) {
    const read = () => snapshotOptionsFromQuery(new URLSearchParams(query));
    assert.throws(read, { name: 'StreamError', code: 'invalid', message });
  }
});
