/** Which codecs `GET /api/stream.mp4` gives for which query: every pairing, as ffmpeg finds it in the file. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decode, probe } from '../helpers/ffmpeg.ts';
import { startServer, type TestServer } from '../helpers/server.ts';

const SOUND = '-re -f lavfi -i sine=frequency=440:sample_rate';
const source = (codecs: string, rate = 48000): string =>
  `exec:ffmpeg -v error -re -f lavfi -i testsrc2=size=320x240:rate=10,format=yuv420p ${SOUND}=${rate} ${codecs} -strict -2 -movflags frag_every_frame+empty_moov -f mp4 -`;
const X264 = '-c:v libx264 -preset ultrafast -g 10';
const X265 = '-c:v libx265 -preset ultrafast -x265-params keyint=10:log-level=none';
const CONFIG = `
transcode: never
streams:
  h264-aac: ${source(`${X264} -c:a aac`)}
  hevc-aac: "${source(`${X265} -c:a aac`)}"
  h264-opus: ${source(`${X264} -c:a libopus`)}
  h264-mp3: ${source(`${X264} -c:a libmp3lame`)}
  h264-pcm:
    - ${source(`${X264} -an`)}
    - exec:ffmpeg -v error ${SOUND}=8000 -c:a pcm_alaw -f wav -
  pcm: exec:ffmpeg -v error ${SOUND}=16000 -ac 2 -c:a pcm_s16le -f wav -
`;

let server: TestServer;
before(async () => {
  server = await startServer(CONFIG);
});
after(() => server.stop());

/** Stream, query, codecs in the file; the content type names them too. */
const PAIRINGS: readonly (readonly [stream: string, query: string, codecs: string, type: RegExp])[] = [
  ['h264-aac', '', 'h264 aac', /^video\/mp4; codecs="avc1\.[0-9A-F]{6},mp4a\.40\.2"$/],
  ['h264-aac', '&mp4', 'h264 aac', /avc1/],
  ['h264-aac', '&video', 'h264', /^video\/mp4; codecs="avc1\.[0-9A-F]{6}"$/],
  ['h264-aac', '&audio', 'aac', /^audio\/mp4; codecs="mp4a\.40\.2"$/],
  ['h264-aac', '&video=h264&audio=aac', 'h264 aac', /avc1/],
  ['hevc-aac', '', 'hevc aac', /^video\/mp4; codecs="hvc1\.1\.6\.L\d+\.[^"]*,mp4a\.40\.2"$/],
  ['h264-opus', '', 'h264', /avc1/],
  ['h264-opus', '&mp4=flac', 'h264', /avc1/],
  ['h264-opus', '&mp4=all', 'h264 opus', /,opus"$/],
  ['h264-mp3', '&mp4=all', 'h264 mp3', /,mp4a\.6B"$/],
  ['h264-pcm', '', 'h264', /avc1/],
  ['h264-pcm', '&mp4=flac', 'h264 flac', /,flac"$/],
  ['h264-pcm', '&mp4=all', 'h264 flac', /,flac"$/],
  ['h264-pcm', '&video&audio=pcma', 'h264 flac', /,flac"$/],
  ['pcm', '&audio', 'flac', /^audio\/mp4; codecs="flac"$/],
];

for (const [stream, query, codecs, type] of PAIRINGS) {
  test(`${stream} ?${query.slice(1)} gives ${codecs}`, async () => {
    const response = await server.fetch(`/api/stream.mp4?src=${stream}${query}&duration=1`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', type);
    const bytes = Buffer.from(await response.arrayBuffer());
    const streams = await probe('pipe:0', { bytes });
    assert.equal(streams.map(({ codec_name }) => codec_name).join(' '), codecs);
    const { video, audio, complaints } = await decode('pipe:0', 5, { bytes });
    assert.deepEqual(complaints, []);
    assert.equal(video.times.length > 0, /h264|hevc/.test(codecs));
    assert.equal(audio.times.length > 0, /aac|opus|mp3|flac/.test(codecs));
  });
}

test('what no query can get is refused by name', async () => {
  for (const [path, status] of [
    ['/api/stream.mp4?src=pcm', 406],
    ['/api/stream.mp4?src=h264-aac&video=mjpeg', 406],
    ['/api/stream.mp4?src=h264-aac&video=x', 400],
    ['/api/stream.mp4?src=h264-aac&duration=x', 400],
  ] as const) {
    const response = await server.fetch(path);
    await response.body?.cancel();
    assert.equal(response.status, status, path);
  }
});

test('filename', async () => {
  const response = await server.fetch('/api/stream.mp4?src=h264-aac&duration=0.2&filename=caf%C3%A9.mp4');
  await response.arrayBuffer();
  assert.match(
    response.headers.get('content-disposition') ?? '',
    /^attachment; filename="caf_\.mp4"; filename\*=UTF-8''caf%C3%A9\.mp4$/,
  );
});
