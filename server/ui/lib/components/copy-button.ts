/** `<ph-copy text="rtsp://…" label="Copy the address">`: puts text on the clipboard, and says that it did. */
import { css, html, LitElement } from 'lit';
import { copyText } from '../copy.ts';
import { t } from '../i18n.ts';
import { icon } from '../icons.ts';
import { shared } from '../styles.ts';

const COPIED_MS = 2000;

export class PhCopy extends LitElement {
  static override properties = { text: { type: String }, label: { type: String }, copied: { state: true } };
  declare text: string;
  declare label: string;
  declare copied: boolean;

  static override styles = [shared, css`:host { display: inline-block; } .copied { color: var(--ok); }`];

  constructor() {
    super();
    this.text = '';
    this.label = '';
    this.copied = false;
  }

  override render() {
    const label = this.label || t('common.copy');
    return html`
      <button class="button quiet icon ${this.copied ? 'copied' : ''}" aria-label=${label} title=${label} @click=${this.#copy}>
        ${icon(this.copied ? 'check' : 'copy', 18)}
      </button>
      <span class="visually-hidden" role="status">${this.copied ? t('common.copied') : ''}</span>
    `;
  }

  async #copy(): Promise<void> {
    this.copied = await copyText(this.text);
    if (this.copied)
      setTimeout(() => {
        this.copied = false;
      }, COPIED_MS);
  }
}

customElements.define('ph-copy', PhCopy);
