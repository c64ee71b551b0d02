/** `<ph-qr-dialog .heading=… .text=…>`: a text as a QR code, open while there is a text. */
import { css, html, LitElement, nothing } from 'lit';
import '../../lib/components/copy-button.ts';
import '../../lib/components/dialog.ts';
import qrcode from 'qrcode-generator';
import { shared } from '../../lib/styles.ts';

/** Quiet zone around the code, in modules; scanners want four. */
const MARGIN = 4;

class PhQrDialog extends LitElement {
  static override properties = { heading: { attribute: false }, text: { attribute: false } };
  declare heading: string;
  declare text: string;

  static override styles = [
    shared,
    css`
      :host { display: contents; }
      .code { display: block; width: min(280px, 100%); height: auto; margin: 0 auto; border-radius: var(--radius); background: #fff; }
      .text { display: flex; align-items: center; gap: var(--space-2); margin-top: var(--space-3); }
    `,
  ];

  constructor() {
    super();
    this.heading = '';
    this.text = '';
  }

  override render() {
    const { heading, text } = this;
    return html`<ph-dialog heading=${heading} ?open=${text !== ''} @close=${this.#closed}>
      ${
        text
          ? html`${this.#renderCode(text)}
              <p class="text"><span class="mono grow">${text}</span><ph-copy text=${text}></ph-copy></p>`
          : nothing
      }
    </ph-dialog>`;
  }

  #renderCode(text: string) {
    const { size, path } = codePath(text);
    const side = size + 2 * MARGIN;
    return html`<svg class="code" viewBox="${-MARGIN} ${-MARGIN} ${side} ${side}" shape-rendering="crispEdges" role="img" aria-label=${text}>
      <path d=${path} fill="#000"></path>
    </svg>`;
  }

  #closed(): void {
    this.dispatchEvent(new Event('close'));
  }
}

/** The dark modules as one path, a unit each. */
function codePath(text: string): { readonly size: number; readonly path: string } {
  const code = qrcode(0, 'M');
  code.addData(text, 'Byte');
  code.make();
  const size = code.getModuleCount();
  let path = '';
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      if (code.isDark(row, column)) path += `M${column} ${row}h1v1h-1z`;
  return { size, path };
}

customElements.define('ph-qr-dialog', PhQrDialog);
