/** `<ph-cameras>`: all cameras as tiles, moving as far as the browser can decode them. */
import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Camera } from '../../lib/api-types.ts';
import { emptyState, loadingState, stateStyles } from '../../lib/components/states.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { go, href, type Place } from '../../lib/router.ts';
import { store, watchStore } from '../../lib/store.ts';
import { shared } from '../../lib/styles.ts';
import { decoderBudget, shareOut, type TileMode } from './budget.ts';
import './tile.ts';

const RING_MS = 20_000;

export class PhCameras extends LitElement {
  static override properties = {
    place: { attribute: false },
    visible: { state: true },
    ringing: { state: true },
  };
  declare place: Place;
  declare visible: ReadonlySet<string>;
  declare ringing: ReadonlySet<string>;
  #modes: ReadonlyMap<string, TileMode> = new Map();
  #observer: IntersectionObserver | undefined;
  #leaveEvents: (() => void) | undefined;

  static override styles = [
    shared,
    stateStyles,
    css`
      .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: var(--space-4); }
      .areas { display: flex; gap: var(--space-2); margin-bottom: var(--space-4); overflow-x: auto; scrollbar-width: none; }
      .areas .button { flex: none; border-radius: 99px; }
      .skeleton { aspect-ratio: 4 / 3; }
    `,
  ];

  constructor() {
    super();
    this.visible = new Set();
    this.ringing = new Set();
    watchStore(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: '80px' });
    for (const tile of this.renderRoot?.querySelectorAll('ph-tile') ?? []) this.#observer.observe(tile);
    this.#leaveEvents = store.onEvent(({ id, event }) => {
      if (event === 'ring') this.#ring(id);
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer?.disconnect();
    this.#leaveEvents?.();
  }

  override willUpdate(): void {
    const playing = new Set([...this.#modes].filter(([, mode]) => mode === 'player').map(([id]) => id));
    this.#modes = shareOut(store.cameras, this.visible, playing, decoderBudget(device()));
  }

  override updated(): void {
    for (const tile of this.renderRoot.querySelectorAll('ph-tile')) this.#observer?.observe(tile);
  }

  override render() {
    const { cameras } = store;
    const live = cameras.filter(({ status }) => status === 'live').length;
    return html`
      <ph-page heading=${t('common.page.cameras')}>
        ${
          cameras.length > 0
            ? html`<span slot="subtitle" role="status">${t('cameras.summary', { count: cameras.length, live })}</span>`
            : nothing
        }
        ${
          store.isAdmin && cameras.length > 0
            ? html`<a slot="actions" class="button primary" href=${href('add')}>${icon('add', 18)}${t('cameras.add')}</a>`
            : nothing
        }
        ${this.#renderContent(cameras)}
      </ph-page>
    `;
  }

  #renderContent(cameras: readonly Camera[]) {
    if (!store.ready) return loadingState();
    if (cameras.length === 0) {
      const { isAdmin } = store;
      return emptyState({
        icon: 'cameras',
        heading: t('cameras.empty.heading'),
        text: isAdmin ? t('cameras.empty.admin') : t('cameras.empty.viewer'),
        ...(isAdmin
          ? {
              actions: html`<a class="button primary" href=${href('add')}>${icon('add', 18)}${t('cameras.add')}</a>`,
            }
          : {}),
      });
    }
    const areas = [...new Set(cameras.flatMap(({ area }) => area || []))].sort((a, b) => a.localeCompare(b));
    const chosen = areas.includes(this.place.query.area ?? '') ? this.place.query.area : undefined;
    const shown = chosen ? cameras.filter(({ area }) => area === chosen) : cameras;
    return html`
      ${areas.length > 1 ? this.#renderAreas(areas, chosen) : nothing}
      <ul class="tiles">
        ${repeat(
          shown,
          ({ id }) => id,
          (camera) => html`<li>
            <ph-tile
              .camera=${camera} .mode=${this.#modes.get(camera.id) ?? 'none'} .visible=${this.visible.has(camera.id)}
              ?ringing=${this.ringing.has(camera.id)}
            ></ph-tile>
          </li>`,
        )}
      </ul>
    `;
  }

  #renderAreas(areas: readonly string[], chosen: string | undefined) {
    const button = (area: string | undefined, title: string) =>
      html`<button
        class="button small" aria-pressed=${area === chosen}
        @click=${() => go('cameras', '', area ? { area } : {}, true)}
      >${title}</button>`;
    return html`<div class="areas" role="group" aria-label=${t('cameras.filter')}>
      ${button(undefined, t('cameras.filter.all'))} ${areas.map((area) => button(area, area))}
    </div>`;
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    const visible = new Set(this.visible);
    for (const { target, isIntersecting } of entries) {
      const { camera } = target as HTMLElementTagNameMap['ph-tile'];
      if (isIntersecting) visible.add(camera.id);
      else visible.delete(camera.id);
    }
    this.visible = visible;
  }

  #ring(id: string): void {
    this.ringing = new Set([...this.ringing, id]);
    setTimeout(() => {
      this.ringing = new Set([...this.ringing].filter((other) => other !== id));
    }, RING_MS);
  }
}

function device() {
  const { connection, hardwareConcurrency } = navigator as {
    connection?: { saveData?: boolean };
  } & Navigator;
  return {
    cores: hardwareConcurrency || 4,
    handheld: matchMedia('(pointer: coarse), (max-width: 719px)').matches,
    frugal: connection?.saveData === true || matchMedia('(prefers-reduced-motion: reduce)').matches,
  };
}

customElements.define('ph-cameras', PhCameras);
