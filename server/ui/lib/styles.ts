/**
 * What every element of the page shares: `static override styles = [shared, css`…`]`.
 * Buttons, fields and chips are native elements with these classes, so that they keep the browser's behaviour.
 *
 *   <button class="button primary">   plain, primary, quiet, danger; `icon` for one without words
 *   <span class="chip ok">            plain, ok, warn, alarm, accent
 *   <section class="card">            a surface with a border
 */
import { css } from 'lit';

export const shared = css`
  :host { display: block; }
  :host([hidden]), [hidden] { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  h1, h2, h3, p, ul, ol, dl, dd, figure, pre, fieldset { margin: 0; padding: 0; }
  fieldset { border: 0; min-width: 0; }
  ul, ol { list-style: none; }
  h1 { font-size: var(--text-xl); line-height: 1.25; font-weight: 650; letter-spacing: -0.015em; }
  h2 { font-size: var(--text-l); line-height: 1.3; font-weight: 650; letter-spacing: -0.005em; }
  h3 { font-size: var(--text-m); line-height: 1.4; font-weight: 600; }
  a { color: var(--accent); text-underline-offset: 2px; }
  code, pre, .mono { font-family: var(--mono); font-size: var(--text-s); }
  svg { display: block; flex: none; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  .muted { color: var(--muted); }
  .small { font-size: var(--text-s); }
  .number { font-variant-numeric: tabular-nums; }
  .visually-hidden {
    position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; border: 0;
    overflow: hidden; clip-path: inset(50%); white-space: nowrap;
  }

  .button {
    display: inline-flex; align-items: center; justify-content: center; gap: var(--space-2);
    min-height: var(--touch); padding: 0 14px;
    border: 1px solid var(--line); border-radius: var(--radius);
    background: var(--surface); color: var(--text);
    font: 600 var(--text-m) / 1.2 var(--sans); text-decoration: none; text-align: center;
    cursor: pointer; user-select: none; -webkit-tap-highlight-color: transparent;
    transition: background 0.12s, border-color 0.12s;
  }
  .button:hover { background: var(--hover); }
  .button.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
  .button.primary:hover { border-color: var(--accent-hover); background: var(--accent-hover); }
  .button.quiet { border-color: transparent; background: transparent; color: var(--accent); }
  .button.quiet:hover { background: var(--hover); }
  .button.danger { color: var(--alarm); }
  .button.danger.primary { border-color: var(--alarm); background: var(--alarm); color: var(--on-alarm); }
  .button.small { min-height: 32px; padding: 0 10px; border-radius: 8px; font-size: var(--text-s); }
  .button.icon { width: var(--touch); padding: 0; color: inherit; }
  .button.icon.small { width: 32px; }
  .button[aria-pressed="true"] { border-color: var(--accent); background: var(--accent-soft); color: var(--accent); }
  .button:disabled, .button[aria-disabled="true"] { opacity: 0.5; cursor: not-allowed; }

  .field { display: grid; gap: var(--space-1); }
  .field > label, .label { font-size: var(--text-s); font-weight: 600; }
  .field > .hint { color: var(--muted); font-size: var(--text-s); }
  .field > .error { color: var(--alarm); font-size: var(--text-s); }
  .input {
    width: 100%; min-height: var(--touch); padding: 7px 12px;
    border: 1px solid var(--line-strong); border-radius: var(--radius);
    background: var(--surface); color: var(--text);
    font: 400 1rem / 1.4 var(--sans);
  }
  .input:focus-visible { outline-offset: -1px; }
  .input::placeholder { color: var(--muted); opacity: 1; }
  .input[aria-invalid="true"] { border-color: var(--alarm); }
  .input.mono { font: 400 var(--text-s) / 1.5 var(--mono); }
  textarea.input { resize: vertical; }
  select.input { padding-inline-end: 8px; }
  input[type="checkbox"], input[type="radio"] { width: 18px; height: 18px; margin: 0; accent-color: var(--accent); }
  .check { display: flex; align-items: center; gap: var(--space-2); min-height: var(--touch); cursor: pointer; }

  .chip {
    display: inline-flex; align-items: center; gap: 5px;
    min-height: 22px; padding: 1px 8px;
    border-radius: 99px; background: var(--hover); color: var(--muted);
    font-size: var(--text-xs); font-weight: 600; line-height: 1.4;
  }
  .chip.ok { color: var(--ok); }
  .chip.warn { background: var(--warn-soft); color: var(--warn); }
  .chip.alarm { background: var(--alarm-soft); color: var(--alarm); }
  .chip.accent { background: var(--accent-soft); color: var(--accent); }

  .card {
    border: 1px solid var(--line); border-radius: var(--radius-l);
    background: var(--surface); box-shadow: var(--shadow);
  }
  .card.padded { padding: var(--space-4); }
  .row { display: flex; align-items: center; gap: var(--space-2); flex-wrap: wrap; }
  .stack { display: grid; gap: var(--space-4); }
  .grow { flex: 1; min-width: 0; }
  .notice {
    display: flex; gap: var(--space-3); padding: 10px 14px;
    border-radius: var(--radius); background: var(--info-soft); font-size: var(--text-m);
  }
  .notice > svg { margin-top: 1px; }
  .notice.warn { background: var(--warn-soft); }
  .notice.warn > svg { color: var(--warn); }
  .notice.alarm { background: var(--alarm-soft); }
  .notice.alarm > svg { color: var(--alarm); }

  .spinner {
    display: inline-block; flex: none; width: 18px; height: 18px;
    border: 2px solid var(--line); border-top-color: var(--accent); border-radius: 50%;
    animation: spin 0.9s linear infinite;
  }
  .skeleton { border-radius: var(--radius); background: var(--hover); animation: breathe 1.4s ease-in-out infinite alternate; }
  @keyframes spin { to { rotate: 1turn; } }
  @keyframes breathe { to { opacity: 0.5; } }
  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after { transition: none !important; scroll-behavior: auto !important; }
    .skeleton { animation: none; }
    .spinner { animation-duration: 2.4s; }
  }
`;
