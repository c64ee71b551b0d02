/**
 * Texts in the reader's language. A key is the name of a catalogue and of a message in it:
 *
 *   t('cameras.viewers', { count: 2 })   i18n/LANGUAGE/cameras.json   "viewers": "{count, plural, one {# viewer} …}"
 *
 * Messages are ICU MessageFormat. English comes with the catalogue's type, so that a wrong key does not compile; that
 * the other languages have the same keys is a test. A catalogue is loaded with the page that needs it (pages/pages.ts).
 */
import { IntlMessageFormat } from 'intl-messageformat';
import { CATALOGUES } from '../i18n/catalogues.ts';
import type { Area, MessageKey } from '../i18n/keys.ts';
import { LANGUAGES, type Language, matchLanguage } from './languages.ts';

export type { Area, MessageKey } from '../i18n/keys.ts';

export type Values = Readonly<Record<string, string | number | Date>>;

const STORED = 'porthole.language';
const messages = new Map<string, string>();
const formatters = new Map<string, IntlMessageFormat>();

/** What the user chose; undefined: what the browser says. */
export function chosenLanguage(): Language | undefined {
  const stored = readStored();
  return LANGUAGES.find((language) => language === stored);
}

export const language: Language = chosenLanguage() ?? matchLanguage(navigator.languages);

/** Keeps the choice, and starts the page anew in that language; undefined: as the browser says. */
export function chooseLanguage(choice: Language | undefined): void {
  try {
    if (choice) localStorage.setItem(STORED, choice);
    else localStorage.removeItem(STORED);
  } catch {
    // Storage is forbidden in this frame: the choice cannot be kept.
  }
  location.reload();
}

/** Loads catalogues; those that are there already cost nothing. */
export async function loadMessages(...areas: readonly Area[]): Promise<void> {
  await Promise.all(
    areas.map(async (area) => {
      const load = CATALOGUES[`./${language}/${area}.json`];
      const catalogue = (await load?.()) ?? {};
      for (const [name, text] of Object.entries(catalogue)) messages.set(`${area}.${name}`, text);
    }),
  );
}

/** The text of a message; the key itself if its catalogue is not loaded. */
export function t(key: MessageKey, values?: Values): string {
  const text = messages.get(key);
  if (text === undefined) return key;
  if (!text.includes('{')) return text;
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = new IntlMessageFormat(text, language, undefined, { ignoreTag: true });
    formatters.set(key, formatter);
  }
  return String(formatter.format(values));
}

/** Whether a message of this name is loaded: for names that come from the server. */
export function hasMessage(key: string): key is MessageKey {
  return messages.has(key);
}

/** The message of a name that comes from the server, where there is one; else the server's own words. */
export const translated = (key: string, text: string): string => (hasMessage(key) ? t(key) : text);

function readStored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}
