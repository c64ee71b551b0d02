/**
 * What viewers of MP4 accept, from the query of a URL or from the codec list of a player.
 *
 *   ?mp4                 h264 or hevc, and aac (also without any filter)
 *   ?mp4=flac            and flac, which the core makes of a camera's PCM
 *   ?mp4=all             and opus and mp3
 *   ?video=…&audio=…     see core/accepts.ts; PCM is given as flac
 */
import type { CodecName } from '../../codecs/codec.ts';
import { ACCEPT_MP4, acceptsFromQuery, carriedBy } from '../../core/accepts.ts';
import { StreamError } from '../../core/errors.ts';
import type { Accepts, CodecPattern, MediaRequest } from '../../core/model.ts';
import { MP4_CODECS } from './sample-entry.ts';

const ACCEPT_MP4_FLAC: Accepts = [
  ACCEPT_MP4[0]!,
  { kind: 'audio', codecs: [{ name: 'aac' }, { name: 'flac' }] },
];
const ACCEPT_MP4_ALL: Accepts = [ACCEPT_MP4[0]!, { kind: 'audio', codecs: MP4_CODECS.audio }];

/** Reads `mp4`, `video` and `audio`. Throws StreamError: `invalid` for an unknown codec, `no_match` if MP4 carries none of those asked for. */
export function mp4AcceptsFromQuery(query: URLSearchParams): Accepts {
  if (query.has('video') || query.has('audio'))
    return carriedBy('mp4', MP4_CODECS, acceptsFromQuery(query, ACCEPT_MP4).map(withFlac));
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
  const requests = (['video', 'audio'] as const)
    .map((kind) => ({ kind, codecs: MP4_CODECS[kind].filter(({ name }) => names.has(name)) }))
    .filter(({ codecs }) => codecs.length > 0);
  if (requests.length === 0)
    throw new StreamError('no_match', 'the player names no codec that mp4 can carry');
  return requests;
}

/** The video requests alone. */
export function videoOnly(accepts: Accepts): Accepts {
  return accepts.filter(({ kind }) => kind === 'video');
}

/** PCM is asked for as FLAC, once. */
function withFlac({ codecs, ...request }: MediaRequest): MediaRequest {
  const renamed = codecs.map((pattern) =>
    pattern.name.startsWith('pcm_') ? { ...pattern, name: 'flac' as const } : pattern,
  );
  const isFirst = ({ name }: CodecPattern, index: number): boolean =>
    renamed.findIndex((one) => one.name === name) === index;
  return { ...request, codecs: renamed.filter(isFirst) };
}
