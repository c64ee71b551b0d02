/**
 * Which stream a request means.
 *
 *   ?src=garden                              the stream of this name
 *   ?src=rtsp://this-server:8554/garden      the stream behind our own RTSP address
 *   ?src=rtsp://camera/1&name=garden         that source, as (or in the place of) the stream `garden`
 *
 * The last one changes something, so it is for PATCH and WebSockets only: never for a plain GET.
 */
import { streamList } from '../config/streams.ts';
import { StreamError } from '../core/errors.ts';
import type { Stream } from '../core/stream.ts';
import { DEFAULT_TEMPLATES } from '../formats/ffmpeg/templates.ts';
import { hostName } from './access.ts';
import type { ApiContext } from './context.ts';
import { HttpError } from './errors.ts';
import { checkApiSource } from './source-policy.ts';

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

/** The stream that `src` and `name` mean; made, or given the new source, where there is none. Throws StreamError, HttpError. */
export function findOrPatchStream(context: ApiContext, src: string, name: string | undefined): Stream {
  const found = findStream(context, src);
  if (found) return found;
  if (!src.includes(':')) throw new HttpError(404, 'stream not found');
  return patchStream(context, name ?? src, src);
}

/** Gives the stream `name` the source `src`: an alias for a stream, a new source for an existing one, or a new stream. */
export function patchStream(context: ApiContext, name: string, src: string): Stream {
  if (context.store.current.api.read_only) throw new HttpError(403, 'read-only');
  checkName(name);
  const target = findStream(context, src);
  if (target) {
    context.streams.alias(name, target.name);
    return target;
  }
  requireAllowed(context, src, name);
  return context.streams.set(name, patchedSources(context, name, src));
}

/** Throws StreamError if clients may not use this source; `name` is the stream it is for. */
export function requireAllowed(context: ApiContext, src: string, name?: string): void {
  const failure = checkApiSource(src, {
    isStream: (other) => context.streams.get(other) !== undefined,
    own: name,
    templates: { ...DEFAULT_TEMPLATES, ...context.store.current.ffmpeg },
  });
  if (failure) throw failure;
}

const MAX_NAME = 1024;

/** Throws StreamError `invalid` for a name that no stream may have. */
export function checkName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters in names break logs and headers
  if (name.trim() === '' || name.length > MAX_NAME || /[\x00-\x1f\x7f]/.test(name)) {
    throw new StreamError('invalid', 'not a stream name');
  }
}

/** Configured sources may hold `{input}`, which the new source fills. */
function patchedSources(context: ApiContext, name: string, src: string): string[] {
  const configured = streamList(context.store.current).find((entry) => entry.name === name)?.sources ?? [];
  if (!configured.some((source) => source.includes('{input}'))) return [src];
  if (/[#"'`\\{}$]/.test(src)) {
    throw new StreamError('unsafe_source', 'a source with options or quotes is not accepted in a template');
  }
  return configured.map((source) => source.replaceAll('{input}', () => src));
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
