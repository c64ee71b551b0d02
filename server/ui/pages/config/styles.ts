import { css } from 'lit';

export const configStyles = css`
  :host {
    --code-key: light-dark(#08546e, #7cc7e8);
    --code-value: light-dark(#14552a, #9ad6a4);
    --code-word: light-dark(#8a3608, #f0a878);
    --code-line: light-dark(#eff4f6, #1c2730);
    --code-selection: light-dark(#cbe6e2, #24504c);
    --code-added: light-dark(#e6f7eb, #0f2c1d);
    --code-added-text: light-dark(#c3ebcf, #14432a);
    --code-removed: light-dark(#fdeceb, #3a1b1a);
    --code-removed-text: light-dark(#f9d2cf, #5c2724);
  }
  .path { font-family: var(--mono); }
  .notice { align-items: center; margin-bottom: var(--space-3); }
  .notice > svg { margin-top: 0; }
  .editor { height: max(320px, calc(100dvh - 274px)); overflow: hidden; }
  .status { display: flex; align-items: center; gap: var(--space-3); min-height: 22px; margin-top: var(--space-2); }
  .status .bad { color: var(--alarm); font-weight: 600; }

  .bar { display: flex; align-items: center; flex-wrap: wrap; gap: var(--space-2); margin-bottom: var(--space-3); }
  .bar h2 { min-width: min(100%, 180px); }
  .bar h2:focus { outline: none; }
  .summary { display: grid; gap: var(--space-3); margin-bottom: var(--space-3); padding: var(--space-3) var(--space-4); }
  .summary .notice { margin: 0; }
  .summary dl { display: grid; gap: var(--space-2); }
  .summary dl > div { display: flex; align-items: baseline; gap: var(--space-3); }
  .summary dt { flex: none; min-width: 84px; color: var(--muted); font-size: var(--text-s); }
  .summary dd { display: flex; flex-wrap: wrap; gap: 6px; }
  .summary li { margin-top: 6px; }
  .summary li .button { margin-inline-end: 6px; }
  .reason { white-space: pre-wrap; }
  .names { display: none; }
  .diff { overflow: auto; max-height: max(320px, calc(100dvh - 330px)); }
  .versions { overflow: hidden auto; max-height: 40dvh; margin-bottom: var(--space-3); }
  .versions li + li { border-top: 1px solid var(--line); }
  .versions button {
    display: flex; align-items: center; gap: var(--space-3); width: 100%; min-height: 48px; padding: 6px var(--space-4);
    border: 0; background: none; color: var(--text); font: 500 var(--text-m) / 1.35 var(--sans); text-align: start; cursor: pointer;
  }
  .versions button:hover { background: var(--hover); }
  .versions button:focus-visible { outline-offset: -2px; }
  .versions button[aria-pressed='true'] { background: var(--accent-soft); }

  @media (max-width: 719px) {
    .folder { display: none; }
    .bar h2 { flex-basis: 100%; }
    .bar .button { flex: 1; }
  }
  @media (min-width: 720px) {
    .editor { height: max(320px, calc(100dvh - 156px)); }
  }
  @media (min-width: 1024px) {
    .names { display: grid; grid-template-columns: 1fr 1fr; margin-bottom: var(--space-1); padding-inline: var(--space-2); }
  }
`;
