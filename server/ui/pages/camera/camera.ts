/** `<ph-camera>`: one camera: its picture, how it is and why, what it has, who watches, and what can be done to it. */
import '../../lib/player.ts';
import { html, LitElement, nothing } from 'lit';
import { apiUrl } from '../../../../frontend-card/src/player/url.ts';
import type { Camera } from '../../lib/api-types.ts';
import type { MenuItem } from '../../lib/components/menu.ts';
import { emptyState, loadingState, stateStyles } from '../../lib/components/states.ts';
import '../../lib/components/tabs.ts';
import type { Remedy } from '../../lib/error-keys.ts';
import { joinPhrases } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { nameOf } from '../../lib/live-state.ts';
import { go, href, type Place } from '../../lib/router.ts';
import { store, watchStore } from '../../lib/store.ts';
import { shared } from '../../lib/styles.ts';
import { verdictOf } from '../../lib/verdict.ts';
import './addresses-panel.ts';
import './charts.ts';
import { remove, restart, setEnabled } from './deeds.ts';
import type { EditMode } from './edit-dialog.ts';
import './edit-dialog.ts';
import './facts.ts';
import { failureCard, failureStyles } from './failure.ts';
import './ptz-pad.ts';
import { wishOf } from '../cameras/budget.ts';
import '../log/log-lines.ts';
import { cameraStyles } from './styles.ts';

const DELAY_MS = 1000;

export class PhCamera extends LitElement {
  static override properties = {
    place: { attribute: false },
    editing: { state: true },
    trying: { state: true },
    delayMs: { state: true },
  };
  declare place: Place;
  declare editing: EditMode;
  /** Somebody wants to see it, though it sleeps, or was refused. */
  declare trying: boolean;
  declare delayMs: number | undefined;
  #delayTimer: ReturnType<typeof setInterval> | undefined;

  static override styles = [shared, stateStyles, failureStyles, cameraStyles];

  constructor() {
    super();
    this.editing = '';
    this.trying = false;
    watchStore(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#delayTimer = setInterval(() => this.#readDelay(), DELAY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#delayTimer);
  }

  override render() {
    const camera = store.camera(this.place.id);
    return html`<ph-page heading=${camera ? nameOf(camera) : t('common.page.camera')}>
      <a slot="back" class="button quiet icon" href=${href('cameras')} aria-label=${t('camera.back')} title=${t('camera.back')}>
        ${icon('back')}
      </a>
      ${camera ? this.#renderCamera(camera) : this.#renderMissing()}
    </ph-page>`;
  }

  #renderMissing() {
    if (!store.ready) return loadingState();
    return emptyState({
      icon: 'cameras',
      heading: t('camera.gone.heading'),
      text: t('camera.gone.text'),
      actions: html`<a class="button" href=${href('cameras')}>${t('camera.back')}</a>`,
    });
  }

