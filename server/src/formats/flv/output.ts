/** `GET /api/stream.flv`: h264 or hevc (as enhanced FLV) with aac or mp3; the query may ask for other codecs that FLV holds. */
import { acceptsFromQuery } from '../../core/accepts.ts';
import type { Output } from '../../core/model.ts';
import { createFlvMuxer } from './muxer.ts';
import { ACCEPT_FLV, carriedByTags, TagClock } from './tag-muxer.ts';

/** Makes the output. */
export function createOutput(query: URLSearchParams): Output {
  const clock = new TagClock();
  return {
    key: 'flv',
    accepts: carriedByTags(acceptsFromQuery(query, ACCEPT_FLV)),
    createMuxer: (tracks) => createFlvMuxer(tracks, clock),
  };
}
