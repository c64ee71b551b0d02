/** Why a camera last failed, and what to do about it. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Camera } from '../../lib/api-types.ts';
import { adviceKey, errorKey, type Remedy, remediesFor } from '../../lib/error-keys.ts';
import { formatAgo } from '../../lib/format.ts';
import { type MessageKey, t } from '../../lib/i18n.ts';
import { type IconName, icon } from '../../lib/icons.ts';

export const failureStyles = css`
  .failure { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: var(--space-2) var(--space-3); padding: var(--space-4); border-radius: var(--radius-l); background: var(--alarm-soft); }
  .failure.rest { background: var(--info-soft); }
  .failure > svg { color: var(--alarm); }
  .failure.rest > svg { color: var(--accent); }
  .failure h2 { font-size: var(--text-m); }
  .failure code { display: block; margin-top: 6px; color: var(--muted); }
  .failure .row { margin-top: var(--space-3); }
`;

const REMEDIES: Readonly<Record<Remedy, readonly [title: MessageKey, glyph: IconName]>> = {
  edit: ['camera.edit', 'edit'],
  restart: ['camera.restart', 'restart'],
  log: ['camera.failure.openLog', 'log'],
  config: ['camera.failure.openConfig', 'config'],
};

/** Nothing for a camera that is well. `run` is absent for those who may not change anything. */
export function failureCard(camera: Camera, run?: (remedy: Remedy) => void): TemplateResult | typeof nothing {
  const { error, status } = camera;
  if (!error || status === 'live' || status === 'disabled') return nothing;
  const isRest = status === 'asleep';
  return html`<section class="failure ${isRest ? 'rest' : ''}" aria-labelledby="failure">
    ${icon(isRest ? 'sleep' : 'warning', 22)}
    <div>
      <h2 id="failure">
        ${t(errorKey(error.code))}
        ${error.since ? html`<span class="muted small">${formatAgo(error.since)}</span>` : nothing}
      </h2>
      <p class="small">${t(adviceKey(error.code))}</p>
      ${error.message ? html`<code>${error.message}</code>` : nothing}
      ${
        run
          ? html`<div class="row">
              ${remediesFor(error.code).map((remedy) => {
                const [title, glyph] = REMEDIES[remedy];
                return html`<button class="button small" @click=${() => run(remedy)}>${icon(glyph, 16)}${t(title)}</button>`;
              })}
            </div>`
          : nothing
      }
    </div>
  </section>`;
}
