/**
 * The config file on disk. Edits run one after the other; each writes a whole new file and renames it over the old one,
 * so that a crash leaves either, and a reader never sees half.
 */
import { chmod, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from './error.ts';

export interface ConfigFile {
  readonly path: string;
  /** The text as it stands; undefined where there is no file yet. */
  read(): Promise<string | undefined>;
  /** Replaces the text by what `change` makes of it; an equal text is not written. Throws what `change` throws, or ConfigError. */
  edit(change: (text: string) => string): Promise<void>;
}

/** The file need not exist: the first edit makes it. `onReplace` hears of each text that an edit replaced. */
export function openConfigFile(
  path: string,
  onReplace: (before: string, after: string) => void = () => {},
): ConfigFile {
  let last: Promise<unknown> = Promise.resolve();
  const read = async (): Promise<string | undefined> => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new ConfigError(`the config file cannot be read: ${(error as Error).message}`);
    }
  };
  return {
    path,
    read,
    edit(change) {
      const turn = last.then(async () => {
        const before = await read();
        const after = change(before ?? '');
        if (after === before) return;
        await replaceFile(path, after);
        if (before !== undefined) onReplace(before, after);
      });
      last = turn.catch(() => {});
      return turn;
    },
  };
}

/** Only the owner may read a new file: it will hold passwords. */
const NEW_FILE_MODE = 0o600;

async function replaceFile(link: string, text: string): Promise<void> {
  const path = await realpath(link).catch(() => link);
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => NEW_FILE_MODE,
  );
  const temporary = join(dirname(path), `.porthole-${process.pid}.tmp`);
  try {
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(temporary, mode);
    await rename(temporary, path).catch((error: NodeJS.ErrnoException) => {
      // A file that is itself a mount point (a container's single bind mount) cannot be renamed over.
      if (error.code !== 'EBUSY' && error.code !== 'EXDEV') throw error;
      return writeFile(path, text);
    });
  } catch (error) {
    throw new ConfigError(`the config file cannot be written: ${(error as Error).message}`);
  } finally {
    await rm(temporary, { force: true });
  }
}
