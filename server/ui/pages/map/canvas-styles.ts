import { css } from 'lit';

export const canvasStyles = css`
  :host { position: relative; min-height: 0; }
  .window {
    height: 100%; overflow: auto; overscroll-behavior: contain; touch-action: pan-x pan-y;
    border-radius: var(--radius-l); scrollbar-gutter: stable; scrollbar-width: thin;
  }
  .window.dragged { cursor: grabbing; user-select: none; }
  .map { display: block; margin-inline: auto; }
  .frame { fill: var(--surface); stroke: var(--line); }
  .name {
    display: flex; align-items: center; height: 40px; padding: 0 14px;
    font-size: var(--text-m); line-height: 1.3;
  }
  .name a { overflow: hidden; color: var(--text); text-decoration: none; text-overflow: ellipsis; white-space: nowrap; }
  .name a:hover { color: var(--accent); text-decoration: underline; }

  .node {
    display: flex; align-items: center; gap: 9px; width: 100%; height: 100%; padding: 0 10px;
    border: 1px solid var(--line); border-radius: var(--radius); background: var(--raised); color: var(--text);
    font: 400 var(--text-s) / 1.3 var(--sans); text-align: start; cursor: pointer;
  }
  .node:hover { background: var(--hover); }
  .node:focus-visible { outline-offset: -2px; }
  .node[aria-pressed='true'] { border-color: var(--accent); background: var(--accent-soft); }
  .sign {
    display: grid; flex: none; place-items: center; width: 32px; height: 32px;
    border-radius: 8px; background: var(--accent-soft); color: var(--accent);
  }
  .node[aria-pressed='true'] .sign { background: var(--surface); }
  .track .sign, .transcoder .sign { background: var(--hover); color: var(--text); }
  .transcoder .sign { background: var(--warn-soft); color: var(--warn); }
  .idle .sign { background: var(--hover); color: var(--muted); }
  .failed { border-color: var(--alarm); }
  .failed .sign { background: var(--alarm-soft); color: var(--alarm); }
  .failed .note { color: var(--alarm); }
  .words { display: grid; min-width: 0; }
  .title, .note { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .title { font-weight: 600; }
  .note { color: var(--muted); font-size: var(--text-xs); }

  .edge path { fill: none; stroke-linecap: round; }
  .pipe { stroke: var(--line-strong); opacity: 0.55; }
  .moving .pipe { stroke: var(--accent); opacity: 0.35; }
  .stopped .pipe { stroke: var(--alarm); stroke-dasharray: 2 6; stroke-width: 2.5; opacity: 1; }
  .waiting .pipe { stroke-dasharray: 3 5; }
  .pulse { stroke: var(--accent); stroke-width: 2; stroke-dasharray: 3 15; }
  .slow { animation: flow 2.4s linear infinite; }
  .steady { animation: flow 1.2s linear infinite; }
  .fast { animation: flow 0.6s linear infinite; }
  .rate {
    fill: var(--text); stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke;
    font: 600 11px / 1 var(--sans); font-variant-numeric: tabular-nums;
  }
  .rate.stopped { fill: var(--alarm); }
  @keyframes flow { to { stroke-dashoffset: -18; } }
  @media (prefers-reduced-motion: reduce) {
    .pulse { animation: none; }
  }

  .zoom {
    position: absolute; inset-block-end: 12px; inset-inline-end: 14px; display: grid;
    border: 1px solid var(--line); border-radius: var(--radius); background: var(--raised); box-shadow: var(--shadow-high);
    overflow: hidden;
  }
  .zoom .button { border: 0; border-radius: 0; }
  .zoom .button + .button { border-top: 1px solid var(--line); }
  .zoom .button:focus-visible { outline-offset: -3px; }
`;
