/**
 * GET /api/stream.ts: the stream as MPEG-TS.
 *
 *   (nothing)                      h264 or hevc, and aac
 *   ?video=h264&audio=opus,mp3     see core/accepts.ts; of what is asked for, the codecs that a transport stream carries
 */
import type { CodecName } from '../../codecs/codec.ts';
import { ACCEPT_MP4, acceptsFromQuery } from '../../core/accepts.ts';
import { StreamError } from '../../core/errors.ts';
import type { Accepts, CodecPattern, MediaRequest, Output } from '../../core/model.ts';
import { MPEGTS_CODECS } from './carriage.ts';
import { createMpegtsMuxer, type MpegtsMuxer } from './muxer.ts';
import { G711_SAMPLE_RATE } from './transport.ts';

const VIDEO_NAMES: ReadonlySet<CodecName> = new Set(['h264', 'hevc']);

/** Makes the output. Throws StreamError: `invalid` for an unknown codec, `no_match` if none of those asked for can be carried. */
export function createOutput(query: URLSearchParams): Output {
  return createMpegtsOutput(mpegtsAcceptsFromQuery(query));
}

/** Makes the output. Tracks are chosen by `accepts`; it serves one Broadcast, whose muxers go on from each other. */
export function createMpegtsOutput(accepts: Accepts): Output {
  let muxer: MpegtsMuxer | undefined;
  return {
    key: 'mpegts',
    accepts,
    createMuxer(tracks) {
      muxer = createMpegtsMuxer(tracks, muxer);
      return muxer;
    },
  };
}

/** Reads `video` and `audio`, and leaves out what cannot be carried. */
export function mpegtsAcceptsFromQuery(query: URLSearchParams): Accepts {
  const wanted = acceptsFromQuery(query, ACCEPT_MP4);
  const carried = wanted.map(carriedBy).filter(({ codecs }) => codecs.length > 0);
  if (carried.length > 0) return carried;
  const names = wanted.flatMap(({ codecs }) => codecs.map(({ name }) => name));
  throw new StreamError('no_match', `mpegts cannot carry ${names.join(', ')}`);
}

function carriedBy(request: MediaRequest): MediaRequest {
  const ofKind = MPEGTS_CODECS.filter((name) => VIDEO_NAMES.has(name) === (request.kind === 'video'));
  const named = request.codecs.length > 0 ? request.codecs : ofKind.map((name) => ({ name }));
  const codecs = named.filter(({ name }) => (ofKind as readonly CodecName[]).includes(name)).map(narrowed);
  return { ...request, codecs };
}

/** G.711 has one sample rate there. */
function narrowed(pattern: CodecPattern): CodecPattern {
  const { name } = pattern;
  if (name !== 'pcm_alaw' && name !== 'pcm_mulaw') return pattern;
  return { name, sampleRate: G711_SAMPLE_RATE, channels: 1 };
}
