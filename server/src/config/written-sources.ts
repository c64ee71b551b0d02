/** Sources as they are written in the config file: `rtsp://admin:${PASSWORD}@camera`, not what is filled in. */
import { isPlain } from './merge.ts';
import type { Config } from './schema.ts';
import { streamList } from './streams.ts';
import { hidePlaceholders } from './substitute.ts';
import { parseYaml } from './yaml.ts';

/**
 * How to write these sources of a stream in the file of this text: those that stand there already as they stand, so that
 * an edit does not put secrets of the environment into it.
 */
export function asWritten(
  text: string,
  config: Pick<Config, 'streams'>,
  name: string,
  sources: readonly string[],
): string[] {
  const known = sourcesIn(config.streams, name);
  const written = writtenSources(text, name);
  if (written.length !== known.length) return [...sources];
  return sources.map((source) => written[known.indexOf(source)] ?? source);
}

function writtenSources(text: string, name: string): readonly string[] {
  const placeholders = hidePlaceholders();
  try {
    const root: unknown = parseYaml(placeholders.hide(text)).document.toJS({ maxAliasCount: 1000 });
    if (!isPlain(root) || !isPlain(root.streams)) return [];
    return sourcesIn(root.streams as Config['streams'], name).map(placeholders.restore);
  } catch {
    // A file with mistakes cannot be edited either.
    return [];
  }
}

const sourcesIn = (streams: Config['streams'], name: string): readonly string[] =>
  Object.hasOwn(streams, name) ? streamList({ streams: { [name]: streams[name]! } })[0]!.sources : [];
