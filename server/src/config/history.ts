/**
 * The texts that the config file had before its last edits: a file beside it, for its owner only, since it holds what the
 * config file holds.
 *
 *   .porthole-history.json   [{ "id": 3, "time": 1764260000000, "text": "streams: …", "after": "sha256 of what came" }, …]
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createLogger } from '../util/log.ts';
import { isPlain } from './merge.ts';

/** A text that was replaced. */
export interface PastText {
  readonly id: number;
  /** When it was replaced, Unix time in milliseconds. */
  readonly time: number;
  readonly text: string;
  /** Hash of the text that took its place. */
  readonly after: string;
}

export interface ConfigHistory {
  /** Newest first. */
  list(): readonly PastText[];
  /** Whether this is the text that the last edit made, so that undoing it loses nothing else. */
  isLatest(text: string): boolean;
  /** Keeps a text that an edit replaces. One that cannot be written is logged: it is kept until the next start. */
  add(text: string, after: string): void;
}

const NAME = '.porthole-history.json';
const MODE = 0o600;
const MAX_TEXTS = 20;
const MAX_BYTES = 4 << 20;

/** Where the history of a config file is. */
export const historyPathFor = (configPath: string): string => join(dirname(configPath), NAME);

/** Reads the history when it is first asked for. */
export function openHistory(path: string): ConfigHistory {
  const log = createLogger('config');
  let texts: PastText[] | undefined;
  const list = (): PastText[] => {
    texts ??= read(path);
    return texts;
  };
  return {
    list,
    isLatest: (text) => list()[0]?.after === hashOf(text),
    add(text, after) {
      const id = (list()[0]?.id ?? 0) + 1;
      texts = bounded([{ id, time: Date.now(), text, after: hashOf(after) }, ...list()]);
      try {
        write(path, JSON.stringify(texts));
      } catch (error) {
        log.warn('the history cannot be written', { path, error: error as Error });
      }
    },
  };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64');

/** The newest that fit. */
function bounded(texts: readonly PastText[]): PastText[] {
  let bytes = 0;
  return texts.slice(0, MAX_TEXTS).filter(({ text }) => {
    bytes += Buffer.byteLength(text);
    return bytes <= MAX_BYTES;
  });
}

/** What can be read of it; a file that is none is an empty history. */
function read(path: string): PastText[] {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(value) ? bounded(value.filter(isPastText)) : [];
  } catch {
    return [];
  }
}

function isPastText(value: unknown): value is PastText {
  return (
    isPlain(value) &&
    Number.isSafeInteger(value.id) &&
    Number.isSafeInteger(value.time) &&
    typeof value.text === 'string' &&
    typeof value.after === 'string'
  );
}

/** Whole, or not at all. */
function write(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: MODE, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
