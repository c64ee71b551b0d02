/** `<ph-check .draft=…>`: signs in where it must, opens the camera, shows what came or why nothing did, names it, saves it. */
import { css, html, LitElement, nothing } from 'lit';
import type { FoundSource, Probe } from '../../lib/api-types.ts';
import { probe, putCamera, scanDevice } from '../../lib/cameras-api.ts';
import { trackTitle } from '../../lib/codec-titles.ts';
import { describedBy, field } from '../../lib/components/field.ts';
import { explain } from '../../lib/components/states.ts';
import { toast, toastFailure } from '../../lib/components/toast.ts';
import { adviceKey, errorKey } from '../../lib/error-keys.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { go } from '../../lib/router.ts';
import { store } from '../../lib/store.ts';
import { shared } from '../../lib/styles.ts';
import { cameraId } from './camera-id.ts';
import { checkStyles } from './check-styles.ts';
import { type Draft, tiersOf } from './draft.ts';
import './preview.ts';

interface Problem {
  readonly heading: string;
  readonly advice: string;
  readonly message: string;
  readonly wantsCredentials: boolean;
}

class PhCheck extends LitElement {
  static override properties = {
    draft: { attribute: false },
    phase: { state: true },
    sources: { state: true },
    main: { state: true },
    sub: { state: true },
    probed: { state: true },
    probedSub: { state: true },
    problem: { state: true },
    saving: { state: true },
  };
  declare draft: Draft;
  declare phase: 'credentials' | 'checking' | 'failed' | 'good';
  declare sources: readonly FoundSource[];
  declare main: string;
  declare sub: string;
  declare probed: Probe | undefined;
  declare probedSub: Probe | undefined;
  declare problem: Problem | undefined;
  declare saving: boolean;
  #username = '';
  #password = '';
  #checking = new AbortController();

  static override styles = [shared, checkStyles, css``];

  constructor() {
    super();
    this.phase = 'checking';
    this.sources = [];
    this.main = '';
    this.sub = '';
    this.saving = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { sources, credentials } = this.draft;
    this.sources = sources;
    ({ main: this.main, sub: this.sub } = tiersOf(sources));
    if (credentials) this.phase = 'credentials';
    else void this.#check();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#checking.abort();
  }

  override render() {
    switch (this.phase) {
      case 'credentials':
        return this.#renderCredentials();
      case 'checking':
        return html`<div class="checking card" role="status">
          <span class="spinner"></span>
          <div><h2>${t('add.checking')}</h2><p class="muted small">${t('add.checking.hint')}</p></div>
        </div>`;
      case 'failed':
        return html`${this.#renderProblem()} ${this.#renderCredentials()}`;
      default:
        return this.#renderGood();
    }
  }

