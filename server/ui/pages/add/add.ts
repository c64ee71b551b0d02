/** `<ph-add>`: a new camera: found, described or pasted; then checked, named and saved. */
import { css, html, LitElement } from 'lit';
import '../../lib/components/tabs.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { go, href, type Place } from '../../lib/router.ts';
import { shared } from '../../lib/styles.ts';
import './address-panel.ts';
import './check.ts';
import type { ChosenEvent, Draft } from './draft.ts';
import './kind-panel.ts';
import './scan-panel.ts';

export class PhAdd extends LitElement {
  static override properties = { place: { attribute: false }, draft: { state: true } };
  declare place: Place;
  declare draft: Draft | undefined;

  static override styles = [shared, css`.panel { padding-top: var(--space-1); }`];

  override render() {
    return html`<ph-page heading=${t('common.page.add')}>
      ${
        this.draft
          ? html`<button
              slot="back" class="button quiet icon" aria-label=${t('common.back')} title=${t('common.back')}
              @click=${() => {
                this.draft = undefined;
              }}
            >${icon('back')}</button>`
          : html`<a slot="back" class="button quiet icon" href=${href('cameras')} aria-label=${t('camera.back')} title=${t('camera.back')}>${icon('back')}</a>`
      }
      ${this.draft ? html`<ph-check .draft=${this.draft}></ph-check>` : this.#renderWays()}
    </ph-page>`;
  }

  #renderWays() {
    const tabs = [
      { id: 'scan', title: t('add.way.scan'), icon: 'radar' },
      { id: 'kind', title: t('add.way.kind'), icon: 'form' },
      { id: 'address', title: t('add.way.address'), icon: 'link' },
    ] as const;
    const selected = tabs.find(({ id }) => id === this.place.query.way) ?? tabs[0];
    return html`
      <ph-tabs
        label=${t('add.ways')} .tabs=${tabs} selected=${selected.id}
        @select=${({ detail }: CustomEvent<string>) => go('add', '', { way: detail }, true)}
      ></ph-tabs>
      <div class="panel" role="tabpanel" aria-label=${selected.title}>
        ${this.#renderPanel(selected.id)}
      </div>
    `;
  }

  #renderPanel(way: 'scan' | 'kind' | 'address') {
    const onChosen = (event: ChosenEvent) => {
      this.draft = event.draft;
    };
    if (way === 'kind') return html`<ph-kinds @chosen=${onChosen}></ph-kinds>`;
    if (way === 'address') return html`<ph-address @chosen=${onChosen}></ph-address>`;
    return html`<ph-scan @chosen=${onChosen}></ph-scan>`;
  }
}

customElements.define('ph-add', PhAdd);
