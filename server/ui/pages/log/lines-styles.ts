import { css } from 'lit';

export const linesStyles = css`
  :host { position: relative; display: flex; flex-direction: column; min-height: 0; }
  .notice { margin-bottom: var(--space-2); }
  .window { flex: 1; min-height: 0; overflow: auto; overscroll-behavior: contain; padding-block: 6px; }
  .older { display: flex; margin: 0 auto 6px; }
  ol { font: 400 12.5px / 1.5 var(--mono); }
  li {
    display: grid; grid-template-columns: auto 3.4em 6.5em minmax(0, 1fr) 28px; align-items: start; gap: 0 12px;
    padding: 2px 8px 2px 14px; border-inline-start: 3px solid transparent;
  }
  :host([compact]) li { grid-template-columns: auto 3.4em minmax(0, 1fr) 28px; }
  li:hover, li:focus-within { background: var(--hover); }
  time { color: var(--muted); font-variant-numeric: tabular-nums; white-space: nowrap; }
  .level { font-weight: 700; }
  .module { overflow: hidden; color: var(--muted); text-overflow: ellipsis; white-space: nowrap; }
  .text { overflow-wrap: anywhere; white-space: pre-wrap; }
  .fields { color: var(--muted); }
  .trace .level, .debug .level { color: var(--muted); }
  .info .level { color: var(--accent); }
  .warn .level { color: var(--warn); }
  .error .level, .fatal .level { color: var(--alarm); }
  .warn { border-inline-start-color: var(--warn); }
  .error, .fatal { border-inline-start-color: var(--alarm); background: color-mix(in srgb, var(--alarm-soft) 45%, transparent); }
  .copy {
    display: grid; place-items: center; width: 28px; height: 22px; margin: -1px 0; padding: 0;
    border: 0; border-radius: var(--radius-s); background: none; color: var(--muted); cursor: pointer; opacity: 0;
  }
  li:hover .copy, .copy:focus-visible, .copied { opacity: 1; }
  .copied { color: var(--ok); }
  .fresh { position: absolute; inset: auto 0 14px; display: flex; justify-content: center; pointer-events: none; }
  .fresh .button { border-radius: 99px; box-shadow: var(--shadow-high); pointer-events: auto; }

  @media (hover: none) {
    .copy { width: 32px; height: 28px; opacity: 1; }
  }
  @media (max-width: 719px) {
    li, :host([compact]) li { grid-template-columns: auto auto minmax(0, 1fr) 32px; gap: 0 10px; padding: 6px 6px 6px 11px; border-bottom: 1px solid var(--line); }
    li:last-child { border-bottom: 0; }
    li > .text { grid-column: 1 / -1; grid-row: 2; padding-inline-end: 8px; font-size: 12px; }
    li > .copy { grid-column: 4; grid-row: 1; margin: -4px 0; }
  }
`;
