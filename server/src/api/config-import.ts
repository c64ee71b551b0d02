/**
 * The streams of another server's config file (go2rtc.yaml), to take over into ours. The file is on this machine, so its
 * sources are trusted like those of our own config file.
 */
import { loadConfig } from '../config/load.ts';
import { streamList } from '../config/streams.ts';
import { StreamError } from '../core/errors.ts';
import { DEFAULT_TEMPLATES } from '../formats/ffmpeg/templates.ts';
import { formatOfScheme, resolveSourceText } from '../formats/open.ts';
import { parseSourceText } from '../formats/source-text.ts';

export interface ImportPlan {
  readonly added: readonly { readonly name: string; readonly sources: readonly string[] }[];
  /** What of the file does not come along: streams, and pieces of those that are added. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

type Templates = Readonly<Record<string, unknown>>;

const MAX_STREAMS = 500;
/** Options of `ffmpeg:` whose values may be names of templates. */
const NAMING = ['input', 'video', 'audio', 'raw', 'drawtext'];

/**
 * What would be taken over, and what not; `exists`: names that we have; `templates`: our section `ffmpeg`. Throws
 * StreamError for a text that is no config.
 */
export function planImport(
  text: string,
  path: string,
  exists: (name: string) => boolean,
  templates: Templates = {},
): ImportPlan {
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
    const skip = (reason: string): void => void skipped.push({ name, reason });
    const usable = sources.filter((source) => reasonAgainst(source, isStream) === undefined);
    if (exists(name)) skip('there is a stream of this name');
    else if (added.length >= MAX_STREAMS) skip(`more than ${MAX_STREAMS} streams`);
    else if (usable.length === 0 && sources.length > 0) skip(reasonAgainst(sources[0]!, isStream)!);
    else {
      added.push({ name, sources: usable });
      for (const source of sources) {
        const reason = reasonAgainst(source, isStream);
        if (reason !== undefined) skip(`added without ${source}: ${reason}`);
      }
      const missing = usable.flatMap((source) => missingTemplates(source, config.ffmpeg, templates));
      for (const template of new Set(missing))
        skip(`added without the template ffmpeg.${template} that it uses: copy it into the config here`);
    }
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

/** Names of templates that the source takes from the section `ffmpeg` of its own file, and that are not the same here. */
function missingTemplates(source: string, theirs: Templates, ours: Templates): string[] {
  if (!/^ffmpeg:/i.test(source)) return [];
  const here: Templates = { ...DEFAULT_TEMPLATES, ...ours };
  const { options } = parseSourceText(source);
  return NAMING.flatMap((option) => options.all(option)).filter(
    (name) => Object.hasOwn(theirs, name) && String(theirs[name]) !== String(here[name]),
  );
}
