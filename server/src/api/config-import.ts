/**
 * The streams of another server's config file (go2rtc.yaml), to take over into ours. The file is on this machine, so its
 * sources are trusted like those of our own config file.
 */
import { loadConfig } from '../config/load.ts';
import { streamList } from '../config/streams.ts';
import { StreamError } from '../core/errors.ts';
import { formatOfScheme, resolveSourceText } from '../formats/open.ts';

export interface ImportPlan {
  readonly added: readonly { readonly name: string; readonly sources: readonly string[] }[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

const MAX_STREAMS = 500;

/** What would be taken over, and what not; `exists`: names that we have. Throws StreamError for a text that is no config. */
export function planImport(text: string, path: string, exists: (name: string) => boolean): ImportPlan {
  const { config, problems } = loadConfig([{ kind: 'file', path }], { fileText: text });
  const unreadable = problems.find((problem) => problem.path === '');
  if (unreadable)
    throw new StreamError('invalid', `${unreadable.source}:${unreadable.line}: ${unreadable.message}`);
  const streams = streamList(config);
  const names = new Set(streams.map(({ name }) => name));
  const isStream = (name: string): boolean => names.has(name) || exists(name);
  const added: ImportPlan['added'][number][] = [];
  const skipped: ImportPlan['skipped'][number][] = [];
  for (const { name, sources } of streams) {
    const usable = sources.filter((source) => reasonAgainst(source, isStream) === undefined);
    if (exists(name)) skipped.push({ name, reason: 'there is a stream of this name' });
    else if (added.length >= MAX_STREAMS) skipped.push({ name, reason: `more than ${MAX_STREAMS} streams` });
    else if (usable.length === 0 && sources.length > 0)
      skipped.push({ name, reason: reasonAgainst(sources[0]!, isStream)! });
    else added.push({ name, sources: usable });
  }
  return { added, skipped };
}

/** Whether there is something to take over; what is no config has nothing. */
export function hasNews(...plan: Parameters<typeof planImport>): boolean {
  try {
    return planImport(...plan).added.length > 0;
  } catch (error) {
    if (error instanceof StreamError) return false;
    throw error;
  }
}

/** Why we cannot open a source; undefined if we can. */
function reasonAgainst(source: string, isStream: (name: string) => boolean): string | undefined {
  try {
    const { scheme } = resolveSourceText(source, isStream);
    return formatOfScheme(scheme) ? undefined : `sources of ${scheme}: are not known here`;
  } catch (error) {
    if (error instanceof StreamError) return error.message;
    throw error;
  }
}
