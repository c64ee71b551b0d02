/** The configuration in force: loaded at the start, loaded again after each edit of its file. */
import type { ConfigArgument } from './arguments.ts';
import type { ConfigProblem } from './error.ts';
import { type ConfigFile, openConfigFile } from './file.ts';
import { type ConfigHistory, historyPathFor, openHistory } from './history.ts';
import { type LoadedConfig, type LoadOptions, loadConfig } from './load.ts';
import type { Config } from './schema.ts';

export type ConfigListener = (now: Config, before: Config) => void;

export interface ConfigStore {
  readonly current: Config;
  readonly problems: readonly ConfigProblem[];
  /** Undefined with inline documents only. */
  readonly file: ConfigFile | undefined;
  /** The texts that the file had before; undefined where there is no file. */
  readonly history: ConfigHistory | undefined;
  /** What the configuration would be with this text as its file. */
  preview(text: string): LoadedConfig;
  /** Changes the file's text and loads it; listeners hear of it before this resolves. Throws ConfigError. */
  edit(change: (text: string) => string): Promise<void>;
  onChange(listener: ConfigListener): void;
}

/** Loads the documents and keeps what comes of them. */
export function openConfigStore(
  documents: readonly ConfigArgument[],
  options: LoadOptions = {},
): ConfigStore {
  let loaded = loadConfig(documents, options);
  const history = loaded.file === undefined ? undefined : openHistory(historyPathFor(loaded.file));
  const file =
    loaded.file === undefined
      ? undefined
      : openConfigFile(loaded.file, (before, after) => history?.add(before, after));
  const listeners: ConfigListener[] = [];
  return {
    get current() {
      return loaded.config;
    },
    get problems() {
      return loaded.problems;
    },
    file,
    history,
    preview: (text) => loadConfig(documents, { ...options, fileText: text }),
    async edit(change) {
      await file?.edit(change);
      const before = loaded.config;
      loaded = loadConfig(documents, options);
      for (const listener of listeners) listener(loaded.config, before);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
