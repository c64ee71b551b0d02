import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { before, type TestContext, test } from 'node:test';
import { type Served, serve } from '../../../../test/helpers/http-serve.ts';
import {
  type Clip,
  ClipCamera,
  decode,
  makeClip,
  probe,
  streamOf,
  TEST_AUDIO,
  TEST_VIDEO,
} from '../../../../test/helpers/mp4-clip.ts';
import { until } from '../../../../test/helpers/wait.ts';
import { StreamError } from '../../core/errors.ts';
import type { Stream } from '../../core/stream.ts';
import { contentDisposition } from '../http-viewer.ts';
import { presentationFromQuery, safariRedirect, sendMp4 } from './http-viewer.ts';

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25', '-t', '1'];
const AAC = [...TEST_AUDIO, ...H264, '-c:a', 'aac'];

let clip: Clip;
let smaller: Clip;
let otherSound: Clip;

before(async () => {
  [clip, smaller, otherSound] = await Promise.all([
    makeClip(...TEST_VIDEO, ...AAC, '-ar', '16000'),
    makeClip('-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25', ...AAC, '-ar', '16000'),
    makeClip(...TEST_VIDEO, ...AAC, '-ar', '48000'),
  ]);
});

async function setUp(t: TestContext, camera = new ClipCamera(clip)): Promise<Served & { stream: Stream }> {
  const stream = streamOf(camera);
  const served = await serve((response, { url }) =>
    sendMp4(stream, new URL(url!, 'http://localhost').searchParams, response),
  );
  t.after(() => {
    stream.close();
    served.close();
  });
  return { ...served, stream };
}

test('two seconds are a complete file', async (t) => {
  const { base } = await setUp(t);
  const response = await fetch(`${base}/?duration=2&filename=front.mp4`);
  assert.equal(response.headers.get('content-type'), 'video/mp4; codecs="avc1.42C00D,mp4a.40.2"');
  assert.equal(response.headers.get('content-disposition'), 'attachment; filename="front.mp4"');
  const file = Buffer.from(await response.arrayBuffer());
  const frames = await decode(file, 'v:0');
  assert.ok(frames.length >= 48 && frames.length <= 52, `${frames.length} frames`);
  assert.ok((await decode(file, 'a:0')).length > 25);
});

test('a late viewer gets all in order; so does a client that knows no chunks', async (t) => {
  const { base } = await setUp(t);
  const first = await fetch(base);
  const reading = first.body!.getReader();
  await reading.read();
  await reading.read();
  const late = await fetch(`${base}/?duration=1`);
  assert.ok((await decode(Buffer.from(await late.arrayBuffer()), 'v:0')).length >= 23);
  const old = await overHttp10(`${base}/?duration=1`);
  assert.ok((await decode(old, 'v:0')).length >= 23);
  await reading.cancel();
});

/** The body of a response to HTTP/1.0, which is all that comes after the headers. */
async function overHttp10(url: string): Promise<Buffer> {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${pathname}${search} HTTP/1.0\r\n\r\n`);
  const answer = Buffer.concat(await socket.toArray());
  const end = answer.indexOf('\r\n\r\n');
  assert.doesNotMatch(answer.toString('latin1', 0, end), /chunked/i);
  return answer.subarray(end + 4);
}

test('one kind of track alone', async (t) => {
  const { base } = await setUp(t);
  const [video, audio] = await Promise.all(
    ['video', 'audio'].map(async (kind) => {
      const response = await fetch(`${base}/?${kind}&duration=0.5`);
      return (await probe(Buffer.from(await response.arrayBuffer()))).streams;
    }),
  );
  assert.deepEqual(
    video?.map(({ codec_name }) => codec_name),
    ['h264'],
  );
  assert.deepEqual(
    audio?.map(({ codec_name }) => codec_name),
    ['aac'],
  );
});

test('rotation and pixel aspect are in the file', async (t) => {
  const { base } = await setUp(t);
  for (const [rotate, expected] of [
    [90, -90],
    [180, -180],
    [270, 90],
  ]) {
    const response = await fetch(`${base}/?video&duration=0.1&scale=4:3&rotate=${rotate}`);
    const { streams } = await probe(Buffer.from(await response.arrayBuffer()));
    assert.equal(streams[0]?.side_data_list?.[0]?.rotation, expected);
    assert.equal(streams[0]?.sample_aspect_ratio, '4:3');
  }
});

test('decoders go on when the camera changes its picture size', async (t) => {
  const camera = new ClipCamera(clip);
  const { base } = await setUp(t, camera);
  const response = await fetch(`${base}/?duration=3`);
  camera.change(smaller);
  const sizes = await decode(Buffer.from(await response.arrayBuffer()), 'v:0');
  const change = sizes.indexOf('160x120');
  assert.ok(change > 0 && sizes.slice(0, change).every((size) => size === '320x240'));
  assert.ok(sizes.length - change > 20 && sizes.slice(change).every((size) => size === '160x120'));
});

test('other sound ends the file, because it cannot be said in it', async (t) => {
  const camera = new ClipCamera(clip);
  const { base } = await setUp(t, camera);
  const response = await fetch(base);
  camera.change(otherSound);
  const file = Buffer.from(await response.arrayBuffer());
  assert.ok((await decode(file, 'v:0')).length >= 20);
});

test('a client that leaves is no viewer any more', async (t) => {
  const { base, stream } = await setUp(t);
  const leave = new AbortController();
  const response = await fetch(base, { signal: leave.signal });
  await response.body?.getReader().read();
  assert.equal(stream.subscriptions.length, 1);
  leave.abort();
  await until('the viewer to leave', () => stream.subscriptions.length === 0);
});

test('what cannot be sent is refused before anything is written', async (t) => {
  const { base } = await setUp(t);
  for (const [query, words] of [
    ['video=hevc', /camera offers h264.*accepts hevc/],
    ['video=mjpeg', /mp4 cannot carry mjpeg/],
    ['rotate=45', /rotate/],
    ['scale=0:1', /scale/],
    ['duration=-1', /duration/],
  ] as const) {
    const response = await fetch(`${base}/?${query}`);
    assert.equal(response.status, 500);
    assert.match(await response.text(), words);
  }
});

test('file names are made safe for a header', () => {
  assert.equal(contentDisposition(null), undefined);
  assert.equal(contentDisposition('a b.mp4'), 'attachment; filename="a b.mp4"');
  assert.equal(contentDisposition('../x"\r\nSet-Cookie: a'), 'attachment; filename=".._x___Set-Cookie: a"');
  assert.equal(
    contentDisposition("Tür's.mp4"),
    `attachment; filename="T_r's.mp4"; filename*=UTF-8''T%C3%BCr%27s.mp4`,
  );
  assert.equal(contentDisposition('\ud800')?.includes('UTF-8'), true);
});

test('Safari is sent to HLS, except for downloads', () => {
  const safari =
    'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36';
  const query = new URLSearchParams('src=door&video');
  assert.equal(safariRedirect(safari, query), 'stream.m3u8?src=door&video=&mp4=');
  assert.equal(safariRedirect(chrome, query), undefined);
  assert.equal(safariRedirect(undefined, query), undefined);
  assert.equal(safariRedirect(safari, new URLSearchParams('src=door&duration=5')), undefined);
});

test('presentation', () => {
  const of = (query: string) => presentationFromQuery(new URLSearchParams(query));
  assert.deepEqual(of('rotate=-90&scale=8:9'), { rotation: 270, pixelAspect: [8, 9] });
  assert.deepEqual(of(''), { rotation: 0 });
  assert.throws(() => of('rotate=x'), StreamError);
});
