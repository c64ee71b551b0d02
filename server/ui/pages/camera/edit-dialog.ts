/**
 * `<ph-camera-edit .camera=… mode="edit">`: name, area, addresses; `mode="rename"` the name alone, empty: closed.
 * The server masks passwords: an address that is left as it is keeps its own.
 */
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { getJson } from '../../lib/api.ts';
import type { Camera, CameraChange } from '../../lib/api-types.ts';
import '../../lib/components/dialog.ts';
import { describedBy, field } from '../../lib/components/field.ts';
import { explain } from '../../lib/components/states.ts';
import { t } from '../../lib/i18n.ts';
import { nameOf } from '../../lib/live-state.ts';
import { store } from '../../lib/store.ts';
import { readStream } from '../../lib/stream-info.ts';
import { shared } from '../../lib/styles.ts';
import { change } from './deeds.ts';

export type EditMode = '' | 'edit' | 'rename';

class PhCameraEdit extends LitElement {
  static override properties = {
    camera: { attribute: false },
    mode: { type: String },
    main: { state: true },
    sub: { state: true },
    problem: { state: true },
    busy: { state: true },
  };
  declare camera: Camera;
  declare mode: EditMode;
  /** The addresses as the server shows them; undefined while they are fetched. */
  declare main: string | undefined;
  declare sub: string | undefined;
  declare problem: string;
  declare busy: boolean;

  static override styles = [shared];

  constructor() {
    super();
    this.mode = '';
    this.problem = '';
    this.busy = false;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('mode') || !this.mode) return;
    this.problem = '';
    this.main = undefined;
    this.sub = undefined;
    if (this.mode === 'edit') void this.#fetchSources();
  }

  override render() {
    const { mode, camera } = this;
    const isEdit = mode === 'edit';
    return html`<ph-dialog
      heading=${t(isEdit ? 'camera.edit' : 'camera.rename')} ?wide=${isEdit} ?open=${mode !== ''} @close=${this.#closed}
    >
      ${
        mode
          ? html`<form id="form" class="stack" @submit=${this.#submit}>
              ${field(
                { id: 'name', label: t('camera.form.name'), error: this.problem },
                html`<input class="input" id="name" name="name" .value=${nameOf(camera)} maxlength="200" autocomplete="off" required autofocus aria-describedby=${describedBy('name')} />`,
              )}
              ${isEdit ? this.#renderMore() : nothing}
            </form>`
          : nothing
      }
      <button slot="actions" class="button" @click=${this.#closed}>${t('common.cancel')}</button>
      <button slot="actions" class="button primary" ?disabled=${this.busy || (isEdit && this.main === undefined)} @click=${this.#save}>
        ${t('common.save')}
      </button>
    </ph-dialog>`;
  }

  #renderMore() {
    const { camera, main, sub } = this;
    const areas = [...new Set(store.cameras.flatMap(({ area }) => area || []))];
    return html`
      ${field(
        { id: 'area', label: t('camera.form.area'), hint: t('camera.form.area.hint') },
        html`<input class="input" id="area" name="area" .value=${camera.area ?? ''} maxlength="200" list="areas" autocomplete="off" aria-describedby=${describedBy('area')} />
          <datalist id="areas">${areas.map((area) => html`<option value=${area}></option>`)}</datalist>`,
      )}
      ${
        main === undefined
          ? html`<div class="row"><span class="spinner"></span>${t('common.loading')}</div>`
          : html`
              ${field(
                { id: 'sources', label: t('camera.form.main'), hint: t('camera.form.main.hint') },
                html`<textarea class="input mono" id="sources" name="sources" rows=${rows(main)} spellcheck="false" autocapitalize="off" .value=${main} aria-describedby=${describedBy('sources')}></textarea>`,
              )}
              ${field(
                { id: 'sub', label: t('camera.form.sub'), hint: t('camera.form.sub.hint') },
                html`<textarea class="input mono" id="sub" name="sub" rows=${rows(sub ?? '')} spellcheck="false" autocapitalize="off" .value=${sub ?? ''} aria-describedby=${describedBy('sub')}></textarea>`,
              )}
              <p class="muted small">${t('camera.form.masked')}</p>
            `
      }
      <label class="check"><input type="checkbox" name="doorbell" .checked=${camera.doorbell ?? false} />${t('camera.form.doorbell')}</label>
    `;
  }

  async #fetchSources(): Promise<void> {
    const { id, sub } = this.camera;
    try {
      const [main, small] = await Promise.all(
        [id, sub].map(async (src) => (src ? await sourcesOf(src) : '')),
      );
      this.sub = small;
      this.main = main;
    } catch (error) {
      this.problem = explain(error);
    }
  }

  #submit(event: Event): void {
    event.preventDefault();
    void this.#save();
  }

  async #save(): Promise<void> {
    const form = this.renderRoot.querySelector('form')!;
    const data = new FormData(form);
    const value = (name: string) => String(data.get(name) ?? '').trim();
    const name = value('name');
    if (!name) {
      this.problem = t('camera.form.name.required');
      return;
    }
    const sources = lines(value('sources'));
    if (this.mode === 'edit' && this.main && sources.length === 0) {
      this.problem = t('camera.form.required');
      return;
    }
    this.busy = true;
    const saved = await change(
      this.camera,
      this.mode === 'rename' ? { name } : this.#changes(name, value, data),
    );
    this.busy = false;
    if (saved) this.#closed();
  }

  #changes(name: string, value: (name: string) => string, data: FormData): CameraChange {
    const [sources, sub] = [value('sources'), value('sub')];
    return {
      name,
      area: value('area') || null,
      doorbell: data.has('doorbell'),
      ...(sources === this.main ? {} : { sources: lines(sources) }),
      ...(sub === this.sub ? {} : { sub_sources: sub ? lines(sub) : null }),
    };
  }

  #closed(): void {
    this.dispatchEvent(new Event('close'));
  }
}

async function sourcesOf(stream: string): Promise<string> {
  const { sources } = readStream(stream, await getJson('api/streams', { query: { src: stream } }));
  return sources
    .map(({ url }) => url)
    .filter(Boolean)
    .join('\n');
}

function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function rows(text: string): number {
  return Math.min(6, Math.max(2, text.split('\n').length + 1));
}

customElements.define('ph-camera-edit', PhCameraEdit);
