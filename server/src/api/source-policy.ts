/**
 * Which source texts a client of the API may use. The config file may hold anything; the API may not run programs,
 * read arbitrary files, write files, or read this process's environment.
 *
 *   rtsp://camera/1                    any scheme of the table that is not `unsafe`
 *   garden                             a stream of this server
 *   ffmpeg:garden#audio=opus           FFmpeg on a stream, a URL of a listed protocol, a media file, a device,
 *                                      with options whose values cannot become arguments of FFmpeg
 *   v4l2:device?… alsa:device?…        a device of this machine, without options
 *
 * Everything else is refused, with a reason.
 */
import { StreamError } from '../core/errors.ts';
import { parseSoundDevice } from '../formats/alsa/options.ts';
import { formatOfScheme } from '../formats/open.ts';
import { parseSourceText, type SourceText } from '../formats/source-text.ts';
import { parseVideoDevice } from '../formats/v4l2/options.ts';

export interface SourcePolicy {
  readonly isStream: (name: string) => boolean;
  /** Name of the stream that the source is for: FFmpeg may read it, for another codec. */
  readonly own?: string | undefined;
  /** Templates of FFmpeg arguments by name, config and defaults. */
  readonly templates: Readonly<Record<string, unknown>>;
}

const MAX_LENGTH = 4096;
/** The filters that Home Assistant sends for a camera's orientation. */
const RAW = new Set(['-vf hflip', '-vf vflip', '-vf transpose=2,vflip', '-vf transpose=1,vflip']);
const URL_SCHEMES = new Set(['rtsp', 'rtsps', 'rtmp', 'rtmps', 'http', 'https', 'srt', 'udp', 'rtp', 'tcp']);
const MEDIA_FILE =
  /^(?!-)[^:|%?*"'`$\\]+\.(?:mp4|m4v|m4a|mov|mkv|webm|avi|ts|m2ts|flv|mpg|mpeg|h264|h265|264|265|hevc|mjpeg|mjpg|jpg|jpeg|png|gif|webp|bmp|mp3|aac|wav|flac|ogg|oga|opus)$/i;
/** A stream of another name may be gone when its source is opened: then the text must still be harmless. */
const STREAM_NAME = /^(?![-/.~])[^:|]+$/;
/**
 * A stream's own name, which FFmpeg reads back, may hold colons as well (Home Assistant makes names of MAC addresses),
 * as long as it does not begin like one of FFmpeg's protocols.
 */
const OWN_NAME =
  /^(?![-/.~])(?!(?:async|bluray|cache|concatf?|crypto|data|fd|file|ftp|gophers?|hls|icecast|ipfs|ipns|md5|mms[ht]|pipe|prompeg|s?rtp|sctp|subfile|tee|tcp|tls|udp(?:lite)?|unix)[+,:])[^|]+$/i;
/** Templates that are whole command lines or inputs and outputs, not codecs. */
const NOT_CODECS = /^(?:bin|global|timeout|file|http|rtsp|rtsp\/udp|output(?:\/.*)?)$/;

const NUMBER = /^\d{1,5}$/;
const OPTIONS: Readonly<Record<string, RegExp>> = {
  width: /^-?\d{1,5}$/,
  height: /^-?\d{1,5}$/,
  rotate: /^(?:90|180|270|-90)$/,
  hardware: /^(?:|vaapi|v4l2m2m|rkmpp|cuda|dxva2|videotoolbox)$/,
  bitrate: /^\d{1,9}[kKM]?$/,
  timeout: NUMBER,
  async: /^$/,
  query: /^[\w=&.,:/-]*$/,
  backchannel: /^[01]?$/,
  killsignal: NUMBER,
  killtimeout: NUMBER,
};

/** The reason why a client may not use this source; undefined if it may. */
export function checkApiSource(text: string, policy: SourcePolicy): StreamError | undefined {
  try {
    check(text, policy);
    return undefined;
  } catch (error) {
    if (error instanceof StreamError) return error;
    throw error;
  }
}

function check(text: string, policy: SourcePolicy): void {
  if (text === '') throw refused('an empty source');
  if (text.length > MAX_LENGTH) throw refused(`a source longer than ${MAX_LENGTH} characters`);
  // A placeholder would be filled from this process's environment when the config file is read again.
  if (text.includes('${')) throw refused('a source with a placeholder');
  const name = text.split('#', 1)[0]!;
  if ((STREAM_NAME.test(name) && name === policy.own) || name === `stream:${policy.own}`) {
    throw new StreamError('invalid_source', 'a stream is no source of itself');
  }
  if (STREAM_NAME.test(name) && policy.isStream(name)) {
    checkSpaces(text.slice(name.length));
    return;
  }
  const source = parseSourceText(text);
  if (source.text !== text) throw refused('a source with spaces');
  const format = formatOfScheme(source.scheme);
  if (!format) throw new StreamError('invalid_source', `source not supported: ${source.scheme}`);
  if (format.unsafe) {
    throw new StreamError(
      'unsafe_source',
      `${source.scheme}: sources are accepted from the config file only`,
    );
  }
  checkDeviceSource(source);
  if (source.scheme === 'ffmpeg') checkFfmpeg(source, policy);
  else checkSpaces(text);
}

/** Devices are read by programs: their parsers take only what cannot become an argument; options are for the config file. */
function checkDeviceSource({ scheme, rest, options }: SourceText): void {
  if (scheme !== 'v4l2' && scheme !== 'alsa') return;
  if (scheme === 'v4l2') parseVideoDevice(rest);
  else parseSoundDevice(rest);
  if (options.entries.length > 0) throw refused(`${scheme}: options`);
}

/** White space splits command lines and log lines; no camera address needs it. */
function checkSpaces(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused with the spaces
  if (/[\s\x00-\x1f\x7f]/.test(text)) throw refused('a source with spaces');
}

function checkFfmpeg(source: SourceText, policy: SourcePolicy): void {
  checkSpaces(source.url);
  checkInput(source.rest, policy);
  for (const [option, value] of source.options.entries) {
    if (option === 'raw') {
      if (!RAW.has(value)) throw refused('ffmpeg: #raw with other filters than hflip, vflip and transpose');
      continue;
    }
    checkSpaces(`${option}${value}`);
    if (option === 'video' || option === 'audio') checkCodec(value, policy);
    else if (option === 'input') checkInputTemplate(value, policy);
    else if (!Object.hasOwn(OPTIONS, option)) throw refused(`ffmpeg: an option #${option}`);
    else if (!OPTIONS[option]!.test(value)) throw refused(`ffmpeg: a value of #${option}`);
  }
}

/** In the order in which formats/ffmpeg/input.ts decides what the input is. */
function checkInput(input: string, policy: SourcePolicy): void {
  const [kind, query = ''] = split(input, '?');
  if (kind === 'virtual') checkValues(query, /^[\w.:/+-]*$/);
  else if (kind === 'device') checkDevice(new URLSearchParams(query));
  else if (kind === 'tts') checkValues(query, /^[\p{L}\p{N} .!_-]*$/u);
  else if (input.includes('://')) checkProtocol(split(input, ':')[0].toLowerCase());
  else if (!isReadBack(input, policy)) checkFile(input);
}

function isReadBack(input: string, { own, isStream }: SourcePolicy): boolean {
  return (input === own && OWN_NAME.test(input)) || (STREAM_NAME.test(input) && isStream(input));
}

function checkProtocol(scheme: string): void {
  if (!URL_SCHEMES.has(scheme)) throw refused(`ffmpeg: the protocol ${scheme}`);
}

function checkFile(path: string): void {
  if (path.split('/').includes('..') || !MEDIA_FILE.test(path)) {
    throw refused(`ffmpeg: what is neither a stream, nor a URL, nor a media file: ${path}`);
  }
}

function checkValues(query: string, allowed: RegExp): void {
  for (const [key, value] of new URLSearchParams(query)) {
    if (!/^\w+$/.test(key) || !allowed.test(value)) throw refused(`ffmpeg: a value of ${key}`);
  }
}

const DEVICE: Readonly<Record<string, RegExp>> = {
  video: /^(?:\d{0,3}|\/dev\/video\d{1,3})$/,
  audio: /^(?:|default|pulse|(?:plug)?hw:\w{1,32}(?:,\d{1,3}){0,2})$/,
};

function checkDevice(query: URLSearchParams): void {
  for (const [key, value] of query) {
    if (!(DEVICE[key] ?? /^\w{0,32}$/).test(value)) throw refused(`ffmpeg: a device with this ${key}`);
  }
}

function checkCodec(name: string, { templates }: SourcePolicy): void {
  if (name === '' || name === 'copy' || name === 'auto') return;
  const isCodec =
    Object.hasOwn(templates, name) && !NOT_CODECS.test(name) && !String(templates[name]).includes('{input}');
  if (!isCodec) throw refused(`ffmpeg: a codec that is no template: ${name}`);
}

function checkInputTemplate(name: string, { templates }: SourcePolicy): void {
  const isInput = Object.hasOwn(templates, name) && String(templates[name]).includes('{input}');
  if (!isInput) throw refused(`ffmpeg: an input that is no template: ${name}`);
}

const refused = (what: string): StreamError =>
  new StreamError('unsafe_source', `${what} is not accepted through the API`);

function split(text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
