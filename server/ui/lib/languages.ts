/** The languages there are, and which of them suits a reader. Pure. */

export const LANGUAGES = ['en', 'de', 'fr', 'es', 'ru', 'zh-Hans'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each in its own words, for the menu. */
export const LANGUAGE_TITLES: Readonly<Record<Language, string>> = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  es: 'Español',
  ru: 'Русский',
  'zh-Hans': '简体中文',
};

/** The first of the reader's languages that there is: `de-AT` is served by `de`, all Chinese by the simplified. */
export function matchLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const [primary = ''] = tag.toLowerCase().split('-');
    const match = LANGUAGES.find((language) => language.toLowerCase().split('-')[0] === primary);
    if (match) return match;
  }
  return 'en';
}

/** Whether the script runs from right to left; none of ours does yet, but layout must not depend on it. */
export function directionOf(language: string): 'ltr' | 'rtl' {
  return /^(ar|fa|he|ur)\b/.test(language) ? 'rtl' : 'ltr';
}
