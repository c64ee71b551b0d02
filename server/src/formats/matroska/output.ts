/** `GET /api/stream.mkv`: live Matroska with whatever the camera has, or what the query asks for. */
import { ACCEPT_ANY, acceptsFromQuery } from '../../core/accepts.ts';
import type { Output } from '../../core/model.ts';
import { createMatroskaMuxer } from './muxer.ts';

/** Makes the output; `?video=` and `?audio=` choose tracks (core/accepts.ts). */
export function createOutput(query: URLSearchParams): Output {
  const accepts = acceptsFromQuery(query, ACCEPT_ANY);
  return {
    key: `matroska ${JSON.stringify(accepts)}`,
    accepts,
    createMuxer: (tracks) => createMatroskaMuxer(tracks),
  };
}
