/** `<ph-config>` */
import { html, LitElement } from 'lit';
import { t } from '../../lib/i18n.ts';
import type { Place } from '../../lib/router.ts';
import { shared } from '../../lib/styles.ts';

export class PhConfig extends LitElement {
  static override properties = { place: { attribute: false } };
  declare place: Place;

  static override styles = [shared];

  override render() {
    return html`<ph-page heading=${t('common.page.config')}></ph-page>`;
  }
}

customElements.define('ph-config', PhConfig);
