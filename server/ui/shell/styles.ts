/** The frame: a bar at the lower edge on phones, a rail of icons on tablets, with words beside them on desktops. */
import { css } from 'lit';

export const shellStyles = css`
  :host { min-height: 100dvh; }
  .skip {
    position: fixed; z-index: 60; inset-inline-start: var(--space-2); top: -200px; padding: 10px 14px;
    border-radius: var(--radius); background: var(--raised); box-shadow: var(--shadow-high);
  }
  .skip:focus { top: var(--space-2); }
  main { outline: none; min-width: 0; padding-bottom: calc(64px + env(safe-area-inset-bottom)); }
  .rail { display: flex; align-items: center; gap: var(--space-2); padding: var(--space-2) var(--space-4) 0; padding-top: max(var(--space-2), env(safe-area-inset-top)); }
  .brand { display: flex; align-items: center; gap: 10px; min-height: var(--touch); color: var(--text); font-weight: 700; font-size: var(--text-l); letter-spacing: -0.01em; text-decoration: none; }
  .brand img { width: 28px; height: 28px; }
  .foot { display: flex; align-items: center; gap: var(--space-1); margin-inline-start: auto; color: var(--muted); }
  .version { display: none; font-size: var(--text-xs); }

  nav {
    position: fixed; z-index: 20; inset: auto 0 0; display: flex;
    padding-bottom: env(safe-area-inset-bottom);
    border-top: 1px solid var(--line); background: var(--surface);
  }
  nav a {
    display: grid; justify-items: center; gap: 2px; flex: 1; padding: 8px 4px 7px;
    color: var(--muted); font-size: var(--text-xs); font-weight: 600; text-decoration: none;
  }
  nav a span { font-size: 0.6875rem; white-space: nowrap; }
  nav a:focus-visible { outline-offset: -3px; border-radius: 12px; }
  nav a[aria-current] { color: var(--accent); }

  @media (min-width: 720px) {
    :host { display: grid; grid-template-columns: 84px minmax(0, 1fr); height: 100dvh; }
    .rail {
      flex-direction: column; gap: var(--space-4); height: 100dvh; padding: var(--space-3) 0;
      border-inline-end: 1px solid var(--line); background: var(--surface);
    }
    .brand span { display: none; }
    .brand img { width: 34px; height: 34px; }
    nav { position: static; flex-direction: column; gap: var(--space-1); width: 100%; padding: 0 8px; border: 0; background: none; }
    nav a { flex: none; border-radius: 12px; }
    nav a span { font-size: inherit; }
    nav a:hover { background: var(--hover); }
    nav a[aria-current] { background: var(--accent-soft); }
    .foot { margin: auto 0 0; flex-direction: column; }
    .version { display: block; }
    main { height: 100dvh; padding-bottom: 0; overflow: auto; }
  }
  @media (min-width: 1160px) {
    :host { grid-template-columns: 208px minmax(0, 1fr); }
    .rail { align-items: stretch; padding: var(--space-4) 12px var(--space-3); }
    .brand { padding: 0 8px; }
    .brand span { display: inline; }
    nav { padding: 0; }
    nav a { display: flex; align-items: center; gap: var(--space-3); min-height: 42px; padding: 0 12px; font-size: var(--text-m); }
    .foot { flex-direction: row-reverse; justify-content: space-between; padding-inline-start: 12px; }
  }
`;
