/**
 * `<ph-config-history .current=${…}>`: the texts before the last edits, and what each differs in. Fires `back`, and `use`
 * with a text that should go into the editor.
 */
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { emptyState, failedState, loadingState, stateStyles } from '../../lib/components/states.ts';
import { language, t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { shared } from '../../lib/styles.ts';
import { fetchHistory, fetchPast, type PastConfig } from './config-api.ts';
import { createDiff } from './diff.ts';
import { phrases } from './phrases.ts';
import { configStyles } from './styles.ts';

const WIDE = matchMedia('(min-width: 1024px)');
const TIME = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });

export class PhConfigHistory extends LitElement {
  static override properties = {
    current: { type: String },
    versions: { state: true },
    failure: { state: true },
    shown: { state: true },
    text: { state: true },
  };
  declare current: string;
  declare versions: readonly PastConfig[] | undefined;
  declare failure: unknown;
  /** The version that is compared with what is in force. */
  declare shown: PastConfig | undefined;
  declare text: string;

  #removeDiff: (() => void) | undefined;

  static override styles = [shared, stateStyles, configStyles];

  constructor() {
    super();
    this.current = '';
    this.text = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#removeDiff?.();
    this.#removeDiff = undefined;
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector('h2')?.focus({ preventScroll: true });
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('text') || changed.has('shown')) this.#compare();
  }

  override render() {
    const { shown } = this;
    return html`
      <header class="bar">
        <h2 tabindex="-1" class="grow">${t('config.history')}</h2>
        <button class="button" @click=${() => this.dispatchEvent(new Event('back'))}>
          ${icon('edit', 18)}${t('config.review.back')}
        </button>
        ${
          shown
            ? html`<button
                class="button primary"
                @click=${() => this.dispatchEvent(new CustomEvent('use', { detail: this.text }))}
              >
                ${icon('undo', 18)}${t('config.history.use')}
              </button>`
            : nothing
        }
      </header>
      ${this.#renderVersions()}
      ${
        shown
          ? html`<div class="names small muted">
              <span>${t('config.history.before')}</span><span>${t('config.history.after')}</span>
            </div>`
          : nothing
      }
      <div class="diff card" ?hidden=${!shown}></div>
    `;
  }

  #renderVersions() {
    if (this.failure) return failedState(this.failure, () => void this.#load());
    if (!this.versions) return loadingState();
    if (this.versions.length === 0) return emptyState({ icon: 'log', heading: t('config.history.none') });
    return html`<ul class="versions card">
      ${this.versions.map(
        (version) => html`<li>
          <button aria-pressed=${version.id === this.shown?.id} @click=${() => void this.#open(version)}>
            <span class="grow">${t('config.history.until', { time: TIME.format(version.time) })}</span>
            <span class="muted small number">${t('config.history.size', { bytes: version.bytes })}</span>
          </button>
        </li>`,
      )}
    </ul>`;
  }

  async #load(): Promise<void> {
    this.failure = undefined;
    try {
      this.versions = await fetchHistory();
    } catch (error) {
      this.failure = error;
    }
  }

  async #open(version: PastConfig): Promise<void> {
    try {
      const text = await fetchPast(version.id);
      this.text = text;
      this.shown = version;
    } catch (error) {
      this.failure = error;
    }
  }

  #compare(): void {
    this.#removeDiff?.();
    this.#removeDiff = undefined;
    if (!this.shown) return;
    this.#removeDiff = createDiff({
      parent: this.renderRoot.querySelector<HTMLElement>('.diff')!,
      root: this.renderRoot as ShadowRoot,
      before: this.text,
      after: this.current,
      wide: WIDE.matches,
      labels: { before: t('config.history.before'), after: t('config.history.after') },
      phrases: phrases(),
    });
  }
}

customElements.define('ph-config-history', PhConfigHistory);
