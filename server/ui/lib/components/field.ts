/**
 * A labelled input with its hint or error, as a template, so that label and input live in one shadow root:
 *
 *   ${field({ id: 'name', label: t('add.name'), hint: …, error: … }, html`<input class="input" …>`)}
 *
 * The input takes `id`, and `describedBy(id)` where there is a hint or an error.
 */
import { html, nothing, type TemplateResult } from 'lit';

export interface FieldOptions {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly error?: string | undefined;
}

export function field({ id, label, hint, error }: FieldOptions, input: TemplateResult): TemplateResult {
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${input}
    ${error || hint ? html`<div class=${error ? 'error' : 'hint'} id="${id}-note">${error || hint}</div>` : nothing}
  </div>`;
}

/** For `aria-describedby` of the input. */
export function describedBy(id: string): string {
  return `${id}-note`;
}
