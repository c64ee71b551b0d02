/** The menu of what belongs to this browser: colours and language. */
import type { MenuItem } from '../lib/components/menu.ts';
import { chooseLanguage, chosenLanguage, t } from '../lib/i18n.ts';
import { LANGUAGE_TITLES, LANGUAGES } from '../lib/languages.ts';
import { chooseTheme, currentTheme, type Theme } from '../lib/theme.ts';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export function preferenceItems(): readonly MenuItem[] {
  const theme = currentTheme();
  const chosen = chosenLanguage();
  return [
    ...THEMES.map((choice, index) => ({
      title: t(`common.theme.${choice}` as const),
      checked: choice === theme,
      ...(index === 0 ? { group: t('common.theme') } : {}),
      run: () => chooseTheme(choice),
    })),
    {
      title: t('common.language.browser'),
      checked: chosen === undefined,
      group: t('common.language'),
      run: () => chooseLanguage(undefined),
    },
    ...LANGUAGES.map((language) => ({
      title: LANGUAGE_TITLES[language],
      checked: language === chosen,
      run: () => chooseLanguage(language),
    })),
  ];
}
