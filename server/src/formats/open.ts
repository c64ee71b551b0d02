/**
 * Opens a source text: scheme → row of the table → its producer.
 *
 * A source that runs programs is opened only when it stands in the configuration itself: not as the answer of a
 * redirect, nor as the source of a source.
 */
import { StreamError, toStreamError } from '../core/errors.ts';
import type { Producer } from '../core/model.ts';
import type { Format, OpenContext } from './format.ts';
import { FORMATS } from './index.ts';
import { isModuleOn } from './modules.ts';
import { parseSourceText, type SourceText } from './source-text.ts';

const BY_SCHEME: ReadonlyMap<string, Format> = new Map(
  FORMATS.flatMap((format) => (format.schemes ?? []).map((scheme) => [scheme, format] as const)),
);

/** All source schemes, in the order of the table. */
export function schemes(): string[] {
  return [...BY_SCHEME.keys()];
}

/** The row of this scheme; undefined if it is not known. */
export function formatOfScheme(scheme: string): Format | undefined {
  return BY_SCHEME.get(scheme.toLowerCase());
}

/** Parses a source text; a bare stream name is the source `stream:NAME`. Throws StreamError `invalid_source`. */
export function resolveSourceText(text: string, isStream: (name: string) => boolean): SourceText {
  const bare = text.trim();
  return parseSourceText(isStream(bare.split('#', 1)[0] ?? '') ? `stream:${bare}` : bare);
}

/** Opens a configured source; `trusted` allows formats that run programs. Rejects with StreamError. */
export async function openSource(text: string, context: OpenContext, trusted: boolean): Promise<Producer> {
  const source = resolveSourceText(text, (name) => context.services.streams.get(name) !== undefined);
  const format = BY_SCHEME.get(source.scheme);
  if (!format?.producer) {
    throw new StreamError('invalid_source', `unknown source scheme "${source.scheme}": ${text}`);
  }
  if (!isModuleOn(format.name, context.services.section('app'))) {
    throw new StreamError('unsupported', `${source.scheme}: sources are switched off: see app.modules`);
  }
  if (format.unsafe && !trusted) {
    throw new StreamError(
      'unsafe_source',
      `${source.scheme}: sources are accepted from the config file only`,
    );
  }
  const { open } = await format.producer();
  try {
    return await open(source, context);
  } catch (error) {
    throw named(error, source);
  }
}

/** Errors say which source failed: "rtsp://***@camera/1: unauthorized". */
function named(error: unknown, source: SourceText): StreamError {
  const failure = toStreamError(error);
  const isNamed = failure.message.includes('://') || failure.message.startsWith(`${source.scheme}:`);
  if (failure.code === 'aborted' || isNamed) return failure;
  return new StreamError(failure.code, `${source.url}: ${failure.message}`, failure);
}
