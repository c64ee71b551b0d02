/**
 * Which stream a request means.
 *
 *   ?src=garden                              the stream of this name
 *   ?src=rtsp://127.0.0.1:8554/garden        the stream behind our own RTSP address
 */
import type { Stream } from '../core/stream.ts';
import { hostName } from './access.ts';
import type { ApiContext } from './context.ts';
import { HttpError } from './errors.ts';

/** The stream that a name or our own RTSP address means; undefined if there is none. */
export function findStream(context: ApiContext, src: string): Stream | undefined {
  return context.streams.get(src) ?? context.streams.get(ownPath(context, src) ?? '');
}

/** As `findStream`; throws 404. */
export function requireStream(context: ApiContext, src: string | undefined): Stream {
  const stream = src === undefined ? undefined : findStream(context, src);
  if (!stream) throw new HttpError(404, 'stream not found');
  return stream;
}

/** The path of an address of our own RTSP server. */
function ownPath(context: ApiContext, src: string): string | undefined {
  if (!src.startsWith('rtsp://')) return undefined;
  const url = URL.parse(src.split('#', 1)[0]!);
  const ours = context.rtspListen();
  if (!url || ours === undefined || (url.port || '554') !== ours.slice(ours.lastIndexOf(':') + 1))
    return undefined;
  const name = hostName(url.host);
  if (name !== 'localhost' && name !== '::1' && !name.startsWith('127.')) return undefined;
  return decodePath(url.pathname.slice(1));
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
