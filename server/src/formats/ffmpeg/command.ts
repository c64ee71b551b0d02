/**
 * `ffmpeg:INPUT#video=h264#audio=opus#width=…` → one argv array: BINARY GLOBAL INPUT CODECS [-vf FILTERS] OUTPUT.
 * Pure: no process is started here. Options as go2rtc documents them.
 */
import type { SourceText } from '../source-text.ts';
import { type Engine, useEngine } from './hardware.ts';
import { type InputContext, inputWords } from './input.ts';

export interface CommandContext extends InputContext {
  /** FFmpeg's `-v`. */
  readonly logLevel: string;
  /** For `#hardware`; undefined = software. */
  readonly engine?: Engine | undefined;
}

const ROTATIONS: Readonly<Record<string, readonly string[]>> = {
  '90': ['transpose=1'],
  '180': ['transpose=1', 'transpose=1'],
  '270': ['transpose=2'],
  '-90': ['transpose=2'],
};
const CLOCK_TEXT = "text='%{localtime\\:%Y-%m-%d %X}'";

/** The whole command. Throws StreamError `invalid_source` for options that cannot be used. */
export function buildCommand(source: SourceText, context: CommandContext): string[] {
  const { templates } = context;
  const { options } = source;
  const filters = videoFilters(source, context);
  const encodes = options.all('video').some((value) => value && value !== 'copy');
  const engine = encodes && filters ? context.engine : undefined;
  const hardware = engine ? useEngine(engine, filters) : { input: [], filters };
  return [
    ...templates.words('bin'),
    ...templates.words('global'),
    '-v',
    context.logLevel,
    ...hardware.input,
    ...(options.has('async') ? ['-use_wallclock_as_timestamps', '1', '-async', '1'] : []),
    ...inputWords(source, context),
    ...codecWords(source, context, engine),
    ...(hardware.filters.length ? ['-vf', hardware.filters.join(',')] : []),
    ...outputWords(source, context),
  ];
}

function videoFilters({ options }: SourceText, { templates }: CommandContext): string[] {
  const filters: string[] = [];
  const [width, height] = [options.get('width'), options.get('height')];
  if (width || height) filters.push(`scale=${width || -1}:${height || -1}`);
  filters.push(...(ROTATIONS[options.get('rotate') ?? ''] ?? []));
  const drawtext = options.get('drawtext');
  if (drawtext !== undefined) {
    const text = templates.text(drawtext);
    filters.push(`drawtext=${[text, text.includes('text=') ? '' : CLOCK_TEXT].filter(Boolean).join(':')}`);
  }
  return filters;
}

function codecWords(source: SourceText, { templates }: CommandContext, engine: Engine | undefined): string[] {
  const { options } = source;
  const videos = options.all('video');
  const audios = options.all('audio');
  const words = options.all('raw').flatMap((raw) => templates.words(raw));
  if (videos.length === 0 && audios.length === 0) {
    return words.some((word) => word.startsWith('-c')) ? words : [...words, '-c', 'copy'];
  }
  const several = videos.length + audios.length > 2 || videos.length > 1 || audios.length > 1;
  const encode = (kind: 'v' | 'a', value: string, index: number): string[] => {
    const name = engine && kind === 'v' && templates.has(`${value}/${engine}`) ? `${value}/${engine}` : value;
    const encoder = value === 'copy' || value === '' ? [`-c:${kind}`, 'copy'] : templates.words(name);
    if (!several) return encoder;
    const indexed = encoder.map((word) => word.replace(new RegExp(`^(-[\\w-]+:${kind})$`), `$1:${index}`));
    return ['-map', `0:${kind}:0?`, ...indexed];
  };
  words.push(...videos.flatMap((value, index) => encode('v', value, index)));
  const bitrate = options.get('bitrate');
  if (bitrate) words.push('-b:v', bitrate, '-maxrate', bitrate, '-bufsize', bitrate);
  words.push(...audios.flatMap((value, index) => encode('a', value, index)));
  if (videos.length === 0) words.push('-vn');
  if (audios.length === 0) words.push('-an');
  return words;
}

/** Single-track outputs that a pipe carries go there: no RTSP handshake, no second copy. */
function outputWords({ options, rest }: SourceText, { templates }: CommandContext): string[] {
  const videos = options.all('video');
  const audios = options.all('audio');
  const family = (value: string | undefined): string => (value ?? '').split('/', 1)[0] ?? '';
  if (videos.length === 1 && audios.length === 0) {
    const name = family(videos[0]);
    if (name === 'mjpeg' || name === 'raw') return templates.words(`output/${name}`);
  }
  if (audios.length === 1 && videos.length === 0) {
    const name = family(audios[0]);
    if (name === 'aac') return templates.words('output/aac');
    if (name === 'pcma' || name === 'pcmu' || name === 'pcml') return templates.words('output/wav');
  }
  if (videos.length === 0 && audios.length === 0 && rest.includes('input_format=mjpeg')) {
    return templates.words('output/mjpeg');
  }
  return templates.words('output');
}
