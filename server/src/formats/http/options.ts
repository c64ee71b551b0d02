/**
 * The options of an HTTP source:
 * `http://user:pass@host/path#header=Name: value#interval=2s#timeout=10`
 *
 *   header     sent with each request; may stand more than once
 *   interval   of a snapshot URL: how often it is asked, such as 500ms, 2s, 1m; default 100ms
 *   timeout    until the answer begins; default 10s
 */
import { StreamError } from '../../core/errors.ts';
import { parseDuration } from '../../util/duration.ts';
import type { SourceText } from '../source-text.ts';

export interface HttpOptions {
  readonly url: string;
  readonly headers: readonly string[];
  /** httpx: any certificate is accepted. */
  readonly insecure: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** A camera that answers at once is asked this often. */
const DEFAULT_INTERVAL_MS = 100;
const DEFAULT_TIMEOUT_MS = 10_000;
const MAXIMUM_MS = 3_600_000;

/** Reads a source text; throws StreamError `invalid_source`. */
export function parseOptions({ url, scheme, options }: SourceText): HttpOptions {
  return {
    url: url.replace(/^httpx:/i, 'https:'),
    headers: options.all('header'),
    insecure: scheme === 'httpx',
    intervalMs: durationOf('interval', options.get('interval'), DEFAULT_INTERVAL_MS),
    timeoutMs: durationOf('timeout', options.get('timeout'), DEFAULT_TIMEOUT_MS),
  };
}

function durationOf(name: string, text: string | undefined, byDefault: number): number {
  if (!text) return byDefault;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= MAXIMUM_MS) return ms;
  throw new StreamError('invalid_source', `${name} is not a time such as 500ms or 2s: ${text}`);
}
