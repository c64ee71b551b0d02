/** `<ph-notices>`: what the owner should know about the server: it is gone, warnings, ports, a restart, an import. */
import { css, html, LitElement, nothing } from 'lit';
import { sendJson } from '../lib/api.ts';
import { toastFailure } from '../lib/components/toast.ts';
import { t } from '../lib/i18n.ts';
import { icon } from '../lib/icons.ts';
import { store, watchStore } from '../lib/store.ts';
import { shared } from '../lib/styles.ts';
import { type Notice, noticesOf } from './notice-list.ts';

/** A loss that mends itself within a moment is not worth a word. */
const GONE_MS = 1500;

/** So many are shown at once; the rest when asked for. */
const FOLDED = 2;

interface ImportAnswer {
  readonly added: readonly string[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

class PhNotices extends LitElement {
  static override properties = {
    expanded: { state: true },
    gone: { state: true },
    importing: { state: true },
    imported: { state: true },
  };
  declare expanded: boolean;
  declare gone: boolean;
  declare importing: boolean;
  declare imported: ImportAnswer | undefined;
  #goneTimer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    shared,
    css`
      :host { display: grid; gap: var(--space-2); max-width: 1200px; margin: 0 auto; padding: var(--space-3) var(--space-4) 0; }
      :host([empty]) { display: none; }
      .notice { align-items: flex-start; font-size: var(--text-s); }
      .rest { justify-self: start; }
      .notice .grow { padding: 2px 0; }
      .notice .button { margin: -2px -6px -2px 0; }
      ul { margin-top: 4px; list-style: disc; padding-inline-start: 18px; }
      @media (min-width: 720px) { :host { padding: var(--space-4) var(--space-5) 0; } }
    `,
  ];

  constructor() {
    super();
    this.expanded = false;
    this.gone = false;
    this.importing = false;
    watchStore(this);
  }

  override willUpdate(): void {
    if (store.connected) {
      clearTimeout(this.#goneTimer);
      this.#goneTimer = undefined;
      this.gone = false;
    } else {
      this.#goneTimer ??= setTimeout(() => {
        this.gone = !store.connected;
      }, GONE_MS);
    }
  }

  override render() {
    const notices = noticesOf(store.server, this.gone, dismissed());
    this.toggleAttribute('empty', notices.length === 0 && !this.imported);
    const shown = this.expanded || notices.length <= FOLDED + 1 ? notices : notices.slice(0, FOLDED);
    const rest = notices.length - shown.length;
    return html`
      ${shown.map((notice) => this.#renderNotice(notice))}
      ${
        rest > 0
          ? html`<button
              class="button quiet small rest"
              @click=${() => {
                this.expanded = true;
              }}
            >${t('common.notice.more', { count: rest })}</button>`
          : nothing
      }
      ${this.#renderImported()}
    `;
  }

  #renderNotice(notice: Notice) {
    const { id, tone, key, values, text } = notice;
    return html`<div class="notice ${tone}" role=${tone === 'alarm' ? 'alert' : 'status'}>
      ${icon(tone === 'info' ? 'info' : id === 'gone' ? 'offline' : 'warning')}
      <div class="grow">${key ? t(key, values) : text}</div>
      ${
        notice.action === 'import'
          ? html`<button class="button small" ?disabled=${this.importing} @click=${this.#import}>
              ${t('common.notice.import.action')}
            </button>`
          : nothing
      }
      ${
        notice.dismissable
          ? html`<button class="button quiet icon small" aria-label=${t('common.dismiss')} @click=${() => this.#dismiss(id)}>
              ${icon('close', 16)}
            </button>`
          : nothing
      }
    </div>`;
  }

  #renderImported() {
    if (!this.imported) return nothing;
    const { added, skipped } = this.imported;
    return html`<div class="notice" role="status">
      ${icon('check')}
      <div class="grow">
        ${t('common.notice.imported', { added: added.length, skipped: skipped.length })}
        ${skipped.length > 0 ? html`<ul>${skipped.map(({ name, reason }) => html`<li>${name}: ${reason}</li>`)}</ul>` : nothing}
      </div>
      <button class="button quiet icon small" aria-label=${t('common.dismiss')} @click=${() => {
        this.imported = undefined;
      }}>
        ${icon('close', 16)}
      </button>
    </div>`;
  }

  async #import(): Promise<void> {
    this.importing = true;
    try {
      this.imported = await sendJson<ImportAnswer>('POST', 'api/import');
    } catch (error) {
      toastFailure(error);
    }
    this.importing = false;
  }

  #dismiss(id: string): void {
    try {
      sessionStorage.setItem(STORED, JSON.stringify([...dismissed(), id]));
    } catch {
      // Storage is forbidden in this frame: it comes back with the next page load.
    }
    this.requestUpdate();
  }
}

const STORED = 'porthole.dismissed';

function dismissed(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(STORED) ?? '[]');
    return Array.isArray(stored) ? stored.map(String) : [];
  } catch {
    return [];
  }
}

customElements.define('ph-notices', PhNotices);
