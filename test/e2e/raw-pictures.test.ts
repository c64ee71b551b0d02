/**
 * Raw pictures end to end: Y4M from a program and over POST, Y4M and characters out of any camera, MP4 in over HTTP.
 * FFmpeg is on the other side of each.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { decode, probe } from '../helpers/ffmpeg.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

const PICTURE = '-re -f lavfi -i testsrc2=size=320x240:rate=10,format=yuv420p';
const CONFIG = `
streams:
  raw: exec:ffmpeg -v error ${PICTURE} -f yuv4mpegpipe -
  h264: exec:ffmpeg -v error ${PICTURE} -c:v libx264 -preset ultrafast -g 10 -tune zerolatency -f h264 -
  fragments: exec:ffmpeg -v error ${PICTURE} -re -f lavfi -i sine -c:v libx264 -preset ultrafast -g 10 -bf 2 -c:a aac -movflags frag_every_frame+empty_moov+default_base_moof -f mp4 -
  pushed: ""
`;

let server: TestServer;
before(async () => {
  server = await startServer(CONFIG);
});
after(() => server.stop());

/** The first bytes of an endless answer. */
async function read(path: string, bytes: number): Promise<{ type: string; body: Buffer }> {
  const response = await server.fetch(path);
  assert.equal(response.status, 200, path);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body!) {
    pieces.push(piece);
    length += piece.length;
    if (length >= bytes) break;
  }
  return { type: response.headers.get('content-type') ?? '', body: Buffer.concat(pieces) };
}

const FRAME_BYTES = 320 * 240 * 1.5;

for (const name of ['raw', 'h264']) {
  test(`Y4M out of ${name}: pictures that change, of the right size`, async () => {
    const { type, body } = await read(`/api/stream.y4m?src=${name}`, 12 * FRAME_BYTES);
    assert.equal(type, 'video/x-yuv4mpeg');
    assert.match(body.toString('latin1', 0, 100), /^YUV4MPEG2 W320 H240 F\d+:\d+ .*C420/);
    const whole = body.subarray(0, body.indexOf('\n') + 1 + 10 * (FRAME_BYTES + 'FRAME\n'.length));
    const decoded = await decode('pipe:0', 5, { options: ['-f', 'yuv4mpegpipe'], bytes: whole });
    assert.deepEqual(decoded.complaints, []);
    assert.equal(decoded.video.times.length, 10);
    assert.ok(decoded.video.distinct >= 9);
  });

  test(`characters out of ${name}`, async () => {
    const { type, body } = await read(`/api/stream.ascii?src=${name}&width=64&color=256`, 40_000);
    assert.equal(type, 'text/plain; charset=utf-8');
    const [first, ...pictures] = body.toString().split('\x1b[H');
    assert.equal(first, '\x1b[2J');
    assert.ok(pictures.length > 2);
    const rows = pictures[0]!
      .split('\x1b')
      .map((text, at) => (at > 0 ? text.replace(/^\[[\d;]*m/, '') : text))
      .join('')
      .split('\n');
    assert.equal(rows.length, 24);
    assert.ok(rows.every((row) => row.length === 64));
    assert.ok(new Set(rows.join('')).size > 5);
    assert.notEqual(pictures[0], pictures[1]);
  });
}

test('a query that cannot be read is the fault of the viewer', async () => {
  assert.equal((await server.fetch('/api/stream.ascii?src=raw&width=0')).status, 400);
});

test('raw pictures as JPEG', async () => {
  const { body } = await read('/api/frame.jpeg?src=raw', 1e6);
  const [stream] = await probe('pipe:0', { bytes: body, options: ['-f', 'mjpeg'] });
  assert.deepEqual([stream?.width, stream?.height], [320, 240]);
});

test('fragmented MP4 from a program: RTSP viewers see and hear it', async () => {
  const decoded = await decode(server.rtsp('fragments'), 3, { options: ['-rtsp_transport', 'tcp'] });
  assert.ok(decoded.video.times.length >= 25, `${decoded.video.times.length} pictures`);
  assert.ok(decoded.video.distinct >= 20);
  assert.ok(decoded.audio.times.length >= 60, `${decoded.audio.times.length} frames of sound`);
});

for (const [extension, format] of [
  ['y4m', ['-f', 'yuv4mpegpipe']],
  [
    'mp4',
    [
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      '10',
      '-movflags',
      'frag_every_frame+empty_moov',
      '-f',
      'mp4',
    ],
  ],
] as const) {
  test(`POST /api/stream.${extension}: a push is seen by viewers`, async () => {
    const ffmpeg = spawn('ffmpeg', ['-v', 'error', ...PICTURE.split(' '), ...format, '-']);
    const gone = new AbortController();
    const pushing = fetch(server.url(`/api/stream.${extension}?dst=pushed`), {
      method: 'POST',
      body: Readable.toWeb(ffmpeg.stdout) as ReadableStream,
      duplex: 'half',
      signal: gone.signal,
    } as RequestInit).catch(() => undefined);
    try {
      await until('the push', async () => ((await server.stream('pushed')).producers[0]?.id ?? 0) > 0);
      const { body } = await read('/api/frame.jpeg?src=pushed', 1e6);
      const [stream] = await probe('pipe:0', { bytes: body, options: ['-f', 'mjpeg'] });
      assert.deepEqual([stream?.width, stream?.height], [320, 240]);
    } finally {
      ffmpeg.kill();
      gone.abort();
      await pushing;
    }
  });
}

test('frame.mp4: Chrome asks for the page first, then for the picture', async () => {
  const chrome = { 'user-agent': 'Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/130.0 Safari/537.36' };
  const page = await server.fetch('/api/frame.mp4?src=h264', {
    headers: { ...chrome, accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
  });
  assert.deepEqual(
    [page.status, page.headers.get('content-type'), (await page.arrayBuffer()).byteLength],
    [200, 'video/mp4', 0],
  );
  for (const headers of [{ ...chrome, accept: '*/*', range: 'bytes=0-' }, chrome]) {
    const response = await server.fetch('/api/frame.mp4?src=h264', { headers });
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(Number(response.headers.get('content-length')), bytes.length);
    const [stream] = await probe('pipe:0', { bytes });
    assert.deepEqual([stream?.codec_name, stream?.width], ['h264', 320]);
  }
});
