/** `<ph-app>`: the frame around all pages: navigation, notices, and the page that the address names. */
import { css, html, LitElement, nothing } from 'lit';
import '../lib/components/page.ts';
import '../lib/components/menu.ts';
import { markArrival } from '../lib/arrival.ts';
import { failedState, loadingState, stateStyles } from '../lib/components/states.ts';
import { loadMessages, t } from '../lib/i18n.ts';
import { icon } from '../lib/icons.ts';
import { href, PAGE_NAMES, type Place, parseHash } from '../lib/router.ts';
import { store, watchStore } from '../lib/store.ts';
import { shared } from '../lib/styles.ts';
import { PAGES, type PageElement } from '../pages/pages.ts';
import './notices.ts';
import { preferenceItems } from './preferences.ts';
import { shellStyles } from './styles.ts';

export class PhApp extends LitElement {
  static override properties = { place: { state: true }, page: { state: true }, failure: { state: true } };
  declare place: Place;
  declare page: PageElement | undefined;
  declare failure: unknown;
  #shown = '';

  static override styles = [shared, stateStyles, shellStyles, css``];

  constructor() {
    super();
    this.place = parseHash(location.hash);
    watchStore(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('hashchange', this.#navigate);
    addEventListener('themechange', this.#refresh);
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('hashchange', this.#navigate);
    removeEventListener('themechange', this.#refresh);
  }

  override render() {
    return html`
      ${this.#renderRail()}
      <main id="main" tabindex="-1">
        <ph-notices></ph-notices>
        ${this.#renderPage()}
      </main>
    `;
  }

  #renderPage() {
    if (this.failure) return failedState(this.failure, () => void this.#load());
    if (!this.page) return loadingState();
    if (PAGES[this.place.page].admin && store.ready && !store.isAdmin)
      return html`<ph-page heading=${t(PAGES[this.place.page].title)}><p class="muted">${t('common.adminsOnly')}</p></ph-page>`;
    return this.page;
  }

  #renderRail() {
    const current = PAGES[this.place.page].under ?? this.place.page;
    const names = PAGE_NAMES.filter((name) => PAGES[name].icon && (store.isAdmin || !PAGES[name].admin));
    return html`
      <header class="rail">
        <a class="skip" href=${location.hash || '#/cameras'} @click=${this.#skip}>${t('common.skip')}</a>
        <a class="brand" href=${href('cameras')} aria-label="Porthole">
          <img src=${new URL('../icon.svg', import.meta.url).href} alt="" width="32" height="32" />
          <span>Porthole</span>
        </a>
        ${
          names.length > 1
            ? html`<nav aria-label=${t('common.navigation')}>
                ${names.map(
                  (name) => html`<a href=${href(name)} aria-current=${name === current ? 'page' : nothing}>
                    ${icon(PAGES[name].icon!, 22)}<span>${t(PAGES[name].title)}</span>
                  </a>`,
                )}
              </nav>`
            : nothing
        }
        <div class="foot">
          ${store.server ? html`<span class="version muted">${store.server.version}</span>` : nothing}
          <ph-menu label=${t('common.preferences')} icon="sun" .items=${preferenceItems()}></ph-menu>
        </div>
      </header>
    `;
  }

  readonly #refresh = (): void => this.requestUpdate();

  readonly #navigate = (): void => {
    this.place = parseHash(location.hash);
    void this.#load();
  };

  /** Brings the page of `place`; only a page that was asked for last is shown. */
  async #load(): Promise<void> {
    const { place } = this;
    const definition = PAGES[place.page];
    const key = `${place.page}/${place.id}`;
    if (key === this.#shown && this.page) {
      this.page.place = place;
      return;
    }
    const isArrival = this.#shown !== '' && this.#shown !== key;
    this.#shown = key;
    this.failure = undefined;
    try {
      await Promise.all([definition.load(), loadMessages(...definition.areas)]);
    } catch (error) {
      if (this.#shown === key) this.failure = error;
      return;
    }
    if (this.#shown !== key) return;
    const page = document.createElement(definition.tag) as PageElement;
    page.place = place;
    document.title = `${place.id || t(definition.title)} · Porthole`;
    if (isArrival) {
      markArrival();
      this.renderRoot.querySelector('main')?.scrollTo(0, 0);
      scrollTo(0, 0);
    }
    this.page = page;
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.renderRoot.querySelector('main')?.focus();
  }
}

customElements.define('ph-app', PhApp);
