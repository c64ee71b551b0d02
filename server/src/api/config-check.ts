/** What a new text of the config file would mean: its problems, the streams it touches, and what waits for a new start. */
import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap } from 'yaml';
import type { ConfigProblem } from '../config/error.ts';
import type { Config } from '../config/schema.ts';
import { findPair } from '../config/splice.ts';
import type { ConfigStore } from '../config/store.ts';
import { streamList } from '../config/streams.ts';
import { parseYaml } from '../config/yaml.ts';
import { toStreamError } from '../core/errors.ts';
import { checkConfigChange } from './config-policy.ts';

export interface ConfigCheck {
  readonly problems: readonly Omit<ConfigProblem, 'source'>[];
  readonly streams: StreamChanges;
  /** Sections that are read at the start only. */
  readonly restart: readonly string[];
}

export interface StreamChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Looks at a text; changes nothing. */
export function checkConfig(store: ConfigStore, text: string): ConfigCheck {
  const { config, problems } = store.preview(text);
  const refused = refusal(store.current, config);
  return {
    problems: [
      ...problems.map(({ source: _, ...problem }) => problem),
      ...(refused === undefined ? [] : [{ ...placeOf(text, refused.path), ...refused }]),
    ],
    streams: changedStreams(store.current, config),
    restart: restartSections(store.current, config),
  };
}

/** Which streams an edit touches. */
export function changedStreams(before: Config, after: Config): StreamChanges {
  const [earlier, later] = [before, after].map(
    (config) => new Map(streamList(config).map(({ name, sources }) => [name, sources.join('\n')])),
  ) as [Map<string, string>, Map<string, string>];
  const names = [...later.keys()];
  return {
    added: names.filter((name) => !earlier.has(name)),
    changed: names.filter((name) => earlier.has(name) && earlier.get(name) !== later.get(name)),
    removed: [...earlier.keys()].filter((name) => !later.has(name)),
  };
}

/** Of these sections only these keys are read at the start; `true`: the whole section. Others take effect at once. */
const READ_AT_START: Readonly<Record<string, true | readonly string[]>> = {
  app: true,
  api: ['listen', 'tls_listen', 'tls_cert', 'tls_key', 'unix_listen', 'base_path', 'static_dir'],
  log: true,
  rtsp: true,
  rtmp: true,
  webrtc: true,
  ffmpeg: ['bin'],
  onvif: true,
};

/** The sections whose change waits for a new start. */
export function restartSections(before: Config, after: Config): string[] {
  return Object.entries(READ_AT_START).flatMap(([section, keys]) => {
    const [was, is] = [before, after].map(
      (config) => (config as unknown as Record<string, Record<string, unknown>>)[section] ?? {},
    ) as [Record<string, unknown>, Record<string, unknown>];
    const isSame =
      keys === true ? isDeepStrictEqual(was, is) : keys.every((key) => isDeepStrictEqual(was[key], is[key]));
    return isSame ? [] : [section];
  });
}

/** What the rules for edits over the API refuse. */
function refusal(before: Config, after: Config): { path: string; message: string } | undefined {
  try {
    checkConfigChange(before, after);
    return undefined;
  } catch (error) {
    const [, path = '', message = ''] = /^([^:]*): (.*)$/s.exec(toStreamError(error).message) ?? [];
    return { path, message };
  }
}

/** Where `section` or `streams.name` begins; the first line if it is nowhere. */
function placeOf(text: string, path: string): { line: number; column: number } {
  const { document } = parseYaml(text);
  const [section = '', ...rest] = path.split('.');
  const offset = offsetOf(document, section, rest.join('.')) ?? 0;
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

function offsetOf({ contents }: Document, section: string, name: string): number | undefined {
  if (!isMap(contents)) return undefined;
  const outer = findPair(contents as Parameters<typeof findPair>[0], section);
  const inner = isMap(outer?.value) && name !== '' ? findPair(outer.value as never, name) : undefined;
  const key = (inner ?? outer)?.key as { range?: readonly number[] | null } | undefined;
  return key?.range?.[0];
}
