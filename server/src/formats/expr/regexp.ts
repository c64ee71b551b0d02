/**
 * Regular expressions of programs. Go's syntax, as far as it differs in what people write: flags in front, `(?i)`,
 * and named groups, `(?P<name>…)`. They run with a time limit: JavaScript's backtrack, those of Go do not.
 */
import { createContext, Script } from 'node:vm';
import { failure } from './value.ts';

const TIMEOUT_MS = 250;
const MAX_PATTERN = 4096;
const SCRIPT = new Script('pattern.exec(text)');

/** The groups of the first match, the whole first and those that took no part empty; null if there is none. */
export function matches(text: string, source: string, flags: string): string[] | null {
  if (source.length > MAX_PATTERN) throw failure('a regular expression too long');
  if (!/^[ims]*$/.test(flags)) throw failure(`flags of a regular expression other than i, m, s: ${flags}`);
  const [all = '', own = ''] = /^\(\?([ims]+)\)/.exec(source) ?? [];
  const pattern = compile(
    source.slice(all.length).replaceAll('(?P<', '(?<'),
    [...new Set(flags + own)].join(''),
  );
  try {
    const context = createContext({ pattern, text });
    const found = SCRIPT.runInContext(context, { timeout: TIMEOUT_MS }) as RegExpExecArray | null;
    return found && Array.from(found, (group) => group ?? '');
  } catch {
    throw failure(`a regular expression takes too long: ${source}`);
  }
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw failure((error as Error).message);
  }
}
