/** Splits a command line into an argv array. No shell is involved, so nothing is expanded. */
import { StreamError } from '../../core/errors.ts';

/**
 * Words are separated by white space; a word that begins with `"` or `'` extends to the matching quote; there are no
 * escapes. Throws StreamError `invalid_source` for a missing quote or no command at all.
 */
export function splitCommandLine(text: string): string[] {
  const words: string[] = [];
  let rest = text.trim();
  while (rest) {
    const quote = rest[0];
    if (quote === '"' || quote === "'") {
      const end = rest.indexOf(quote, 1);
      if (end < 0)
        throw new StreamError('invalid_source', `command has a ${quote} without its partner: ${text}`);
      words.push(rest.slice(1, end));
      rest = rest.slice(end + 1).trimStart();
    } else {
      const end = rest.search(/\s/);
      words.push(end < 0 ? rest : rest.slice(0, end));
      rest = end < 0 ? '' : rest.slice(end).trimStart();
    }
  }
  if (!words[0]) throw new StreamError('invalid_source', 'exec: without a command');
  return words;
}
