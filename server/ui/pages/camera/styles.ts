/** The page of one camera: the picture on one side, what it is made of on the other; on phones one below the other. */
import { css } from 'lit';

export const cameraStyles = css`
  .verdict { display: inline-flex; align-items: center; gap: 7px; font-variant-numeric: tabular-nums; }
  .dot { flex: none; width: 8px; height: 8px; border-radius: 50%; background: var(--line-strong); }
  .verdict.live .dot { background: var(--ok); }
  .verdict.wait .dot { background: var(--warn); }
  .verdict.alarm { color: var(--alarm); font-weight: 600; }
  .verdict.alarm .dot { background: var(--alarm); }
  .overview { display: grid; gap: var(--space-4); align-items: start; }
  .watch { display: grid; gap: var(--space-4); min-width: 0; }
  .picture { width: 100%; aspect-ratio: 16 / 9; border-radius: var(--radius-l); }
  .picture.off { display: grid; place-content: center; justify-items: center; gap: var(--space-2); background: var(--picture); color: #b6cad3; font-weight: 600; }
  ph-log-lines { max-height: max(320px, calc(100dvh - 240px)); overflow: hidden; }
  .all { margin-top: var(--space-3); }
  @media (min-width: 980px) {
    .overview { grid-template-columns: minmax(0, 1fr) 380px; }
  }
  @media (max-width: 719px) {
    .picture { width: auto; margin-inline: calc(-1 * var(--space-4)); border-radius: 0; }
    .roomy { display: none; }
    .words { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .button:has(.words) { width: var(--touch); padding: 0; }
  }
`;
