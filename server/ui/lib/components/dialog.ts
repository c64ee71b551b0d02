/**
 * `<ph-dialog heading="Rename" ?open=${open} @close=${…}>`: a modal dialog, the browser's own: it holds the focus,
 * Escape closes it, and the focus goes back to where it was. On phones it comes up from the bottom edge.
 *
 * Slots: the content, and `actions`. Fires `close`, however it was closed.
 */
import { css, html, LitElement, type PropertyValues } from 'lit';
import { t } from '../i18n.ts';
import { icon } from '../icons.ts';
import { shared } from '../styles.ts';

export class PhDialog extends LitElement {
  static override properties = {
    open: { type: Boolean, reflect: true },
    heading: { type: String },
    wide: { type: Boolean, reflect: true },
    hasActions: { state: true },
  };
  declare open: boolean;
  declare heading: string;
  declare wide: boolean;
  declare hasActions: boolean;
  #opener: HTMLElement | undefined;

  static override styles = [
    shared,
    css`
      :host { display: contents; }
      dialog {
        width: min(440px, calc(100vw - 32px)); max-height: min(85dvh, 800px); padding: 0;
        border: 1px solid var(--line); border-radius: 16px;
        background: var(--raised); color: var(--text); box-shadow: var(--shadow-high);
        overflow: hidden;
      }
      dialog[open] { display: flex; flex-direction: column; }
      :host([wide]) dialog { width: min(760px, calc(100vw - 32px)); }
      dialog::backdrop { background: rgb(6 12 16 / 50%); }
      header { display: flex; align-items: center; gap: var(--space-2); padding: var(--space-3) var(--space-2) var(--space-1) var(--space-5); }
      h2 { flex: 1; outline: none; }
      .content { padding: var(--space-1) var(--space-5) var(--space-4); overflow: auto; }
      footer { display: flex; justify-content: flex-end; flex-wrap: wrap; gap: var(--space-2); padding: 0 var(--space-5) var(--space-5); }
      @media (max-width: 560px) {
        dialog, :host([wide]) dialog { width: 100%; max-width: none; margin: auto 0 0; border-width: 1px 0 0; border-radius: 18px 18px 0 0; }
        footer { padding-bottom: max(var(--space-5), env(safe-area-inset-bottom)); }
      }
    `,
  ];

  constructor() {
    super();
    this.open = false;
    this.heading = '';
    this.wide = false;
    this.hasActions = false;
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has('open')) return;
    const dialog = this.#dialog;
    if (this.open && !dialog.open) {
      this.#opener = deepActiveElement();
      dialog.showModal();
    }
    if (!this.open && dialog.open) dialog.close();
  }

  /** Out of the page while open: the browser forgets a dialog that is gone, we must too. */
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.open = false;
  }

  override render() {
    return html`
      <dialog aria-labelledby="title" @close=${this.#closed} @click=${this.#clicked}>
        <header>
          <h2 id="title" tabindex="-1">${this.heading}</h2>
          <button class="button quiet icon" aria-label=${t('common.close')} @click=${() => this.#dialog.close()}>
            ${icon('close')}
          </button>
        </header>
        <div class="content"><slot></slot></div>
        <footer ?hidden=${!this.hasActions}><slot name="actions" @slotchange=${this.#onSlot}></slot></footer>
      </dialog>
    `;
  }

  #onSlot(event: Event): void {
    this.hasActions = (event.target as HTMLSlotElement).assignedElements().length > 0;
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector('dialog')!;
  }

  #closed(event: Event): void {
    event.stopPropagation();
    this.open = false;
    const opener = this.#opener;
    this.#opener = undefined;
    if (opener?.isConnected) opener.focus();
    this.dispatchEvent(new Event('close'));
  }

  /** A click beside the dialog is one on the dialog itself. */
  #clicked(event: MouseEvent): void {
    const dialog = this.#dialog;
    if (event.target !== dialog) return;
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    const { clientX, clientY } = event;
    if (clientX < left || clientX > right || clientY < top || clientY > bottom) dialog.close();
  }
}

/** The focused element, through shadow roots. */
function deepActiveElement(): HTMLElement | undefined {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active instanceof HTMLElement ? active : undefined;
}

customElements.define('ph-dialog', PhDialog);
