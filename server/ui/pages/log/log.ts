/**
 * `<ph-log>`: the log as it grows. What is shown stands in the address: `#/log?level=warn&module=rtsp&camera=door&q=lost`.
 */
import { css, html, LitElement } from 'lit';
import { confirm } from '../../lib/components/confirm.ts';
import '../../lib/components/dialog.ts';
import type { MenuItem } from '../../lib/components/menu.ts';
import { toast, toastFailure } from '../../lib/components/toast.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { nameOf } from '../../lib/live-state.ts';
import { go, type Place } from '../../lib/router.ts';
import { store, watchStore } from '../../lib/store.ts';
import { shared } from '../../lib/styles.ts';
import './levels.ts';
import { LEVELS, type Level, type LogFilter } from './lines.ts';
import { bundleUrl, fetchLevels } from './log-api.ts';
import './log-lines.ts';
import type { PhLogLines } from './log-lines.ts';

const TYPED_MS = 250;

export class PhLog extends LitElement {
  static override properties = {
    place: { attribute: false },
    paused: { state: true },
    modules: { state: true },
    dialog: { state: true },
  };
  declare place: Place;
  declare paused: boolean;
  declare modules: readonly string[];
  declare dialog: '' | 'levels' | 'share';
  #typed: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    shared,
    css`
      .filters { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: var(--space-2); margin-bottom: var(--space-3); }
      .filters .input { min-width: 0; font-size: var(--text-m); text-overflow: ellipsis; }
      .search { position: relative; grid-column: 1 / -1; }
      .search svg { position: absolute; inset-block-start: 50%; inset-inline-start: 11px; translate: 0 -50%; color: var(--muted); }
      .search .input { padding-inline-start: 38px; }
      ph-log-lines { height: max(320px, calc(100dvh - 306px)); }
      @media (max-width: 719px) {
        .filters .input { padding-inline: 10px 4px; }
        .search .input { padding-inline-start: 38px; }
      }
      @media (min-width: 720px) {
        .filters { grid-template-columns: minmax(220px, 1fr) repeat(3, minmax(120px, 200px)); }
        .search { grid-column: auto; }
        ph-log-lines { height: max(320px, calc(100dvh - 164px)); }
      }
    `,
  ];

  constructor() {
    super();
    this.place = { page: 'log', id: '', query: {} };
    this.paused = false;
    this.modules = [];
    this.dialog = '';
    watchStore(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#loadModules();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#typed);
  }

  override render() {
    const close = () => {
      this.dialog = '';
    };
    return html`<ph-page heading=${t('common.page.log')} wide>
      <button
        slot="actions" class="button"
        @click=${() => {
          this.paused = !this.paused;
        }}
      >
        ${icon(this.paused ? 'play' : 'pause', 18)}${t(this.paused ? 'log.resume' : 'log.pause')}
      </button>
      <ph-menu slot="actions" label=${t('common.more')} .items=${this.#menu}></ph-menu>
      ${this.#renderFilters()}
      <ph-log-lines
        class="card" camera=${this.place.query.camera ?? ''} .filter=${this.#filter} .paused=${this.paused}
        @pause=${({ detail }: CustomEvent<boolean>) => {
          this.paused = detail;
        }}
        @reset=${() => go('log', '', {}, true)}
      ></ph-log-lines>
      <ph-log-levels ?open=${this.dialog === 'levels'} @close=${close}></ph-log-levels>
      <ph-dialog heading=${t('log.share.heading')} ?open=${this.dialog === 'share'} @close=${close}>
        <p>${t('log.share.text')}</p>
        <a slot="actions" class="button primary" href=${bundleUrl()} download="porthole.txt" @click=${close}>
          ${icon('download', 18)}${t('log.share.download')}
        </a>
      </ph-dialog>
    </ph-page>`;
  }

  #renderFilters() {
    const { level = 'trace', module = '', camera = '', q = '' } = this.place.query;
    return html`<div class="filters" role="search">
      <div class="search">
        ${icon('search', 18)}
        <input
          class="input" type="search" aria-label=${t('log.search')} placeholder=${t('log.search')}
          .value=${q} @input=${this.#onType}
        />
      </div>
      ${this.#renderChoice('level', t('log.level'), level, [
        { value: '', title: t('log.level') },
        ...LEVELS.slice(1).map((value) => ({ value, title: t('log.level.from', { level: value }) })),
      ])}
      ${this.#renderChoice('module', t('log.module'), module, [
        { value: '', title: t('log.module') },
        ...this.modules.map((value) => ({ value, title: value })),
      ])}
      ${this.#renderChoice('camera', t('log.camera'), camera, [
        { value: '', title: t('log.camera') },
        ...store.cameras.map((each) => ({ value: each.id, title: nameOf(each) })),
      ])}
    </div>`;
  }

  #renderChoice(
    name: string,
    label: string,
    chosen: string,
    options: readonly { readonly value: string; readonly title: string }[],
  ) {
    return html`<select
      class="input" aria-label=${label}
      @change=${(event: Event) => this.#show({ [name]: (event.target as HTMLSelectElement).value })}
    >
      ${options.map(({ value, title }) => html`<option value=${value} ?selected=${value === chosen}>${title}</option>`)}
    </select>`;
  }

  get #menu(): readonly MenuItem[] {
    return [
      { title: t('log.levels'), icon: 'config', run: () => this.#open('levels') },
      { title: t('log.share'), icon: 'download', run: () => this.#open('share') },
      { title: t('log.clear'), icon: 'trash', danger: true, run: () => void this.#clear() },
    ];
  }

  #open(dialog: 'levels' | 'share'): void {
    this.dialog = dialog;
  }

  get #filter(): LogFilter {
    const { level, module = '', q: text = '' } = this.place.query;
    return { level: LEVELS.find((known): known is Level => known === level) ?? 'trace', module, text };
  }

  readonly #onType = ({ target }: Event): void => {
    clearTimeout(this.#typed);
    this.#typed = setTimeout(() => this.#show({ q: (target as HTMLInputElement).value }), TYPED_MS);
  };

  /** Changes a part of the query. */
  #show(change: Readonly<Record<string, string>>): void {
    const query = Object.entries({ ...this.place.query, ...change }).filter(([, value]) => value !== '');
    go('log', '', Object.fromEntries(query), true);
  }

  async #loadModules(): Promise<void> {
    this.modules = await fetchLevels().then(
      ({ known }) => known,
      () => [],
    );
  }

  async #clear(): Promise<void> {
    const sure = await confirm({
      heading: t('log.clear.heading'),
      text: t('log.clear.text'),
      action: t('log.clear'),
      danger: true,
    });
    if (!sure) return;
    try {
      await this.renderRoot.querySelector<PhLogLines>('ph-log-lines')!.clear();
      toast(t('log.cleared'));
    } catch (error) {
      toastFailure(error);
    }
  }
}

customElements.define('ph-log', PhLog);
