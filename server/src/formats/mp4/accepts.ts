/**
 * What viewers of MP4 accept, from the query of a URL or from the codec list of a player.
 *
 *   ?mp4                 h264 or hevc, and aac (also without any filter)
 *   ?mp4=flac            and flac, which the core makes of a camera's PCM
 *   ?mp4=all             and opus and mp3
 *   ?video=…&audio=…     see core/accepts.ts; PCM is given as flac
 */
import type { CodecName } from '../../codecs/codec.ts';
import { ACCEPT_MP4, acceptsFromQuery } from '../../core/accepts.ts';
import { StreamError } from '../../core/errors.ts';
import type { Accepts, CodecPattern, MediaRequest } from '../../core/model.ts';
import { MP4_CODECS } from './sample-entry.ts';

const VIDEO_NAMES = ['h264', 'hevc', 'av1', 'vp9'] as const;
/** FLAC last: a camera's own compressed audio comes before PCM made into FLAC. */
const AUDIO_NAMES = ['aac', 'opus', 'mp3', 'flac'] as const;

const ACCEPT_MP4_FLAC: Accepts = [ACCEPT_MP4[0]!, request('audio', ['aac', 'flac'])];
const ACCEPT_MP4_ALL: Accepts = [ACCEPT_MP4[0]!, request('audio', AUDIO_NAMES)];

/** Reads `mp4`, `video` and `audio`. Throws StreamError: `invalid` for an unknown codec, `no_match` if MP4 carries none of those asked for. */
export function mp4AcceptsFromQuery(query: URLSearchParams): Accepts {
  if (query.has('video') || query.has('audio')) return carriedByMp4(acceptsFromQuery(query, ACCEPT_MP4));
  const variant = query.get('mp4') ?? '';
  if (variant === '') return ACCEPT_MP4;
  return variant === 'flac' ? ACCEPT_MP4_FLAC : ACCEPT_MP4_ALL;
}

const CODECS_BY_STRING: readonly (readonly [pattern: RegExp, name: CodecName])[] = [
  [/^avc[13](\.|$)/i, 'h264'],
  [/^(hvc1|hev1)(\.|$)/i, 'hevc'],
  [/^av01(\.|$)/i, 'av1'],
  [/^vp09(\.|$)/i, 'vp9'],
  [/^mp4a\.40\.(2|5|29)$/i, 'aac'],
  [/^(mp4a\.(69|6b|40\.34)|mp3)$/i, 'mp3'],
  [/^opus$/i, 'opus'],
  [/^flac$/i, 'flac'],
];
const MAX_CODEC_STRINGS = 64;

/**
 * Reads a player's list of codec strings, such as `avc1.640029,hvc1.1.6.L153.B0,mp4a.40.2,flac,opus`; an empty list is
 * h264 or hevc with aac. Unknown strings are left out; throws StreamError `no_match` if none is known.
 */
export function mp4AcceptsFromCodecList(list: string): Accepts {
  if (list.trim() === '') return ACCEPT_MP4;
  const names = new Set<CodecName>();
  for (const codecString of list.split(',', MAX_CODEC_STRINGS)) {
    const name = CODECS_BY_STRING.find(([pattern]) => pattern.test(codecString.trim()))?.[1];
    if (name) names.add(name);
  }
  const video = VIDEO_NAMES.filter((name) => names.has(name));
  const audio = AUDIO_NAMES.filter((name) => names.has(name));
  const requests = [
    ...(video.length > 0 ? [request('video', video)] : []),
    ...(audio.length > 0 ? [request('audio', audio)] : []),
  ];
  if (requests.length === 0)
    throw new StreamError('no_match', 'the player names no codec that mp4 can carry');
  return requests;
}

/** The video requests alone. */
export function videoOnly(accepts: Accepts): Accepts {
  return accepts.filter(({ kind }) => kind === 'video');
}

function carriedByMp4(accepts: Accepts): Accepts {
  const carried = accepts
    .map((wanted) => ({ ...wanted, codecs: carriedCodecs(wanted) }))
    .filter(({ codecs }) => codecs.length > 0);
  if (carried.length > 0) return carried;
  const names = accepts.flatMap(({ codecs }) => codecs.map(({ name }) => name));
  throw new StreamError('no_match', `mp4 cannot carry ${names.join(', ')}`);
}

function carriedCodecs({ kind, codecs }: MediaRequest): readonly CodecPattern[] {
  if (codecs.length === 0) return request(kind, kind === 'video' ? VIDEO_NAMES : AUDIO_NAMES).codecs;
  const asMp4 = codecs.map((pattern) =>
    pattern.name.startsWith('pcm_') ? { ...pattern, name: 'flac' as const } : pattern,
  );
  const carried = asMp4.filter(({ name }) => (MP4_CODECS as readonly CodecName[]).includes(name));
  return carried.filter((pattern, index) => carried.findIndex(({ name }) => name === pattern.name) === index);
}

function request(kind: 'video' | 'audio', names: readonly CodecName[]): MediaRequest {
  return { kind, codecs: names.map((name) => ({ name })) };
}
