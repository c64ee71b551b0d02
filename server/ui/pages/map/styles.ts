import { css } from 'lit';

export const mapStyles = css`
  select.input { width: auto; max-width: 46vw; }
  .switch { display: flex; gap: 2px; padding: 3px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); }
  .switch .button { border-color: transparent; background: none; }
  .switch .button[aria-pressed='true'] { background: var(--accent-soft); }

  .stage { position: relative; display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--space-4); }
  ph-map-canvas { height: max(420px, calc(100dvh - 268px)); }

  .list { display: grid; align-content: start; gap: var(--space-3); }
  .list section { padding: var(--space-2) var(--space-2) var(--space-3); }
  .list h2 { padding: 6px var(--space-2); font-size: var(--text-m); }
  .list h2 a { color: var(--text); text-decoration: none; }
  .list h2 a:hover { color: var(--accent); text-decoration: underline; }
  .list li ul { margin-inline-start: 23px; padding-inline-start: 11px; border-inline-start: 1px solid var(--line); }
  .item {
    display: flex; align-items: center; gap: 10px; width: 100%; min-height: 46px; padding: 4px 8px;
    border: 0; border-radius: var(--radius); background: none; color: var(--text);
    font: 400 var(--text-s) / 1.35 var(--sans); text-align: start; cursor: pointer;
  }
  .item:hover { background: var(--hover); }
  .item:focus-visible { outline-offset: -2px; }
  .item[aria-pressed='true'] { background: var(--accent-soft); }
  .item .title { display: block; font-weight: 600; }
  .item .note { display: block; color: var(--muted); font-size: var(--text-xs); }
  .item .rate { flex: none; font-weight: 600; }
  .item.bad :is(.sign, .rate, .note) { color: var(--alarm); }
  .item .sign { color: var(--muted); }

  .details { align-self: start; padding: var(--space-4); background: var(--raised); }
  .details header { display: flex; align-items: center; gap: var(--space-3); margin: -4px -8px var(--space-3) 0; }
  .details h2:focus { outline: none; }
  .details .sign { display: grid; flex: none; place-items: center; width: 40px; height: 40px; border-radius: var(--radius); background: var(--accent-soft); color: var(--accent); }
  .details .notice { margin-bottom: var(--space-3); }
  .details dl { display: grid; }
  .details dl div { display: flex; justify-content: space-between; gap: var(--space-4); padding: 7px 0; border-top: 1px solid var(--line); font-size: var(--text-s); }
  .details dt { flex: none; color: var(--muted); }
  .details dd { min-width: 0; text-align: end; font-variant-numeric: tabular-nums; }
  .details footer { margin-top: var(--space-3); }
  .details footer .button { flex: 1 1 auto; }

  @media (max-width: 919px) {
    .details {
      position: fixed; z-index: 25; inset-inline: 0; bottom: 0; max-height: 62dvh; overflow: auto;
      padding-bottom: max(var(--space-4), env(safe-area-inset-bottom));
      border-width: 1px 0 0; border-radius: 18px 18px 0 0; box-shadow: var(--shadow-high);
    }
  }
  @media (min-width: 720px) {
    ph-map-canvas { height: max(420px, calc(100dvh - 148px)); }
  }
  @media (min-width: 920px) {
    .split { grid-template-columns: minmax(0, 1fr) 320px; }
  }
`;
