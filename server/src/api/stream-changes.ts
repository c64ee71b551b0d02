/**
 * Changes of streams by clients: what they may give, under which name.
 *
 *   PUT    ?name=garden&src=…&src=…        these sources
 *   PATCH  ?name=garden&src=rtsp://…       this one source, filled into the templates of the config
 *   WebSocket ?src=rtsp://…[&name=garden]  as PATCH, if there is no such stream
 *
 * A plain GET never comes here.
 */
import { registerUrlPasswords } from '../config/load.ts';
import { streamList } from '../config/streams.ts';
import { StreamError } from '../core/errors.ts';
import type { Stream } from '../core/stream.ts';
import { DEFAULT_TEMPLATES } from '../formats/ffmpeg/templates.ts';
import type { Client } from './access.ts';
import type { ApiContext } from './context.ts';
import { HttpError } from './errors.ts';
import { checkApiSource } from './source-policy.ts';
import { findStream } from './stream-lookup.ts';

/**
 * The stream that a WebSocket's `src` and `name` mean: an existing one, or the source as (or in the place of) the stream
 * `name`. Throws StreamError, HttpError.
 */
export function findOrPatchStream(
  context: ApiContext,
  client: Client,
  src: string,
  name: string | undefined,
): Stream {
  const found = findStream(context, src);
  if (found) return found;
  if (!SCHEME.test(src)) throw new HttpError(404, 'stream not found');
  return patchStream(context, client, name ?? src, src);
}

/** Gives the stream `name` the source `src`: an alias for a stream, a new source for an existing one, or a new stream. */
export function patchStream(context: ApiContext, client: Client, name: string, src: string): Stream {
  if (client.role !== 'admin') throw new HttpError(403, 'only an administrator may add a stream');
  if (context.store.current.api.read_only) throw new HttpError(403, 'read-only');
  checkStreamName(name);
  const target = findStream(context, src);
  if (target) {
    context.streams.alias(name, target.name);
    return target;
  }
  requireAllowed(context, src, name);
  return setSources(context, client, name, patchedSources(context, name, src));
}

/** Gives a stream, new or not, these sources. Throws StreamError. */
export function putStream(
  context: ApiContext,
  client: Client,
  name: string,
  sources: readonly string[],
): Stream {
  checkStreamName(name);
  checkSources(context, name, sources);
  return setSources(context, client, name, sources);
}

/** Gives a stream, new or not, sources that have been checked. */
export function setSources(
  context: ApiContext,
  client: Client,
  name: string,
  sources: readonly string[],
): Stream {
  rememberPasswords(sources);
  const stream = context.streams.set(name, sources);
  context.owners.note(name, sources, client);
  return stream;
}

/** Throws StreamError if clients may not give these sources to the stream `name`. */
export function checkSources(context: ApiContext, name: string, sources: readonly string[]): void {
  if (sources.length > MAX_SOURCES) throw new StreamError('invalid', `more than ${MAX_SOURCES} sources`);
  for (const source of sources) requireAllowed(context, source, name);
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

/** What has none is the name of a stream, not a source. */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const MAX_NAME = 1024;
const MAX_SOURCES = 16;

/** Throws StreamError `invalid` for a name that no stream may have. */
export function checkStreamName(name: string): void {
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

const MAX_PASSWORDS = 1000;
let passwordsKept = 0;

/** Passwords of sources are masked everywhere from now on; not without end, whoever sends them. */
export function rememberPasswords(sources: readonly string[]): void {
  for (const source of sources) {
    if (passwordsKept++ < MAX_PASSWORDS) registerUrlPasswords(source);
  }
}
