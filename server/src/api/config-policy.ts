/**
 * What an edit of the config file over the API may not do: make the server run what the client chooses. New sources
 * follow the rules for all clients (source-policy.ts), and sections that hold command lines are changed in the file
 * itself. What stands in the file already stays as it is.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/schema.ts';
import { streamList } from '../config/streams.ts';
import { StreamError } from '../core/errors.ts';
import { DEFAULT_TEMPLATES } from '../formats/ffmpeg/templates.ts';
import { checkApiSource } from './source-policy.ts';

const PROGRAM_SECTIONS = ['ffmpeg', 'exec', 'echo'] as const;

/** Throws StreamError `unsafe_source` or `invalid_source` for the first thing that `after` may not add to `before`. */
export function checkConfigChange(before: Config, after: Config): void {
  for (const section of PROGRAM_SECTIONS) {
    if (!isDeepStrictEqual(before[section], after[section])) {
      throw new StreamError(
        'unsafe_source',
        `${section}: holds command lines, and is changed in the file itself`,
      );
    }
  }
  const known = new Set(streamList(before).flatMap(({ sources }) => sources));
  const policy = {
    isStream: (name: string) => Object.hasOwn(after.streams, name),
    templates: { ...DEFAULT_TEMPLATES, ...after.ffmpeg },
  };
  for (const { name, sources } of streamList(after)) {
    for (const source of sources) {
      if (known.has(source)) continue;
      const failure = checkApiSource(source.replace('{input}', 'rtsp://input'), { ...policy, own: name });
      if (failure) throw new StreamError(failure.code, `streams.${name}: ${failure.message}`);
    }
  }
}
