/** `<ph-addresses>`: the addresses of a camera, each to be copied or scanned. */
import { css, html, LitElement, nothing } from 'lit';
import '../../lib/components/copy-button.ts';
import type { Camera } from '../../lib/api-types.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { store, watchStore } from '../../lib/store.ts';
import { shared } from '../../lib/styles.ts';
import { type Address, addressesOf, isIngress } from './addresses.ts';
import './qr-dialog.ts';

class PhAddresses extends LitElement {
  static override properties = { camera: { attribute: false }, shown: { state: true } };
  declare camera: Camera;
  /** Whose code is shown. */
  declare shown: Address | undefined;

  static override styles = [
    shared,
    css`
      p { margin-bottom: var(--space-3); }
      .notice { margin-bottom: var(--space-4); }
      li { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; align-items: center; padding: 6px 6px 6px 16px; border-bottom: 1px solid var(--line); }
      li:last-child { border-bottom: 0; }
      .title { font-size: var(--text-s); font-weight: 600; }
      a { display: block; overflow: hidden; color: var(--muted); text-decoration: none; text-overflow: ellipsis; white-space: nowrap; }
      a:hover { text-decoration: underline; }
      @media (min-width: 720px) {
        li { grid-template-columns: 190px minmax(0, 1fr) auto auto; }
        .address { display: contents; }
      }
    `,
  ];

  constructor() {
    super();
    watchStore(this);
  }

  override render() {
    const { id, sub } = this.camera;
    const base = document.baseURI;
    const addresses = addressesOf({ base, id, sub, rtsp: store.server?.rtsp });
    return html`
      <p class="muted small">${t('camera.addresses.hint')}</p>
      ${
        isIngress(base)
          ? html`<div class="notice">${icon('info')}<span>${t('camera.addresses.ingress')}</span></div>`
          : nothing
      }
      <ul class="card">${addresses.map((address) => this.#renderAddress(address))}</ul>
      <ph-qr-dialog
        .heading=${this.shown ? titleOf(this.shown) : ''} .text=${this.shown?.url ?? ''}
        @close=${() => {
          this.shown = undefined;
        }}
      ></ph-qr-dialog>
    `;
  }

  #renderAddress(address: Address) {
    const { url } = address;
    const title = titleOf(address);
    return html`<li>
      <div class="address">
        <span class="title">${title}</span>
        <a class="mono" href=${url} target="_blank" rel="noreferrer">${url}</a>
      </div>
      <ph-copy text=${url} label=${t('camera.address.copy', { title })}></ph-copy>
      <button
        class="button quiet icon" aria-label=${t('camera.address.qr', { title })} title=${t('camera.address.qr', { title })}
        @click=${() => {
          this.shown = address;
        }}
      >${icon('qr', 18)}</button>
    </li>`;
  }
}

function titleOf({ title, sub }: Address): string {
  return sub ? t('camera.address.sub', { title: t(title) }) : t(title);
}

customElements.define('ph-addresses', PhAddresses);
