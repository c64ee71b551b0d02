/** The card's words in the language of Home Assistant; English, where a language lacks one. */
import { IntlMessageFormat } from 'intl-messageformat';
import { ENGLISH, type TextKey, useTexts } from './player/texts.ts';
import de from './translations/de.json' with { type: 'json' };
import en from './translations/en.json' with { type: 'json' };
import es from './translations/es.json' with { type: 'json' };
import fr from './translations/fr.json' with { type: 'json' };
import ru from './translations/ru.json' with { type: 'json' };
import zhHans from './translations/zh-Hans.json' with { type: 'json' };

export type WordKey = keyof typeof en.card;
type Values = Readonly<Record<string, string | number>>;
interface Catalogue {
  readonly card: Readonly<Partial<Record<WordKey, string>>>;
  readonly player: Readonly<Partial<Record<TextKey, string>>>;
}

const CATALOGUES: Readonly<Record<string, Catalogue>> = {
  en: { ...en, player: ENGLISH },
  de,
  es,
  fr,
  ru,
  'zh-Hans': zhHans,
};
const formats = new Map<string, IntlMessageFormat>();
let language = 'en';

/** The nearest language that there are words in: `de-CH` → `de`, `zh-CN` → `zh-Hans`. */
export function nearestLanguage(wanted: string): string {
  if (CATALOGUES[wanted]) return wanted;
  const [base = ''] = wanted.split('-');
  if (base === 'zh') return 'zh-Hans';
  return CATALOGUES[base] ? base : 'en';
}

/** Words of the card and its players from now on. */
export function useLanguage(wanted: string): void {
  const next = nearestLanguage(wanted);
  if (next === language) return;
  language = next;
  formats.clear();
  useTexts({
    language,
    translate: (key, values) =>
      format(`player.${key}`, CATALOGUES[language]!.player[key] ?? ENGLISH[key], values),
  });
}

/** A word or sentence of the card. */
export function t(key: WordKey, values: Values = {}): string {
  return format(key, CATALOGUES[language]!.card[key] ?? en.card[key], values);
}

function format(key: string, message: string, values: Values): string {
  if (!message.includes('{')) return message;
  let parsed = formats.get(key);
  if (!parsed) {
    parsed = new IntlMessageFormat(message, language, undefined, { ignoreTag: true });
    formats.set(key, parsed);
  }
  return String(parsed.format(values));
}
