/** Changes that are in force already, kept in the config file. */
import { setValue } from './edit.ts';
import type { ConfigStore } from './store.ts';

/** A value of the config file, by its path; undefined removes it. */
export type ConfigChange = readonly [path: readonly string[], value: unknown];

/** Makes the changes in one edit of the config file, if there is one. Rejects with ConfigError. */
export async function keepChanges(store: ConfigStore, changes: readonly ConfigChange[]): Promise<void> {
  if (!store.file || changes.length === 0) return;
  await store.edit((text) => changes.reduce((edited, [path, value]) => setValue(edited, path, value), text));
}
