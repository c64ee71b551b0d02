/**
 * Codec filters in queries → what a consumer accepts.
 *
 *   ?video=h264,h265&audio=aac,opus     these codecs, one track of each kind
 *   ?video&audio=copy                   whatever the camera has
 *   ?video=all                          every video track of every source
 *   ?video=h264&video=h264              two video tracks
 *   ?audio=pcma/8000,l16/16000/1        with sample rate and channels
 *   ?mp4                                h264 or hevc, and aac
 *
 * Names are those of FFmpeg, of go2rtc and of SDP, in any case. A kind that is not named is not wanted. A name that is
 * not known is a codec that no camera has: it is passed over where something else is asked for, too.
 */
import type { CodecName } from '../codecs/codec.ts';
import { StreamError } from './errors.ts';
import type { Accepts, CodecPattern, MediaRequest } from './model.ts';

const VIDEO_ALIASES: Readonly<Record<string, CodecName>> = {
  h264: 'h264',
  avc: 'h264',
  avc1: 'h264',
  hevc: 'hevc',
  h265: 'hevc',
  hvc1: 'hevc',
  av1: 'av1',
  vp8: 'vp8',
  vp9: 'vp9',
  mjpeg: 'mjpeg',
  jpeg: 'mjpeg',
  rawvideo: 'rawvideo',
  raw: 'rawvideo',
};

const AUDIO_ALIASES: Readonly<Record<string, CodecName>> = {
  aac: 'aac',
  'mpeg4-generic': 'aac',
  'mp4a-latm': 'aac',
  eld: 'aac',
  opus: 'opus',
  mp3: 'mp3',
  mpa: 'mp3',
  flac: 'flac',
  adpcm_g722: 'adpcm_g722',
  g722: 'adpcm_g722',
  pcm_alaw: 'pcm_alaw',
  pcma: 'pcm_alaw',
  pcm_mulaw: 'pcm_mulaw',
  pcmu: 'pcm_mulaw',
  pcm_s16be: 'pcm_s16be',
  pcm: 'pcm_s16be',
  l16: 'pcm_s16be',
  pcm_s16le: 'pcm_s16le',
  pcml: 'pcm_s16le',
};

/** Codec by every name that users and protocols have for it, in lower case. */
const CODEC_ALIASES: Readonly<Record<string, CodecName>> = { ...VIDEO_ALIASES, ...AUDIO_ALIASES };

/** The codec of this name in any case; undefined if there is none. */
export function codecNamed(name: string): CodecName | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(CODEC_ALIASES, key) ? CODEC_ALIASES[key] : undefined;
}

/** The video and audio that nearly every player takes: h264 or hevc, with aac. */
export const ACCEPT_MP4: Accepts = [
  { kind: 'video', codecs: [{ name: 'h264' }, { name: 'hevc' }] },
  { kind: 'audio', codecs: [{ name: 'aac' }] },
];

/** Whatever the camera has: its first video and its first audio track. */
export const ACCEPT_ANY: Accepts = [
  { kind: 'video', codecs: [] },
  { kind: 'audio', codecs: [] },
];

/** What a format carries of each kind, in order of preference. A sample rate or channels hold for every request of that codec. */
export type CarriedCodecs = Readonly<Record<'video' | 'audio', readonly CodecPattern[]>>;

/**
 * Of what is asked for, what the format carries; any codec means any of those. Throws StreamError `no_match` if it
 * carries nothing of it.
 */
export function carriedBy(format: string, carried: CarriedCodecs, accepts: Accepts): Accepts {
  const narrowed = (kind: MediaRequest['kind'], pattern: CodecPattern): CodecPattern[] =>
    carried[kind].filter(({ name }) => name === pattern.name).map((own) => ({ ...pattern, ...own }));
  const requests = accepts
    .map((request) => {
      const { kind, codecs } = request;
      const any = codecs.length === 0;
      return { ...request, codecs: any ? carried[kind] : codecs.flatMap((one) => narrowed(kind, one)) };
    })
    .filter(({ codecs }) => codecs.length > 0);
  if (requests.length > 0 || accepts.length === 0) return requests;
  const names = accepts.flatMap(({ codecs }) => codecs.map(({ name }) => name));
  throw new StreamError('no_match', `${format} cannot carry ${names.join(', ')}`);
}

const MAX_REQUESTS = 16;

/** Reads `video`, `audio` and `mp4`; without any of them it is `fallback`. Throws StreamError `invalid` if only unknown codecs are named. */
export function acceptsFromQuery(query: URLSearchParams, fallback: Accepts): Accepts {
  const unknown: string[] = [];
  const asked = (['video', 'audio'] as const).flatMap((kind) =>
    query.getAll(kind).map((list) => mediaRequest(kind, list, unknown)),
  );
  if (asked.length > MAX_REQUESTS) throw new StreamError('invalid', 'too many tracks are asked for');
  const requests = asked.filter((request) => request !== undefined);
  if (requests.length > 0) return requests;
  if (asked.length > 0) throw new StreamError('invalid', unknown.join(', ').slice(0, 80));
  return query.has('mp4') ? ACCEPT_MP4 : fallback;
}

/** Undefined if all its names are unknown; those are added to `unknown`. */
function mediaRequest(kind: 'video' | 'audio', list: string, unknown: string[]): MediaRequest | undefined {
  const names = list.split(',').map((name) => name.trim().toLowerCase());
  if (names.includes('all')) return { kind, codecs: [], all: true };
  if (names.some((name) => name === '' || name === 'copy' || name === 'any')) return { kind, codecs: [] };
  const codecs = names
    .map((name) => {
      const pattern = codecPattern(kind, name);
      if (!pattern) unknown.push(`unknown ${kind} codec: ${name}`);
      return pattern;
    })
    .filter((pattern) => pattern !== undefined);
  return codecs.length > 0 ? { kind, codecs } : undefined;
}

function codecPattern(kind: 'video' | 'audio', text: string): CodecPattern | undefined {
  const [alias = '', rate, channels] = text.split('/');
  const aliases = kind === 'video' ? VIDEO_ALIASES : AUDIO_ALIASES;
  const name = Object.hasOwn(aliases, alias) ? aliases[alias] : undefined;
  if (!name) return undefined;
  return {
    name,
    ...(rate ? { sampleRate: wholeNumber(rate, text) } : {}),
    ...(channels ? { channels: wholeNumber(channels, text) } : {}),
  };
}

function wholeNumber(digits: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(digits)) throw new StreamError('invalid', `not a codec: ${text.slice(0, 40)}`);
  return Number(digits);
}