  #renderProblem() {
    const { heading, advice, message } = this.problem!;
    return html`<section class="problem" role="alert">
      ${icon('warning', 22)}
      <div>
        <h2>${heading}</h2>
        <p class="small">${advice}</p>
        ${message ? html`<code>${message}</code>` : nothing}
      </div>
    </section>`;
  }

  #renderCredentials() {
    const isFirst = this.phase === 'credentials';
    return html`<form class="stack card padded narrow" @submit=${this.#signIn}>
      ${isFirst ? html`<h2>${t('add.signIn', { name: this.draft.name || this.main })}</h2>` : nothing}
      ${
        isFirst
          ? nothing
          : field(
              { id: 'source', label: t('add.address') },
              html`<input class="input mono" id="source" name="source" .value=${this.main} autocomplete="off" autocapitalize="off" spellcheck="false" required />`,
            )
      }
      <div class="pair">
        ${field(
          { id: 'username', label: t('add.username') },
          html`<input class="input" id="username" name="username" .value=${this.#username} autocomplete="off" autocapitalize="off" spellcheck="false" />`,
        )}
        ${field(
          { id: 'password', label: t('add.password') },
          html`<input class="input" id="password" name="password" type="password" .value=${this.#password} autocomplete="new-password" />`,
        )}
      </div>
      <div class="row">
        <button class="button primary">${isFirst ? t('add.check') : t('common.retry')}${icon('next', 18)}</button>
      </div>
    </form>`;
  }

  #renderGood() {
    const { probed, probedSub } = this;
    return html`<div class="good">
      <ph-preview .probe=${probed!}></ph-preview>
      <form class="stack card padded" @submit=${this.#save}>
        ${field(
          { id: 'name', label: t('camera.form.name') },
          html`<input class="input" id="name" name="name" .value=${this.draft.name} maxlength="200" autocomplete="off" required autofocus />`,
        )}
        ${field(
          { id: 'area', label: t('camera.form.area'), hint: t('camera.form.area.hint') },
          html`<input class="input" id="area" name="area" list="areas" maxlength="200" autocomplete="off" aria-describedby=${describedBy('area')} />
            <datalist id="areas">${[...new Set(store.cameras.flatMap(({ area }) => area || []))].map((area) => html`<option value=${area}></option>`)}</datalist>`,
        )}
        ${this.sources.length > 1 ? this.#renderTiers() : this.#renderSubField()}
        ${
          probedSub
            ? html`<p class="small ${probedSub.error ? 'bad' : 'muted'}">
                ${t('camera.form.sub')}: ${probedSub.error ? t(errorKey(probedSub.error.code)) : (probedSub.tracks ?? []).map(trackTitle).join(' · ')}
              </p>`
            : nothing
        }
        <label class="check"><input type="checkbox" name="doorbell" />${t('camera.form.doorbell')}</label>
        <div class="row">
          <button class="button primary" ?disabled=${this.saving}>${icon('check', 18)}${t('add.save')}</button>
        </div>
      </form>
    </div>`;
  }

  #renderTiers() {
    const options = (chosen: string) =>
      this.sources.map(
        ({ source, title }, index) =>
          html`<option value=${source} ?selected=${source === chosen}>${title ?? t('add.stream', { number: index + 1 })}</option>`,
      );
    return html`<div class="pair">
      ${field(
        { id: 'main', label: t('camera.form.main') },
        html`<select class="input" id="main" @change=${this.#onMain}>${options(this.main)}</select>`,
      )}
      ${field(
        { id: 'sub', label: t('camera.form.sub') },
        html`<select class="input" id="sub" name="sub" @change=${this.#onSub}>
          <option value="" ?selected=${this.sub === ''}>${t('add.sub.none')}</option>${options(this.sub)}
        </select>`,
      )}
    </div>`;
  }

  #renderSubField() {
    return field(
      { id: 'sub', label: t('camera.form.sub'), hint: t('camera.form.sub.hint') },
      html`<input class="input mono" id="sub" name="sub" .value=${this.sub} autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby=${describedBy('sub')} @change=${this.#onSub} />`,
    );
  }

  #signIn(event: Event): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    this.#username = String(data.get('username') ?? '').trim();
    this.#password = String(data.get('password') ?? '');
    const source = data.get('source');
    if (source) this.main = String(source).trim();
    void this.#check();
  }

  /** Opens the main stream; of an ONVIF device, finds out first what it has. */
  async #check(): Promise<void> {
    this.#checking.abort();
    this.#checking = new AbortController();
    const { signal } = this.#checking;
    this.phase = 'checking';
    try {
      if (this.draft.device && this.#username) await this.#askDevice(this.draft.device, signal);
      const result = await probe({ source: this.main, ...this.#credentials }, signal);
      if (signal.aborted) return;
      if (result.error) {
        this.#fail(errorKey(result.error.code), adviceKey(result.error.code), result.error);
        return;
      }
      this.probed = result;
      this.problem = undefined;
      this.phase = 'good';
      if (this.sub) await this.#checkSub(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.problem = {
        heading: t('common.failed'),
        advice: explain(error),
        message: '',
        wantsCredentials: false,
      };
      this.phase = 'failed';
    }
  }

  async #askDevice(address: string, signal: AbortSignal): Promise<void> {
    const { found } = await scanDevice({ address, ...this.#credentials }, signal);
    const sources = found[0]?.sources ?? [];
    if (sources.length === 0) return;
    this.sources = sources;
    ({ main: this.main, sub: this.sub } = tiersOf(sources));
  }

  #fail(
    heading: Parameters<typeof t>[0],
    advice: Parameters<typeof t>[0],
    { code, message }: { readonly code: string; readonly message: string },
  ): void {
    this.problem = {
      heading: t(heading),
      advice: t(advice),
      message,
      wantsCredentials: code === 'unauthorized',
    };
    this.phase = 'failed';
  }

  /** The sub stream does not hold up the rest: what it is, or why not, comes when it comes. */
  async #checkSub(signal: AbortSignal): Promise<void> {
    const source = this.sub;
    try {
      const result = await probe({ source, ...this.#credentials }, signal);
      if (source === this.sub) this.probedSub = result;
    } catch (error) {
      toastFailure(error);
    }
  }

  get #credentials() {
    return this.#username || this.#password ? { username: this.#username, password: this.#password } : {};
  }

  #onMain(event: Event): void {
    this.main = (event.target as HTMLSelectElement).value;
    void this.#check();
  }

  #onSub(event: Event): void {
    this.sub = (event.target as HTMLInputElement).value.trim();
    this.probedSub = undefined;
    if (this.sub) void this.#checkSub(this.#checking.signal);
  }

  async #save(event: Event): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const name = String(data.get('name') ?? '').trim();
    const area = String(data.get('area') ?? '').trim();
    if (!name) return;
    this.saving = true;
    const sub = this.probedSub && !this.probedSub.error ? this.probedSub.source : this.sub;
    const id = cameraId(
      name,
      store.cameras.flatMap((camera) => [camera.id, camera.sub ?? '']),
    );
    try {
      const camera = await putCamera(id, {
        sources: [this.probed!.source],
        ...(sub ? { sub_sources: [sub] } : {}),
        name,
        ...(area ? { area } : {}),
        ...(data.has('doorbell') ? { doorbell: true } : {}),
      });
      store.put(camera);
      toast(t('add.saved', { name }));
      go('camera', camera.id);
    } catch (error) {
      toastFailure(error);
      this.saving = false;
    }
  }
}

customElements.define('ph-check', PhCheck);
