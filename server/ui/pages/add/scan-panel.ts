/** `<ph-scan>`: looks for cameras in every way the server knows, all at once, and lists what it finds as it comes. */
import { css, html, LitElement, nothing } from 'lit';
import type { Found, ScanKind } from '../../lib/api-types.ts';
import { fetchScanKinds, scan } from '../../lib/cameras-api.ts';
import { explain, failedState, stateStyles } from '../../lib/components/states.ts';
import { t, translated } from '../../lib/i18n.ts';
import { type IconName, icon } from '../../lib/icons.ts';
import { href } from '../../lib/router.ts';
import { shared } from '../../lib/styles.ts';
import { ChosenEvent, draftOf } from './draft.ts';

interface Progress {
  readonly state: 'running' | 'done' | 'failed';
  readonly found: readonly Found[];
  readonly failure?: unknown;
}

const GLYPHS: Readonly<Record<string, IconName>> = { usb: 'usb', homeassistant: 'home' };
const NOTHING: readonly Found[] = [];

class PhScan extends LitElement {
  static override properties = {
    kinds: { state: true },
    progress: { state: true },
    failure: { state: true },
  };
  declare kinds: readonly ScanKind[];
  declare progress: ReadonlyMap<string, Progress>;
  declare failure: unknown;
  #leaving = new AbortController();

  static override styles = [
    shared,
    stateStyles,
    css`
      .kinds { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-2); margin-bottom: var(--space-4); }
      .kinds li { display: flex; align-items: center; gap: 6px; min-height: 30px; padding: 2px 12px; border: 1px solid var(--line); border-radius: 99px; background: var(--surface); font-size: var(--text-s); }
      .kinds .failed { border-color: var(--alarm); color: var(--alarm); }
      .kinds .spinner { width: 14px; height: 14px; }
      .kinds .again { margin-inline-start: auto; border: 0; padding: 0; background: none; }
      .found { display: grid; gap: var(--space-3); grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
      .found li { display: flex; gap: var(--space-3); padding: var(--space-3) var(--space-4); }
      .glyph { display: grid; place-items: center; flex: none; width: 40px; height: 40px; border-radius: 50%; background: var(--accent-soft); color: var(--accent); }
      .what { flex: 1; min-width: 0; }
      .what p { font-size: var(--text-s); }
      .act { align-self: center; }
      .waiting { padding: var(--space-5); text-align: center; }
    `,
  ];

  constructor() {
    super();
    this.kinds = [];
    this.progress = new Map();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leaving.abort();
  }

  override render() {
    if (this.failure) return failedState(this.failure, () => void this.#start());
    const all = [...this.progress.values()];
    const found = all.flatMap((progress) => progress.found);
    const isRunning = all.length === 0 || all.some(({ state }) => state === 'running');
    return html`
      <ul class="kinds" aria-label=${t('add.scan.kinds')}>
        ${this.kinds.map((kind) => this.#renderKind(kind))}
        ${
          isRunning
            ? nothing
            : html`<li class="again"><button class="button small" @click=${() => void this.#start()}>${icon('radar', 16)}${t('add.scan.again')}</button></li>`
        }
      </ul>
      <p class="visually-hidden" role="status">${isRunning ? t('add.scan.running') : t('add.scan.done', { count: found.length })}</p>
      ${
        found.length > 0
          ? html`<ul class="found">${found.map((item) => this.#renderFound(item))}</ul>`
          : html`<p class="waiting muted">${isRunning ? t('add.scan.running') : t('add.scan.none')}</p>`
      }
    `;
  }

  #renderKind({ kind, title }: ScanKind) {
    const { state, found = NOTHING, failure } = this.progress.get(kind) ?? {};
    return html`<li class=${state ?? ''} title=${state === 'failed' ? explain(failure) : nothing}>
      ${state === 'running' ? html`<span class="spinner"></span>` : icon(state === 'failed' ? 'warning' : 'check', 14)}
      ${translated(`add.scan.${kind}`, title)} ${state === 'done' ? html`<strong class="number">${found.length}</strong>` : nothing}
    </li>`;
  }

  #renderFound(found: Found) {
    const { kind, name, manufacturer, model, address, camera, hint, hint_code, sources, credentials } = found;
    const about = [[manufacturer, model].filter(Boolean).join(' '), address].filter(Boolean).join(' · ');
    const canAdd = sources.length > 0 || (kind === 'onvif' && address);
    return html`<li class="card">
      <span class="glyph">${icon(GLYPHS[kind] ?? 'cameras')}</span>
      <div class="what">
        <h3>${name}</h3>
        ${about ? html`<p class="muted">${about}</p>` : nothing} ${hint ? html`<p>${translated(`add.hint.${hint_code}`, hint)}</p>` : nothing}
        ${camera ? html`<p><a href=${href('camera', camera)}>${t('add.scan.added')}</a></p>` : nothing}
      </div>
      <div class="act">
        ${
          canAdd && !camera
            ? html`<button class="button small" aria-label=${t('add.choose.label', { name })} @click=${() => this.#choose(found)}>
                ${credentials ? icon('key', 16) : nothing}${t('add.choose')}
              </button>`
            : nothing
        }
      </div>
    </li>`;
  }

  #choose(found: Found): void {
    this.dispatchEvent(new ChosenEvent(draftOf(found)));
  }

  async #start(): Promise<void> {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    this.failure = undefined;
    try {
      this.kinds = await fetchScanKinds();
    } catch (error) {
      this.failure = error;
      return;
    }
    for (const { kind } of this.kinds) void this.#scan(kind, signal);
  }

  async #scan(kind: string, signal: AbortSignal): Promise<void> {
    const tell = (progress: Progress) => {
      if (!signal.aborted) this.progress = new Map(this.progress).set(kind, progress);
    };
    tell({ state: 'running', found: [] });
    try {
      tell({ state: 'done', found: await scan(kind, signal) });
    } catch (failure) {
      tell({ state: 'failed', found: [], failure });
    }
  }
}

customElements.define('ph-scan', PhScan);
