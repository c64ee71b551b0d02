/** Clips that flash white and beep in the first fifth of every second, in any codec: see test/helpers/judge.ts. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { runOk } from '../helpers/run.ts';

const CACHE = join(import.meta.dirname, '../.cache/flash');
export const FLASH_SIZE = { width: 480, height: 272 } as const;
const SECONDS = 150;

const SIGNAL = 'lt(mod(t\\,1)\\,0.2)';
const PICTURE = [
  `testsrc2=size=${FLASH_SIZE.width}x${FLASH_SIZE.height}:rate=15`,
  `drawbox=w=iw:h=ih:t=fill:color=white:enable=${SIGNAL}`,
].join(',');
const sound = (sampleRate: number): string =>
  `aevalsrc=if(${SIGNAL}\\,sin(2*PI*1000*t)\\,0):s=${sampleRate}:d=${SECONDS}`;

const VIDEO = {
  h264: '-c:v libx264 -preset ultrafast -bf 0 -g 15 -pix_fmt yuv420p',
  hevc: '-c:v libx265 -preset ultrafast -tag:v hvc1 -pix_fmt yuv420p -x265-params keyint=15:min-keyint=15:bframes=0:log-level=none',
  mjpeg: '-c:v mjpeg -huffman default -q:v 5 -pix_fmt yuvj420p',
} as const;
const AUDIO = {
  aac: { options: '-c:a aac -b:a 48k', sampleRate: 16000 },
  opus: { options: '-c:a libopus -b:a 32k', sampleRate: 48000 },
  pcm_alaw: { options: '-c:a pcm_alaw', sampleRate: 8000 },
  pcm_s16le: { options: '-c:a pcm_s16le', sampleRate: 16000 },
} as const;

export type FlashVideo = keyof typeof VIDEO;
export type FlashAudio = keyof typeof AUDIO;

/** The path of a Matroska file with these tracks; made once, kept in test/.cache. */
export async function flashClip(video?: FlashVideo, audio?: FlashAudio): Promise<string> {
  const path = join(CACHE, `${[video, audio].filter(Boolean).join('-')}.mkv`);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const partial = `${path}.${process.pid}.mkv`;
  const words = (text: string): string[] => text.split(' ');
  await runOk(
    'ffmpeg',
    [
      ...['-v', 'error', '-y'],
      ...(video ? ['-f', 'lavfi', '-i', PICTURE] : []),
      ...(audio ? ['-f', 'lavfi', '-i', sound(AUDIO[audio].sampleRate)] : []),
      ...(video ? words(VIDEO[video]) : []),
      ...(audio ? [...words(AUDIO[audio].options), '-ac', '1'] : []),
      ...['-t', String(SECONDS), partial],
    ],
    120_000,
  );
  renameSync(partial, path);
  return path;
}
