import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioCodec, type Codec, videoCodec } from '../../codecs/codec.ts';
import type { Engine } from '../ffmpeg/hardware.ts';
import { Templates } from '../ffmpeg/templates.ts';
import { transcodeCommand } from './command.ts';

const HEVC = videoCodec('hevc', { width: 3840, height: 2160 });
const SMALL = videoCodec('hevc', { width: 640, height: 360 });
const AAC = audioCodec('aac', 16000);

const command = (from: Codec, to: Codec, engine?: Engine, section: Record<string, string> = {}): string =>
  transcodeCommand({ from, to, templates: new Templates(section), logLevel: 'error', engine }).join(' ');

interface Row {
  readonly title: string;
  readonly text: string;
  readonly has: readonly (string | RegExp)[];
  readonly lacks?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    title: 'software',
    text: command(SMALL, videoCodec('h264', { width: 640, height: 360 })),
    has: [
      /^ffmpeg -hide_banner -v error -nostdin /,
      '-f matroska -i pipe:0 -c:v libx264 ',
      '-tune:v zerolatency',
      'gte(t,prev_forced_t+2)',
      '-copyts',
      /-f nut pipe:1$/,
    ],
    lacks: ['-vf', '-hwaccel'],
  },
  {
    title: 'a large picture is made smaller',
    text: command(HEVC, videoCodec('h264', { width: 1920, height: 1080 })),
    has: ['-vf scale=1920:1080'],
  },
  {
    title: 'a hardware encoder, with its decoder and filters',
    text: command(HEVC, videoCodec('h264', { width: 1920, height: 1080 }), 'vaapi'),
    has: ['-hwaccel vaapi', '-c:v h264_vaapi', 'scale_vaapi=1920:1080'],
    lacks: ['libx264'],
  },
  {
    title: "the user's own template",
    text: command(SMALL, videoCodec('h264'), undefined, { bin: '/opt/ffmpeg', h264: '-c:v libopenh264' }),
    has: [/^\/opt\/ffmpeg /, '-c:v libopenh264'],
    lacks: ['libx264'],
  },
  {
    title: 'pictures',
    text: command(SMALL, videoCodec('mjpeg', { width: 640, height: 360 })),
    has: ['-c:v mjpeg -huffman:v default -q:v 5', '-fps_mode passthrough'],
    lacks: ['force_key_frames'],
  },
  {
    title: 'the quality of pictures can be set',
    text: command(SMALL, videoCodec('mjpeg'), undefined, { mjpeg: '-c:v mjpeg -q:v 2' }),
    has: ['-q:v 2'],
    lacks: ['-q:v 5'],
  },
  {
    title: 'opus',
    text: command(AAC, audioCodec('opus', 48000)),
    has: ['-c:a libopus', '-ar:a 48000 -ac:a 1'],
  },
  {
    title: 'PCM',
    text: command(AAC, audioCodec('pcm_alaw', 8000)),
    has: ['-c:a pcm_alaw -ar:a 8000 -ac:a 1'],
    lacks: ['-fps_mode'],
  },
  { title: 'G.722', text: command(AAC, audioCodec('adpcm_g722', 16000)), has: ['-c:a g722 -ar:a 16000'] },
];

for (const { title, text, has, lacks = [] } of ROWS) {
  test(title, () => {
    for (const part of has)
      assert.ok(typeof part === 'string' ? text.includes(part) : part.test(text), `${part} in ${text}`);
    for (const part of lacks) assert.ok(!text.includes(part), `${part} not in ${text}`);
  });
}
