/**
 * What stands in the configuration and has no effect: sections that nothing here reads, such as those of go2rtc for
 * what Porthole does not have, streams whose sources nothing here can open, and cameras without a stream. None of it is a
 * mistake; it is told once.
 */
import { type Config, configSchema } from './config/schema.ts';
import { streamList } from './config/streams.ts';
import { StreamError } from './core/errors.ts';
import { formatOfScheme, resolveSourceText } from './formats/open.ts';

export interface ConfigNote {
  /** `homekit`, `streams.door`. */
  readonly path: string;
  readonly note: string;
}

/** Sections that only hold pieces for others, by YAML anchors. */
const ANCHORS = /^(?:x-|\.)/;

/** The notes, in the order of the configuration. */
export function configNotes(config: Config): ConfigNote[] {
  const sections = Object.keys(config)
    .filter((name) => !Object.hasOwn(configSchema.properties, name) && !ANCHORS.test(name))
    .map((name) => ({ path: name, note: 'this section is not known here: it has no effect' }));
  const streams = streamList(config);
  const isStream = (name: string): boolean => streams.some((stream) => stream.name === name);
  const sources = streams.flatMap(({ name, sources: texts }) =>
    texts.flatMap((text) => {
      const note = noteOnSource(text, isStream);
      return note === undefined ? [] : [{ path: `streams.${name}`, note }];
    }),
  );
  return [...sections, ...sources, ...notesOnCameras(config, isStream)];
}

function notesOnCameras({ cameras }: Config, isStream: (name: string) => boolean): ConfigNote[] {
  return Object.entries(cameras).flatMap(([id, entry]) => {
    const path = `cameras.${id}`;
    if (!isStream(id)) return [{ path, note: 'there is no stream of this name: it has no effect' }];
    const sub = entry?.sub;
    if (sub === undefined || (sub !== id && isStream(sub))) return [];
    return [{ path: `${path}.sub`, note: `there is no other stream ${sub}: it has no effect` }];
  });
}

function noteOnSource(text: string, isStream: (name: string) => boolean): string | undefined {
  try {
    const { scheme } = resolveSourceText(text, isStream);
    return formatOfScheme(scheme) ? undefined : `sources of ${scheme}: are not known here`;
  } catch (error) {
    return error instanceof StreamError ? error.message : undefined;
  }
}
