/**
 * The input part of an FFmpeg command line: a URL, a stream of this server, a capture device, a test picture, speech,
 * or a file.
 */
import { StreamError } from '../../core/errors.ts';
import type { SourceText } from '../source-text.ts';
import type { Templates } from './templates.ts';

/** What the input is made of. */
export interface InputContext {
  readonly templates: Templates;
  readonly isStream: (name: string) => boolean;
  /** Our RTSP server as a child process reaches it: `rtsp://127.0.0.1:8554`. */
  readonly rtspBase: string;
}

/** Input words, with `{input}` and `{timeout}` filled in. Throws StreamError `invalid_source`. */
export function inputWords(source: SourceText, context: InputContext): string[] {
  const input = source.rest;
  if (!input) throw new StreamError('invalid_source', 'ffmpeg: without an input');
  const [kind, query = ''] = splitOnce(input, '?');
  if (kind === 'virtual') return virtualInput(new URLSearchParams(query));
  if (kind === 'device') return deviceInput(new URLSearchParams(query));
  if (kind === 'tts') return speechInput(new URLSearchParams(query));
  if (input.includes('://')) return urlInput(input, source, context);
  if (context.isStream(input)) return streamInput(input, source, context);
  return fill(named(source, 'file', context), input, source, context);
}

function urlInput(url: string, source: SourceText, context: InputContext): string[] {
  const scheme = splitOnce(url, ':')[0].toLowerCase();
  if (scheme === 'rtsp' || scheme === 'rtsps') {
    return [...allowedMediaTypes(source), ...fill(named(source, 'rtsp', context), url, source, context)];
  }
  if (scheme === 'http' || scheme === 'https' || scheme === 'rtmp') {
    return fill(named(source, 'http', context), url, source, context);
  }
  return ['-i', url];
}

/** Reads a stream back over our RTSP server; `source=` tells the server not to feed this process with its own output. */
function streamInput(name: string, source: SourceText, context: InputContext): string[] {
  const kinds = wantedKinds(source);
  const query = [
    ...kinds,
    `source=${encodeURIComponent(source.text)}`,
    ...source.options.all('query').filter(Boolean),
  ].join('&');
  const path = name.split('/').map(encodeURIComponent).join('/');
  const url = `${context.rtspBase}/${path}?${query}`;
  return [...allowedMediaTypes(source), ...fill(named(source, 'rtsp', context), url, source, context)];
}

function allowedMediaTypes(source: SourceText): string[] {
  return ['-allowed_media_types', wantedKinds(source).join('+')];
}

function wantedKinds(source: SourceText): string[] {
  const kinds = ['video', 'audio'].filter((kind) => source.options.has(kind));
  return kinds.length ? kinds : ['video', 'audio'];
}

function named(source: SourceText, fallback: string, { templates }: InputContext): string[] {
  return templates.words(source.options.get('input') || fallback);
}

function fill(
  words: readonly string[],
  input: string,
  source: SourceText,
  { templates }: InputContext,
): string[] {
  const seconds = Number(source.options.get('timeout') || templates.text('timeout')) || 5;
  return words.map((word) =>
    word.replace('{input}', input).replace('{timeout}', String(seconds * 1_000_000)),
  );
}

const SIZES: Readonly<Record<string, string>> = {
  '720': '1280x720',
  '1080': '1920x1080',
  '2K': '2560x1440',
  '4K': '3840x2160',
  '8K': '7680x4320',
};
const LAVFI_SOURCES = new Set([
  'testsrc',
  'testsrc2',
  'color',
  'smptebars',
  'smptehdbars',
  'pal75bars',
  'mandelbrot',
  'life',
]);
const SAFE_VALUE = /^[\w.:/+-]*$/;

function virtualInput(query: URLSearchParams): string[] {
  const name = query.get('video') || 'testsrc';
  if (!LAVFI_SOURCES.has(name))
    throw new StreamError('invalid_source', `ffmpeg:virtual has no picture "${name}"`);
  const size = query.get('size') ?? '1080';
  const options = [`size=${SIZES[size] ?? size}`];
  for (const key of ['rate', 'duration', 'sar', 'decimals', 'color']) {
    const value = query.get(key);
    if (value !== null) options.push(`${key}=${value}`);
  }
  const bad = options.find((option) => !SAFE_VALUE.test(option.slice(option.indexOf('=') + 1)));
  if (bad) throw new StreamError('invalid_source', `ffmpeg:virtual has an invalid option ${bad}`);
  const sound = query.get('audio');
  const tone =
    sound === null ? [] : ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:beep_factor=4:sample_rate=48000'];
  return ['-re', '-f', 'lavfi', '-i', `${name}=${options.join(':')}`, ...tone];
}

function deviceInput(query: URLSearchParams): string[] {
  const words: string[] = [];
  const video = query.get('video');
  if (video !== null) {
    words.push('-f', 'v4l2');
    for (const key of ['input_format', 'video_size', 'framerate', 'pixel_format', 'use_libv4l2']) {
      const value = query.get(key) ?? (key === 'video_size' ? query.get('resolution') : null);
      if (value) words.push(`-${key}`, value);
    }
    words.push('-i', /^\d+$/.test(video) ? `/dev/video${video}` : video || '/dev/video0');
  }
  const audio = query.get('audio');
  if (audio !== null) {
    words.push('-f', 'alsa');
    for (const key of ['channels', 'sample_rate']) {
      const value = query.get(key);
      if (value) words.push(`-${key}`, value);
    }
    words.push('-i', audio || 'default');
  }
  if (words.length === 0) throw new StreamError('invalid_source', 'ffmpeg:device without video= or audio=');
  return words;
}

function speechInput(query: URLSearchParams): string[] {
  const text = query.get('text');
  if (!text) throw new StreamError('invalid_source', 'ffmpeg:tts without text=');
  if (/['"\\:;,[\]&%$]/.test(text))
    throw new StreamError('invalid_source', 'ffmpeg:tts text has a character that is not allowed');
  const voice = query.get('voice');
  if (voice && !/^[\w-]+$/.test(voice))
    throw new StreamError('invalid_source', `ffmpeg:tts has no voice "${voice}"`);
  return ['-re', '-f', 'lavfi', '-i', `flite=text='${text}'${voice ? `:voice=${voice}` : ''}`];
}

function splitOnce(text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
