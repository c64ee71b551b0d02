import { css } from 'lit';

/** The picture beside the form; on phones above it. */
export const checkStyles = css`
  .narrow { max-width: 640px; }
  .pair { display: grid; gap: var(--space-4); grid-template-columns: repeat(auto-fit, minmax(min(100%, 200px), 1fr)); }
  .checking { display: flex; align-items: center; gap: var(--space-4); max-width: 640px; padding: var(--space-5); }
  .checking .spinner { width: 28px; height: 28px; }
  .problem { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--space-3); max-width: 640px; margin-bottom: var(--space-4); padding: var(--space-4); border-radius: var(--radius-l); background: var(--alarm-soft); }
  .problem > svg { color: var(--alarm); }
  .problem h2 { font-size: var(--text-m); }
  .problem code { display: block; margin-top: 6px; color: var(--muted); }
  .good { display: grid; gap: var(--space-5); align-items: start; }
  .bad { color: var(--alarm); }
  @media (min-width: 980px) { .good { grid-template-columns: minmax(0, 1fr) 400px; } }
`;
