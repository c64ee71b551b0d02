/** Starts the page: colours and language first, so that nothing is shown in the wrong ones. */
import './styles/app.css';
import { language, loadMessages } from './lib/i18n.ts';
import { directionOf } from './lib/languages.ts';
import { restoreTheme } from './lib/theme.ts';

restoreTheme();
document.documentElement.lang = language;
document.documentElement.dir = directionOf(language);
await loadMessages('common');
await import('./shell/app.ts');
document.body.append(document.createElement('ph-app'));
