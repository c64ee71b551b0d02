/**
 * GET /api/stream.ts: the stream as MPEG-TS.
 *
 *   (nothing)                      h264 or hevc, and aac
 *   ?video=h264&audio=opus,mp3     see core/accepts.ts; of what is asked for, the codecs that a transport stream carries
 */
import { ACCEPT_MP4, acceptsFromQuery, carriedBy } from '../../core/accepts.ts';
import type { Accepts, Output } from '../../core/model.ts';
import { MPEGTS_CODECS } from './carriage.ts';
import { createMpegtsMuxer, type MpegtsMuxer } from './muxer.ts';

/** Makes the output. Throws StreamError: `invalid` for an unknown codec, `no_match` if none of those asked for can be carried. */
export function createOutput(query: URLSearchParams): Output {
  return createMpegtsOutput(carriedBy('mpegts', MPEGTS_CODECS, acceptsFromQuery(query, ACCEPT_MP4)));
}

/** Makes the output. Tracks are chosen by `accepts`; it serves one Broadcast, whose muxers go on from each other. */
function createMpegtsOutput(accepts: Accepts): Output {
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
