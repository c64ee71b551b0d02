/** What a page shows when there is nothing to show: nothing yet, loading, failed. Templates, styled by `stateStyles`. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { ApiError } from '../api.ts';
import { t } from '../i18n.ts';
import { type IconName, icon } from '../icons.ts';

export const stateStyles = css`
  .state {
    display: grid; justify-items: center; gap: var(--space-2); max-width: 460px; margin: 8vh auto; padding: var(--space-4);
    text-align: center; text-wrap: balance;
  }
  .state > .picture {
    display: grid; place-items: center; width: 72px; height: 72px; margin-bottom: var(--space-2);
    border-radius: 50%; background: var(--accent-soft); color: var(--accent);
  }
  .state.failed > .picture { background: var(--alarm-soft); color: var(--alarm); }
  .state > p { color: var(--muted); }
  .state > .row { justify-content: center; margin-top: var(--space-2); }
`;

export interface EmptyOptions {
  readonly icon: IconName;
  readonly heading: string;
  readonly text?: string;
  /** Buttons or links. */
  readonly actions?: TemplateResult;
}

/** Nothing there, and what to do about it. */
export function emptyState({ icon: name, heading, text, actions }: EmptyOptions): TemplateResult {
  return html`<div class="state">
    <div class="picture">${icon(name, 34)}</div>
    <h2>${heading}</h2>
    ${text ? html`<p>${text}</p>` : nothing} ${actions ? html`<div class="row">${actions}</div>` : nothing}
  </div>`;
}

/** A failure of a request in words, with a way to try again. */
export function failedState(error: unknown, retry: () => void): TemplateResult {
  return html`<div class="state failed" role="alert">
    <div class="picture">${icon('warning', 34)}</div>
    <h2>${t('common.failed')}</h2>
    <p>${explain(error)}</p>
    <div class="row"><button class="button" @click=${retry}>${icon('restart', 18)}${t('common.retry')}</button></div>
  </div>`;
}

/** Told to screen readers, too. */
export function loadingState(): TemplateResult {
  return html`<div class="state" role="status">
    <span class="spinner"></span><span class="muted">${t('common.loading')}</span>
  </div>`;
}

/** One sentence for any failure of a request. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.failure === 'offline') return t('common.error.offline');
    if (error.failure === 'timeout') return t('common.error.timeout');
    if (error.status === 401) return t('common.error.unauthorized');
  }
  const text = error instanceof Error ? error.message : String(error);
  return text ? text[0]!.toUpperCase() + text.slice(1) : t('common.failed');
}
