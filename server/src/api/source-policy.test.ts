// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders as a client would send them
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TEMPLATES } from '../formats/ffmpeg/templates.ts';
import { checkApiSource } from './source-policy.ts';

const STREAMS = ['garden', 'camera.porch', 'a b', 'exec:evil', '/etc/notes.txt', 'file:///etc/passwd', '-i'];
const policy = {
  isStream: (name: string) => STREAMS.includes(name),
  templates: { ...DEFAULT_TEMPLATES, mine: '-c:v libx264', 'mine/in': '-re -i {input}' },
};

const ACCEPTED = [
  'rtsp://user:pa$$word@camera:554/1?x=y#media=video#timeout=10',
  'rtsps://camera/1',
  'http://camera/video.mjpg',
  'https://camera/video.mjpg#timeout=5',
  'tcp://camera:5000',
  'garden',
  'camera.porch#video=h264',
  'stream:garden',
  // What Home Assistant sends: see go2rtc-contract.
  'ffmpeg:camera.porch#audio=opus#query=log_level=debug',
  'ffmpeg:rtsp://camera/1#video=h264#audio=copy',
  'ffmpeg:rtsp://camera/1#video=h264#audio=copy#rotate=90',
  'ffmpeg:rtsp://camera/1#video=h264#audio=copy#rotate=-90',
  'ffmpeg:rtsp://camera/1#video=h264#audio=copy#rotate=180',
  'ffmpeg:rtsp://camera/1#video=h264#audio=copy#raw=-vf hflip',
  'ffmpeg:rtsp://camera/1#video=h264#audio=copy#raw=-vf vflip',
  'ffmpeg:rtsp://camera/1#video=h264#audio=copy#raw=-vf transpose=2,vflip',
  'ffmpeg:rtsp://camera/1#video=h264#audio=copy#raw=-vf transpose=1,vflip',
  'ffmpeg:https://camera/live.m3u8#video=copy#audio=aac',
  'ffmpeg:srt://camera:9000',
  'v4l2:device?video=/dev/video0&input_format=mjpeg&video_size=1280x720&framerate=30',
  'v4l2:device?video=2&framerate=29.97',
  'alsa:device?audio=/dev/snd/pcmC0D0c',
  'alsa:device?audio=/dev/snd/pcmC12D3p',
  'ffmpeg:/media/clips/front-door.mp4#video=h264#width=640#height=-1#bitrate=2M#hardware#async',
  'ffmpeg:clip.MKV#video#audio=pcmu/8000#hardware=vaapi#timeout=7',
  'ffmpeg:garden#video=mjpeg',
  'ffmpeg:rtsp://camera/1#input=rtsp/udp#video=mine',
  'ffmpeg:rtsp://camera/1#input=mine/in',
  'ffmpeg:virtual?video=testsrc2&size=720&rate=10#video=h264',
  'ffmpeg:device?video=0&input_format=mjpeg&video_size=1280x720#video=h264#hardware',
  'ffmpeg:device?video=/dev/video12&audio=hw:1,0',
  'ffmpeg:tts?text=Hello%20there!&voice=slt#audio=pcma',
];

