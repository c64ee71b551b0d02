/**
 * What the server must remember from one run to the next and nobody should have to write: a small JSON file beside the
 * config file.
 *
 *   .porthole.json   { "id": "2b1f…", "integration": { … } }
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createLogger } from '../util/log.ts';
import { isPlain } from './merge.ts';

export interface StateFile {
  /** Undefined where it was never set. Whoever reads checks its form: the file may be an older one. */
  get(key: string): unknown;
  /** Kept at once; `undefined` removes. A file that cannot be written is logged: the value holds until the next start. */
  set(key: string, value: unknown): void;
}

const NAME = '.porthole.json';
/** It holds secrets of others. */
const MODE = 0o600;

/** Where the state is that belongs to a config file. */
export const statePathFor = (configPath: string): string => join(dirname(configPath), NAME);

/** Reads the file, if there is one; without a path the values last as long as the process. */
export function openState(path: string | undefined): StateFile {
  const log = createLogger('config');
  const values = path === undefined ? new Map<string, unknown>() : read(path);

  function read(path: string): Map<string, unknown> {
    try {
      const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
      return new Map(isPlain(value) ? Object.entries(value) : []);
    } catch (error) {
      const isNew = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isNew) log.warn('the state cannot be read', { path, error: error as Error });
      return new Map();
    }
  }

  /** Whole, or not at all: under another name, which then takes the place of the file. */
  function write(path: string): void {
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      const text = `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`;
      writeFileSync(temporary, text, { mode: MODE, flush: true });
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      log.warn('the state cannot be written', { path, error: error as Error });
    }
  }

  return {
    get: (key) => values.get(key),
    set(key, value) {
      if (value === undefined) values.delete(key);
      else values.set(key, value);
      if (path !== undefined) write(path);
    },
  };
}
