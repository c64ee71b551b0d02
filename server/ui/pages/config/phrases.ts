/** The words that CodeMirror has of its own, in the reader's language. */
import { hasMessage, t } from '../../lib/i18n.ts';

const PHRASES = [
  'Find',
  'Replace',
  'next',
  'previous',
  'all',
  'match case',
  'regexp',
  'by word',
  'replace',
  'replace all',
  'close',
  'No diagnostics',
  'Diagnostics',
  'Completions',
  'Fold line',
  'Unfold line',
  '$ unchanged lines',
] as const;

export function phrases(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    PHRASES.filter((phrase) => hasMessage(`config.code.${phrase}`)).map((phrase) => [
      phrase,
      t(`config.code.${phrase}`),
    ]),
  );
}