const REFUSED: [string, RegExp][] = [
  ['', /an empty source/],
  ['nothing', /without a scheme/],
  ['nonsense://x', /source not supported: nonsense/],
  ['exec:ffmpeg', /exec: sources are accepted from the config file only/],
  ['EXEC:ffmpeg', /exec: sources are accepted from the config file only/],
  // A stream of this name may be removed later, and the text means something else then.
  ['exec:evil', /exec: sources are accepted from the config file only/],
  ['ffmpeg:/etc/notes.txt', /neither a stream/],
  ['ffmpeg:file:///etc/passwd', /the protocol file/],
  ['ffmpeg:-i', /neither a stream/],
  [' rtsp://camera', /spaces/],
  ['rtsp://camera/a b', /spaces/],
  ['rtsp://camera/a\nb', /spaces/],
  ['rtsp://camera/\0', /spaces/],
  ['garden#query=a b', /spaces/],
  ['rtsp://${HOME}', /placeholder/],
  [`rtsp://${'x'.repeat(5000)}`, /longer than/],
  ['ffmpeg:', /neither a stream/],
  ['ffmpeg:garden x', /spaces/],
  ['ffmpeg:unknown', /neither a stream/],
  ['ffmpeg:/etc/passwd', /neither a stream/],
  ['ffmpeg:/media/../etc/x.mp4', /neither a stream/],
  ['ffmpeg:-filter_complex.mp4', /neither a stream/],
  ['ffmpeg:concat:a.mp4|b.mp4', /neither a stream/],
  ['ffmpeg:list.ffconcat', /neither a stream/],
  ['ffmpeg:playlist.m3u8', /neither a stream/],
  ['ffmpeg:exec:ls', /neither a stream/],
  ['ffmpeg:subfile,,start,0,end,9,,:/etc/passwd.mp4', /neither a stream/],
  ['ffmpeg:file:///etc/passwd.mp4', /the protocol file/],
  ['ffmpeg:data://x', /the protocol data/],
  ['ffmpeg:concat:http://x|file://y', /the protocol concat/],
  ['ffmpeg:garden#raw=-vf hflip -f lavfi', /#raw/],
  ['ffmpeg:garden#raw=-vf movie=/etc/passwd', /#raw/],
  ['ffmpeg:garden#raw', /#raw/],
  ['ffmpeg:garden#drawtext=textfile=/etc/passwd', /an option #drawtext/],
  ['ffmpeg:garden#input=-f lavfi -i x', /spaces/],
  ['ffmpeg:garden#input=-i', /an input that is no template/],
  ['ffmpeg:garden#input=h264', /an input that is no template/],
  ['ffmpeg:garden#video=-c:v', /a codec that is no template/],
  ['ffmpeg:garden#audio=bin', /a codec that is no template/],
  ['ffmpeg:garden#video=output', /a codec that is no template/],
  ['ffmpeg:garden#video=output/mjpeg', /a codec that is no template/],
  ['ffmpeg:garden#video=mine/in', /a codec that is no template/],
  ['ffmpeg:garden#video=constructor', /a codec that is no template/],
  ['ffmpeg:garden#width=640:flags=x', /a value of #width/],
  ['ffmpeg:garden#bitrate=-f', /a value of #bitrate/],
  ['ffmpeg:garden#rotate=45', /a value of #rotate/],
  ['ffmpeg:garden#hardware=x', /a value of #hardware/],
  ['ffmpeg:garden#__proto__=x', /an option #__proto__/],
  ['ffmpeg:garden#query=${X}', /placeholder/],
  ['ffmpeg:garden#query=a;b', /a value of #query/],
  ['ffmpeg:virtual?video=movie=/etc/passwd', /a value of video/],
  ['ffmpeg:device?video=/etc/passwd', /a device with this video/],
  ["ffmpeg:device?audio=file:'/tmp/x'", /a device with this audio/],
  ['ffmpeg:device?audio=hw:0&input_format=-i', /a device with this input_format/],
  ["ffmpeg:tts?text=x':y", /a value of text/],
  ['v4l2:/dev/video0', /v4l2: not device\?/],
  ['v4l2:device?video=/etc/passwd', /v4l2: cannot use video/],
  ['v4l2:device?video=/dev/video0&input_format=-i', /v4l2: cannot use input_format/],
  ['v4l2:device?video=/dev/video0&input_format=constructor', /v4l2: input_format is one of/],
  ['v4l2:device?video=/dev/video0&video_size=1x1%20-i', /v4l2: cannot use video_size/],
  ['v4l2:device?video=/dev/video0&__proto__=x', /v4l2: cannot use __proto__/],
  ['v4l2:device?video=/dev/video0&f=x', /v4l2: cannot use f/],
  ['v4l2:device?video=/dev/video0#killtimeout=0', /v4l2: options/],
  ['alsa:device?audio=default', /alsa: not device/],
  ['alsa:device?audio=/dev/snd/../sda', /alsa: not device/],
  ['alsa:device?audio=/dev/snd/pcmC0D0c&x=1', /alsa: not device/],
  ['echo:cat', /config file only/],
  ['expr:"x"', /config file only/],
];

test('what clients of the API may use', () => {
  for (const text of ACCEPTED) assert.equal(checkApiSource(text, policy)?.message, undefined, text);
});

test('what they may not, and why', () => {
  for (const [text, reason] of REFUSED) {
    assert.match(checkApiSource(text, policy)?.message ?? 'accepted', reason, text);
  }
});

test('a stream as source of itself: through FFmpeg only', () => {
  const own = { ...policy, own: 'new' };
  assert.equal(checkApiSource('ffmpeg:new#audio=opus', own), undefined);
  const mac = 'onvif_aa:bb:cc:dd:ee:ff_1';
  assert.equal(checkApiSource(`ffmpeg:${mac}#audio=opus`, { ...policy, own: mac }), undefined);
  for (const name of ['file:/etc/passwd', 'concat:a', 'subfile,,start,0:x', 'pipe:0', 'FILE:x']) {
    assert.match(
      checkApiSource(`ffmpeg:${name}#audio=opus`, { ...policy, own: name })?.message ?? 'accepted',
      /neither a stream/,
    );
  }
  for (const text of ['new', 'new#video=h264', 'stream:new']) {
    assert.match(checkApiSource(text, own)?.message ?? 'accepted', /no source of itself/);
  }
  assert.match(checkApiSource('ffmpeg:other#audio=opus', own)?.message ?? 'accepted', /neither a stream/);
});

test('a refusal never shows a password', () => {
  const { message = '' } = checkApiSource('ffmpeg:x://user:hunter22@host', policy) ?? {};
  assert.ok(message !== '' && !message.includes('hunter22'), message);
});
