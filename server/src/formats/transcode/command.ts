/**
 * The command line of a transcode: one track of Matroska in, one of NUT out, each frame passed on the moment it is made.
 *
 *   BINARY GLOBAL  no look-ahead  -f matroska -i pipe:0  CODEC [-vf FILTERS]  times as they came  -f nut pipe:1
 *
 * The encoders' own words are the templates of `ffmpeg:` (formats/ffmpeg/templates.ts), so what a user changes there holds
 * here. Pure: no process is started.
 */
import type { AudioCodec, Codec, VideoCodec } from '../../codecs/codec.ts';
import { type Engine, useEngine } from '../ffmpeg/hardware.ts';
import type { Templates } from '../ffmpeg/templates.ts';

export interface TranscodeWords {
  readonly from: Codec;
  readonly to: Codec;
  readonly templates: Templates;
  /** FFmpeg's `-v`. */
  readonly logLevel: string;
  /** Undefined: software. */
  readonly engine?: Engine | undefined;
}

/** Threads that each take a frame would hold as many back. No `-fflags nobuffer`: it loses what FFmpeg looks at first. */
const AT_ONCE = ['-thread_type', 'slice'];
const INPUT = [
  ...['-flags', 'low_delay', ...AT_ONCE],
  ...['-probesize', '32', '-analyzeduration', '0', '-f', 'matroska', '-i', 'pipe:0'],
];
const OUTPUT = [
  ...['-copyts', '-avoid_negative_ts', 'disabled'],
  ...['-muxdelay', '0', '-muxpreload', '0', '-flush_packets', '1', '-f', 'nut', 'pipe:1'],
];
const EXACT_TIMES = [...AT_ONCE, '-fps_mode', 'passthrough', '-enc_time_base', '1:90000'];
/** A viewer can join every two seconds, whatever the frame rate; a key frame cannot be asked for through a pipe. */
const SHORT_GROUPS = ['-force_key_frames', 'expr:isnan(prev_forced_t)+gte(t,prev_forced_t+2)'];
const JPEG_QUALITY = ['-q:v', '5'];

const AUDIO_ENCODERS: Readonly<Record<string, string>> = { adpcm_g722: 'g722' };
const AUDIO_TEMPLATES: ReadonlySet<string> = new Set(['opus', 'aac', 'mp3']);

/** The whole command. */
export function transcodeCommand(words: TranscodeWords): string[] {
  const { from, to, templates, logLevel, engine } = words;
  const filters = from.kind === 'video' && to.kind === 'video' ? scaling(from, to) : [];
  const hardware = engine ? useEngine(engine, filters) : { input: [], filters };
  return [
    ...templates.words('bin'),
    ...templates.words('global'),
    ...['-v', logLevel, '-nostdin'],
    ...hardware.input,
    ...INPUT,
    ...(to.kind === 'video' ? videoWords(to, words) : audioWords(to, templates)),
    ...(hardware.filters.length > 0 ? ['-vf', hardware.filters.join(',')] : []),
    ...OUTPUT,
  ];
}

function scaling(from: VideoCodec, to: VideoCodec): string[] {
  return from.width === to.width && from.height === to.height ? [] : [`scale=${to.width}:${to.height}`];
}

function videoWords({ name }: VideoCodec, { templates, engine }: TranscodeWords): string[] {
  switch (name) {
    case 'mjpeg': {
      const encoder = templates.words('mjpeg');
      return [...encoder, ...(encoder.includes('-q:v') ? [] : JPEG_QUALITY), ...EXACT_TIMES];
    }
    case 'rawvideo':
      return [...templates.words('raw/yuv420p'), ...EXACT_TIMES];
    default:
      return [...templates.words(engine ? `${name}/${engine}` : name), ...SHORT_GROUPS, ...EXACT_TIMES];
  }
}

function audioWords({ name, sampleRate, channels }: AudioCodec, templates: Templates): string[] {
  const encoder = AUDIO_TEMPLATES.has(name) ? templates.words(name) : ['-c:a', AUDIO_ENCODERS[name] ?? name];
  return [...encoder, '-ar:a', String(sampleRate), '-ac:a', String(channels)];
}
