/** Light, dark, or what the system says: a choice of this browser. The colours themselves are in styles/app.css. */

export type Theme = 'system' | 'light' | 'dark';

const STORED = 'porthole.theme';

export function currentTheme(): Theme {
  const { theme } = document.documentElement.dataset;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

/** Called at the start, before anything is shown. */
export function restoreTheme(): void {
  try {
    apply(localStorage.getItem(STORED));
  } catch {
    apply(null);
  }
}

export function chooseTheme(theme: Theme): void {
  apply(theme);
  try {
    localStorage.setItem(STORED, theme);
  } catch {
    // Storage is forbidden in this frame: the choice lasts as long as the page.
  }
}

function apply(theme: string | null): void {
  const { dataset } = document.documentElement;
  if (theme === 'light' || theme === 'dark') dataset.theme = theme;
  else delete dataset.theme;
  dispatchEvent(new Event('themechange'));
}