  #renderCamera(camera: Camera) {
    const { tone, phrases } = verdictOf(camera, this.delayMs);
    const tabs = [
      { id: 'overview', title: t('camera.tab.overview') },
      { id: 'addresses', title: t('camera.tab.addresses') },
      ...(store.isAdmin ? [{ id: 'log', title: t('camera.tab.log') }] : []),
    ];
    const selected = tabs.find(({ id }) => id === this.place.query.tab) ?? tabs[0]!;
    return html`
      <span slot="subtitle" class="verdict ${tone}"><span class="dot"></span>${joinPhrases(phrases)}</span>
      ${this.#renderActions(camera)}
      <ph-tabs
        slot="tabs" label=${t('camera.tabs')} .tabs=${tabs} selected=${selected.id}
        @select=${({ detail }: CustomEvent<string>) => go('camera', camera.id, detail === 'overview' ? {} : { tab: detail }, true)}
      ></ph-tabs>
      <div role="tabpanel" aria-label=${selected.title}>${this.#renderTab(camera, selected.id)}</div>
      <ph-camera-edit
        .camera=${camera} mode=${this.editing}
        @close=${() => {
          this.editing = '';
        }}
      ></ph-camera-edit>
    `;
  }

  #renderActions(camera: Camera) {
    const picture = apiUrl(document.baseURI, 'api/frame.jpeg', { src: camera.id });
    const file = `${camera.id}.jpeg`;
    return html`
      ${
        camera.enabled && camera.status !== 'failed' && camera.status !== 'asleep'
          ? html`<a slot="actions" class="button" href=${picture} download=${file}>${icon('snapshot', 18)}<span class="words">${t('camera.snapshot')}</span></a>`
          : nothing
      }
      ${
        store.isAdmin
          ? html`
              ${
                camera.enabled
                  ? html`<button slot="actions" class="button roomy" @click=${() => this.#restart(camera)}>${icon('restart', 18)}<span class="words">${t('camera.restart')}</span></button>`
                  : html`<button slot="actions" class="button primary" @click=${() => void setEnabled(camera, true)}>${icon('power', 18)}${t('camera.enable')}</button>`
              }
              <button slot="actions" class="button roomy" @click=${() => this.#edit('edit')}>${icon('edit', 18)}<span class="words">${t('camera.edit')}</span></button>
              <ph-menu slot="actions" label=${t('common.more')} .items=${this.#menuItems(camera)}></ph-menu>
            `
          : nothing
      }
    `;
  }

  #menuItems(camera: Camera): readonly MenuItem[] {
    const { enabled } = camera;
    return [
      { title: t('camera.edit'), icon: 'form', run: () => this.#edit('edit') },
      { title: t('camera.rename'), icon: 'edit', run: () => this.#edit('rename') },
      ...(enabled
        ? [{ title: t('camera.restart'), icon: 'restart', run: () => this.#restart(camera) } as const]
        : []),
      {
        title: t(enabled ? 'camera.disable' : 'camera.enable'),
        icon: 'power',
        run: () => void setEnabled(camera, !enabled),
      },
      { title: t('camera.delete'), icon: 'trash', danger: true, run: () => void remove(camera) },
    ];
  }

  #renderTab(camera: Camera, tab: string) {
    if (tab === 'addresses') return html`<ph-addresses .camera=${camera}></ph-addresses>`;
    if (tab === 'log') {
      return html`<ph-log-lines class="card" compact camera=${camera.id}></ph-log-lines>
        <a class="button quiet all" href=${href('log', '', { camera: camera.id })}>${t('camera.log.all')}</a>`;
    }
    const isAdmin = store.isAdmin;
    return html`<div class="overview">
      <div class="watch">
        ${this.#renderPicture(camera)}
        ${failureCard(camera, isAdmin ? (remedy) => this.#run(remedy, camera) : undefined)}
        ${camera.ptz ? html`<section class="card padded" aria-label=${t('camera.ptz')}><ph-ptz .camera=${camera}></ph-ptz></section>` : nothing}
        <ph-camera-charts camera=${camera.id}></ph-camera-charts>
      </div>
      <ph-camera-facts .camera=${camera}></ph-camera-facts>
    </div>`;
  }

  #renderPicture(camera: Camera) {
    if (!camera.enabled)
      return html`<div class="picture off">${icon('power', 40)}<span>${t('cameras.verdict.disabled')}</span></div>`;
    if (wishOf(camera) === 'none' && !this.trying) {
      return html`<div class="picture off">
        ${icon(camera.status === 'asleep' ? 'sleep' : 'key', 40)}
        <button class="button" @click=${() => this.#restart(camera)}>${icon('play', 18)}${t('camera.tryNow')}</button>
      </div>`;
    }
    return html`<porthole-player
      class="picture" src=${camera.id} sub=${camera.sub ?? nothing} tier="main" name="" muted aspect="16 / 9"
      media=${camera.talk ? 'video,audio,microphone' : 'video,audio'}
    ></porthole-player>`;
  }

  #restart(camera: Camera): void {
    this.trying = true;
    void restart(camera);
  }

  #edit(mode: EditMode): void {
    this.editing = mode;
  }

  #run(remedy: Remedy, camera: Camera): void {
    if (remedy === 'edit') this.#edit('edit');
    else if (remedy === 'restart') this.#restart(camera);
    else if (remedy === 'log') go('camera', camera.id, { tab: 'log' });
    else go('config');
  }

  #readDelay(): void {
    const delay = this.renderRoot.querySelector('porthole-player')?.delay;
    this.delayMs = delay === undefined ? undefined : delay * 1000;
  }
}

customElements.define('ph-camera', PhCamera);
