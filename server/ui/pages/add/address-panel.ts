/** `<ph-address>`: the address of a camera, pasted, with user and password beside it where it has none. */
import { css, html, LitElement } from 'lit';
import { describedBy, field } from '../../lib/components/field.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { shared } from '../../lib/styles.ts';
import { ChosenEvent } from './draft.ts';

class PhAddress extends LitElement {
  static override properties = { problem: { state: true } };
  declare problem: string;

  static override styles = [shared, css`form { max-width: 640px; }`];

  constructor() {
    super();
    this.problem = '';
  }

  override render() {
    return html`<form class="stack" @submit=${this.#submit} novalidate>
      ${field(
        { id: 'address', label: t('add.address'), hint: t('add.address.hint'), error: this.problem },
        html`<input
          class="input mono" id="address" name="address" type="text" inputmode="url" placeholder="rtsp://192.168.1.20/stream1"
          autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby=${describedBy('address')}
          aria-invalid=${this.problem !== ''}
        />`,
      )}
      <div class="row"><button class="button primary">${t('add.check')}${icon('next', 18)}</button></div>
    </form>`;
  }

  #submit(event: Event): void {
    event.preventDefault();
    const input = this.renderRoot.querySelector('input')!;
    const source = input.value.trim();
    this.problem = /^[a-z][a-z0-9+.-]*:./i.test(source) ? '' : t('add.address.invalid');
    if (this.problem) input.focus();
    else this.dispatchEvent(new ChosenEvent({ name: '', sources: [{ source }], credentials: false }));
  }
}

customElements.define('ph-address', PhAddress);
