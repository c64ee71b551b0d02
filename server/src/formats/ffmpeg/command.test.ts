import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../core/errors.ts';
import { parseSourceText } from '../source-text.ts';
import { buildCommand, type CommandContext } from './command.ts';
import { Templates } from './templates.ts';

const context = (
  section: Record<string, unknown> = {},
  rest: Partial<CommandContext> = {},
): CommandContext => ({
  templates: new Templates(section),
  isStream: (name) => name === 'yard' || name === 'my yard/main',
  rtspBase: 'rtsp://127.0.0.1:8554',
  logLevel: 'error',
  ...rest,
});
const build = (text: string, ...args: Parameters<typeof context>): string =>
  buildCommand(parseSourceText(text), context(...args)).join(' ');

const START = 'ffmpeg -hide_banner -v error ';
const RTSP_IN =
  '-fflags nobuffer -flags low_delay -timeout 5000000 -user_agent porthole/ffmpeg -rtsp_flags prefer_tcp -i';
const OUT = '-user_agent ffmpeg/porthole -rtsp_transport tcp -f rtsp {output}';
const X264 =
  '-c:v libx264 -g 50 -profile:v high -level:v 4.1 -preset:v superfast -tune:v zerolatency -pix_fmt:v yuv420p';

const CASES: readonly [string, string][] = [
  ['ffmpeg:/media/clip.mp4', `${START}-re -i /media/clip.mp4 -c copy ${OUT}`],
  ['ffmpeg:/media/two words.mp4', `${START}-re -i /media/two words.mp4 -c copy ${OUT}`],
  [
    'ffmpeg:http://cam/video#video=h264',
    `${START}-fflags nobuffer -flags low_delay -i http://cam/video ${X264} -an ${OUT}`,
  ],
  [
    'ffmpeg:rtsp://cam/1#video=copy#audio=opus',
    `${START}-allowed_media_types video+audio ${RTSP_IN} rtsp://cam/1 -c:v copy -c:a libopus -application:a lowdelay -min_comp 0 ${OUT}`,
  ],
  [
    'ffmpeg:yard#audio=opus#query=log_level=debug',
    `${START}-allowed_media_types audio ${RTSP_IN} rtsp://127.0.0.1:8554/yard?audio&source=ffmpeg%3Ayard%23audio%3Dopus%23query%3Dlog_level%3Ddebug&log_level=debug -c:a libopus -application:a lowdelay -min_comp 0 -vn ${OUT}`,
  ],
  ['ffmpeg:udp://127.0.0.1:5000', `${START}-i udp://127.0.0.1:5000 -c copy ${OUT}`],
  ['ffmpeg:/a.mp4#video=mjpeg', `${START}-re -i /a.mp4 -c:v mjpeg -huffman:v default -an -f mjpeg -`],
  ['ffmpeg:/a.mp4#audio=pcma', `${START}-re -i /a.mp4 -c:a pcm_alaw -ar:a 8000 -ac:a 1 -vn -f wav -`],
  ['ffmpeg:/a.mp4#audio=aac', `${START}-re -i /a.mp4 -c:a aac -vn -f adts -`],
  [
    'ffmpeg:/a.mp4#video=h264#width=640#rotate=180#bitrate=2M',
    `${START}-re -i /a.mp4 ${X264} -b:v 2M -maxrate 2M -bufsize 2M -an -vf scale=640:-1,transpose=1,transpose=1 ${OUT}`,
  ],
  ['ffmpeg:/a.mp4#raw=-vf hflip#video=copy', `${START}-re -i /a.mp4 -vf hflip -c:v copy -an ${OUT}`],
  [
    'ffmpeg:/a.mp4#timeout=9#input=-timeout {timeout} -i {input}',
    `${START}-timeout 9000000 -i /a.mp4 -c copy ${OUT}`,
  ],
  [
    'ffmpeg:virtual?video=testsrc2&size=720&rate=15#video=copy',
    `${START}-re -f lavfi -i testsrc2=size=1280x720:rate=15 -c:v copy -an ${OUT}`,
  ],
  [
    'ffmpeg:device?video=0&input_format=mjpeg&video_size=640x480',
    `${START}-f v4l2 -input_format mjpeg -video_size 640x480 -i /dev/video0 -c copy -f mjpeg -`,
  ],
  ['ffmpeg:/a.mp4#async', `${START}-use_wallclock_as_timestamps 1 -async 1 -re -i /a.mp4 -c copy ${OUT}`],
];
for (const [text, expected] of CASES) test(text, () => assert.equal(build(text), expected));

test('several codecs of a kind are mapped one by one', () => {
  assert.match(
    build('ffmpeg:/a.mp4#video=copy#audio=copy#audio=pcmu'),
    /-map 0:v:0\? -c:v:0 copy -map 0:a:0\? -c:a:0 copy -map 0:a:0\? -c:a:1 pcm_mulaw -ar:a:1 8000 -ac:a:1 1/,
  );
});

test('a path with spaces is one word, and a stream name is escaped in the URL', () => {
  const words = buildCommand(parseSourceText('ffmpeg:/media/two words.mp4'), context());
  assert.ok(words.includes('/media/two words.mp4'));
  assert.match(
    build('ffmpeg:my yard/main#video=copy'),
    /rtsp:\/\/127\.0\.0\.1:8554\/my%20yard\/main\?video&/,
  );
});

test('templates of the config replace the defaults and add names', () => {
  const section = { bin: '/opt/ffmpeg', h264: '-c:v x', mine: '-c:v y', timeout: 7 };
  assert.match(build('ffmpeg:/a.mp4#video=h264', section), /^\/opt\/ffmpeg .* -c:v x /);
  assert.match(build('ffmpeg:/a.mp4#video=mine', section), / -c:v y /);
  assert.match(build('ffmpeg:rtsp://c/1', section), / -timeout 7000000 /);
});

test('an engine replaces the encoder and moves the filters to the device', () => {
  const vaapi = build('ffmpeg:rtsp://c/1#video=h264#width=640#hardware=vaapi', {}, { engine: 'vaapi' });
  assert.match(vaapi, /-hwaccel vaapi .* -i rtsp:\/\/c\/1 -c:v h264_vaapi/);
  assert.match(vaapi, /-vf format=vaapi\|nv12,hwupload,scale_vaapi=640:-1/);
  const drawn = build('ffmpeg:rtsp://c/1#video=h264#drawtext=x=2#hardware=cuda', {}, { engine: 'cuda' });
  assert.match(drawn, /-c:v h264_nvenc.*-vf drawtext=x=2:text='.*',format=nv12,hwupload/);
  assert.doesNotMatch(build('ffmpeg:/a.mp4#video=copy', {}, { engine: 'vaapi' }), /hwaccel/);
});

for (const text of [
  'ffmpeg:',
  'ffmpeg:virtual?video=movie',
  "ffmpeg:virtual?video=color&color=red'[x]",
  'ffmpeg:device?',
  "ffmpeg:tts?text=it's",
  'ffmpeg:tts?voice=slt',
]) {
  test(`refuses ${text}`, () => assert.throws(() => build(text), StreamError));
}
