/** The player, speaking the reader's language. Pages import it from here. */
import '../../../frontend-card/src/player/player.ts';
import { IntlMessageFormat } from 'intl-messageformat';
import { ENGLISH, useTexts } from '../../../frontend-card/src/player/texts.ts';
import { language } from './i18n.ts';

interface Catalogue {
  readonly player?: Readonly<Record<string, string>>;
}

/** The card's catalogues have the player's words, too. */
const CATALOGUES = import.meta.glob<false, string, Catalogue>(
  '../../../frontend-card/src/translations/*.json',
  { import: 'default' },
);

if (language !== 'en') {
  const load = CATALOGUES[`../../../frontend-card/src/translations/${language}.json`];
  const words = (await load?.().catch(() => undefined))?.player ?? {};
  useTexts({
    language,
    translate: (key, values) => {
      const message = new IntlMessageFormat(words[key] ?? ENGLISH[key], language, undefined, {
        ignoreTag: true,
      });
      return String(message.format(values));
    },
  });
}
