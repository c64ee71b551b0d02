/**
 * The text of a source as users write it: `scheme:rest#option=value#flag`.
 *
 *   rtsp://user:pass@camera/stream1#media=video#timeout=10
 *   └scheme                        └options, split at every #; values are taken as they stand, not URL-decoded
 *   └────────── url ──────────────┘
 */
import { StreamError } from '../core/errors.ts';

export interface SourceOptions {
  /** First value of the option; '' for a bare flag; undefined if absent. */
  get(name: string): string | undefined;
  all(name: string): readonly string[];
  has(name: string): boolean;
  readonly entries: readonly (readonly [string, string])[];
}

export interface SourceText {
  /** As configured. Holds credentials: redact before showing. */
  readonly text: string;
  /** Lower case, without the colon. */
  readonly scheme: string;
  /** Everything before the first `#`, scheme included. */
  readonly url: string;
  /** `url` without `scheme:`. */
  readonly rest: string;
  readonly options: SourceOptions;
}

/** Splits a source text. Throws StreamError `invalid_source` when it has no scheme. */
export function parseSourceText(text: string): SourceText {
  const trimmed = text.trim();
  const hash = trimmed.indexOf('#');
  const url = hash < 0 ? trimmed : trimmed.slice(0, hash);
  const scheme = /^([a-z0-9+.-]+):/i.exec(url)?.[1];
  if (!scheme) throw new StreamError('invalid_source', `source without a scheme: ${trimmed}`);
  const entries =
    hash < 0
      ? []
      : trimmed
          .slice(hash + 1)
          .split('#')
          .filter(Boolean)
          .map(splitOption);
  return {
    text: trimmed,
    scheme: scheme.toLowerCase(),
    url,
    rest: url.slice(scheme.length + 1),
    options: {
      get: (name) => entries.find(([key]) => key === name)?.[1],
      all: (name) => entries.filter(([key]) => key === name).map(([, value]) => value),
      has: (name) => entries.some(([key]) => key === name),
      entries,
    },
  };
}

function splitOption(item: string): readonly [string, string] {
  const equals = item.indexOf('=');
  return equals < 0 ? [item, ''] : [item.slice(0, equals), item.slice(equals + 1)];
}
