/**
 * `<ph-config-review .base=${…} .text=${…}>`: what an edit changes, before it is applied. Fires `back`, `applied` (with
 * the sections that want a restart), `based` (somebody else changed the file: compare with that from now on), `discard`
 * (take that text instead), and `line` (go to a problem).
 */
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { ApiError } from '../../lib/api.ts';
import { explain } from '../../lib/components/states.ts';
import { language, t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { shared } from '../../lib/styles.ts';
import { type Check, isConflict, touchesNothing } from './changes.ts';
import { applyConfig, checkConfig, fetchConfig } from './config-api.ts';
import { createDiff } from './diff.ts';
import { phrases } from './phrases.ts';
import { configStyles } from './styles.ts';

/** From here on the two texts stand beside each other. */
const WIDE = matchMedia('(min-width: 1024px)');

export class PhConfigReview extends LitElement {
  static override properties = {
    base: { type: String },
    text: { type: String },
    check: { state: true },
    busy: { state: true },
    refusal: { state: true },
    conflict: { state: true },
  };
  declare base: string;
  declare text: string;
  declare check: Check | undefined;
  declare busy: boolean;
  /** Why the server did not take it. */
  declare refusal: string;
  /** The file is not what the edit began with. */
  declare conflict: boolean;

  #removeDiff: (() => void) | undefined;

  static override styles = [shared, configStyles];

  constructor() {
    super();
    this.base = '';
    this.text = '';
    this.busy = false;
    this.refusal = '';
    this.conflict = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    WIDE.addEventListener('change', this.#compare);
    addEventListener('keydown', this.#onKey);
    void this.#ask();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    WIDE.removeEventListener('change', this.#compare);
    removeEventListener('keydown', this.#onKey);
    this.#removeDiff?.();
    this.#removeDiff = undefined;
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector('h2')?.focus({ preventScroll: true });
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('base') || changed.has('text')) this.#compare();
  }

  override render() {
    return html`
      <header class="bar">
        <h2 tabindex="-1" class="grow">${t('config.review.heading')}</h2>
        <button class="button" @click=${() => this.#fire('back')}>${icon('edit', 18)}${t('config.review.back')}</button>
        <button class="button primary" aria-keyshortcuts="Control+S" ?disabled=${this.busy} @click=${this.#apply}>
          ${this.busy ? html`<span class="spinner"></span>` : icon('check', 18)}${t(
            this.conflict ? 'config.conflict.mine' : 'config.apply',
          )}
        </button>
      </header>
      <div role="status">${this.#renderConflict()}</div>
      <div role="alert">${this.#renderRefusal()}</div>
      ${this.#renderSummary()}
      <div class="names small muted"><span>${t('config.review.before')}</span><span>${t('config.review.after')}</span></div>
      <div class="diff card"></div>
    `;
  }

  #renderConflict() {
    if (!this.conflict) return nothing;
    return html`<div class="notice warn">
      ${icon('warning')}<span class="grow">${t('config.conflict')}</span>
      <button class="button small" @click=${() => this.#fire('discard', this.base)}>${t('config.conflict.theirs')}</button>
    </div>`;
  }

  #renderRefusal() {
    if (!this.refusal) return nothing;
    return html`<div class="notice alarm">
      ${icon('warning')}
      <span><strong>${t('config.refused')}</strong><br /><span class="reason">${this.refusal}</span></span>
    </div>`;
  }

  #renderSummary() {
    const { check } = this;
    if (!check) return html`<p class="muted small" role="status">${t('config.review.checking')}</p>`;
    const { added, changed, removed } = check.streams;
    const touched = added.length + changed.length + removed.length > 0;
    return html`<div class="summary card">
      <p>${t(touched ? 'config.review.streams' : 'config.review.quiet')}</p>
      ${
        touched
          ? html`<dl>
              ${this.#renderStreams('added', 'ok', added)} ${this.#renderStreams('changed', 'accent', changed)}
              ${this.#renderStreams('removed', 'alarm', removed)}
            </dl>`
          : nothing
      }
      ${
        check.restart.length > 0
          ? html`<p class="notice warn">
              ${icon('restart', 18)}${t('config.review.restart', { sections: listOf(check.restart) })}
            </p>`
          : nothing
      }
      ${
        check.problems.length > 0
          ? html`<div class="notice alarm">
              ${icon('warning', 18)}
              <div>
                <p>${t('config.review.problems')}</p>
                <ul>
                  ${check.problems.map(
                    ({ line, path, message }) => html`<li>
                      ${
                        line > 0
                          ? html`<button class="button small" @click=${() => this.#fire('line', line)}>
                              ${t('config.problem.line', { line })}
                            </button>`
                          : nothing
                      }
                      ${path ? html`<code>${path}</code>` : nothing} ${message}
                    </li>`,
                  )}
                </ul>
              </div>
            </div>`
          : nothing
      }
      ${!touchesNothing(check) || this.text !== this.base ? nothing : html`<p class="muted">${t('config.review.none')}</p>`}
    </div>`;
  }

  #renderStreams(what: 'added' | 'changed' | 'removed', tone: string, names: readonly string[]) {
    if (names.length === 0) return nothing;
    return html`<div>
      <dt>${t(`config.review.${what}`)}</dt>
      <dd>${names.map((name) => html`<span class="chip ${tone}">${SIGNS[what]} ${name}</span>`)}</dd>
    </div>`;
  }

  readonly #compare = (): void => {
    this.#removeDiff?.();
    const parent = this.renderRoot.querySelector<HTMLElement>('.diff');
    if (!parent) return;
    this.#removeDiff = createDiff({
      parent,
      root: this.renderRoot as ShadowRoot,
      before: this.base,
      after: this.text,
      wide: WIDE.matches,
      labels: { before: t('config.review.before'), after: t('config.review.after') },
      phrases: phrases(),
    });
  };

  async #ask(): Promise<void> {
    try {
      this.check = await checkConfig(this.text);
    } catch (error) {
      this.refusal = explain(error);
    }
  }

  readonly #apply = async (): Promise<void> => {
    if (this.busy) return;
    this.busy = true;
    this.refusal = '';
    try {
      const current = await fetchConfig().catch(noFile);
      if (isConflict(this.base, current, this.text)) {
        this.conflict = true;
        this.#fire('based', current);
        await this.#ask();
        return;
      }
      await applyConfig(this.text);
      this.#fire('applied', this.check?.restart ?? []);
    } catch (error) {
      this.refusal = explain(error);
    } finally {
      this.busy = false;
    }
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.#fire('back');
    if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return;
    // The press that opened the review is on its way up still.
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (!event.repeat) void this.#apply();
  };

  #fire(name: 'back' | 'applied' | 'based' | 'discard' | 'line', detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Not by colour alone. */
const SIGNS = { added: '+', changed: '~', removed: '−' } as const;

function listOf(names: readonly string[]): string {
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(names);
}

/** A file that is not there yet is an empty one. */
function noFile(error: unknown): string {
  if (error instanceof ApiError && error.status === 404) return '';
  throw error;
}

customElements.define('ph-config-review', PhConfigReview);
