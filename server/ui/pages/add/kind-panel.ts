/** `<ph-kinds>`: a form for each kind of source, as the server describes them. */
import { css, html, LitElement, nothing } from 'lit';
import type { SourceField, SourceKind } from '../../lib/api-types.ts';
import { fetchSourceKinds } from '../../lib/cameras-api.ts';
import { field } from '../../lib/components/field.ts';
import { failedState, loadingState, stateStyles } from '../../lib/components/states.ts';
import { t, translated } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import { shared } from '../../lib/styles.ts';
import { ChosenEvent } from './draft.ts';
import { fillTemplate } from './source-template.ts';

class PhKinds extends LitElement {
  static override properties = {
    kinds: { state: true },
    chosen: { state: true },
    values: { state: true },
    failure: { state: true },
  };
  declare kinds: readonly SourceKind[] | undefined;
  declare chosen: string;
  declare values: Readonly<Record<string, string>>;
  declare failure: unknown;

  static override styles = [
    shared,
    stateStyles,
    css`
      form { max-width: 560px; }
      .pair { display: grid; gap: var(--space-4); grid-template-columns: repeat(auto-fill, minmax(min(100%, 200px), 1fr)); }
      .preview { color: var(--muted); overflow-wrap: anywhere; }
    `,
  ];

  constructor() {
    super();
    this.chosen = '';
    this.values = {};
    void this.#load();
  }

  override render() {
    if (this.failure) return failedState(this.failure, () => void this.#load());
    if (!this.kinds) return loadingState();
    const kind = this.#kind;
    const groups = Object.entries(Object.groupBy(this.kinds, ({ group }) => group));
    return html`<form class="stack" @submit=${this.#submit}>
      ${field(
        { id: 'kind', label: t('add.kind') },
        html`<select class="input" id="kind" @change=${this.#onKind}>
          ${groups.map(
            ([group, members = []]) => html`<optgroup label=${translated(`add.group.${group}`, group)}>
              ${members.map(({ format, title }) => html`<option value=${format} ?selected=${format === this.chosen}>${translated(`add.form.${format}`, title)}</option>`)}
            </optgroup>`,
          )}
        </select>`,
      )}
      ${
        kind
          ? html`
              <div class="pair">${kind.fields.map((item) => this.#renderField(item))}</div>
              ${kind.example ? html`<p class="preview small">${t('add.example')} <code>${kind.example}</code></p>` : nothing}
            `
          : nothing
      }
      <div class="row"><button class="button primary">${t('add.check')}${icon('next', 18)}</button></div>
    </form>`;
  }

  #renderField({ name, title, type, required = false, options = [] }: SourceField) {
    const value = this.values[name] ?? '';
    const set = (event: Event) => {
      this.values = { ...this.values, [name]: (event.target as HTMLInputElement).value };
    };
    const id = `field-${name}`;
    return field(
      { id, label: translated(`add.field.${this.chosen}.${name}`, translated(`add.field.${name}`, title)) },
      type === 'select'
        ? html`<select class="input" id=${id} @change=${set}>
            ${options.map((option) => html`<option value=${option} ?selected=${option === value}>${option || t('add.option.usual')}</option>`)}
          </select>`
        : html`<input
            class="input" id=${id} type=${type === 'number' ? 'number' : type === 'password' ? 'password' : 'text'}
            .value=${value} ?required=${required} autocomplete=${type === 'password' ? 'new-password' : 'off'} autocapitalize="off" spellcheck="false" @input=${set}
          />`,
    );
  }

  get #kind(): SourceKind | undefined {
    return this.kinds?.find(({ format }) => format === this.chosen);
  }

  #onKind(event: Event): void {
    this.#choose((event.target as HTMLSelectElement).value);
  }

  /** Values that the new kind has a field for, too, stay. */
  #choose(format: string): void {
    this.chosen = format;
    const fields = this.#kind?.fields ?? [];
    this.values = Object.fromEntries(
      fields.map(({ name, default: given, options }) => [
        name,
        this.values[name] || String(given ?? options?.[0] ?? ''),
      ]),
    );
  }

  #submit(event: Event): void {
    event.preventDefault();
    const kind = this.#kind;
    if (!kind) return;
    const source = fillTemplate(kind.template, this.values);
    this.dispatchEvent(
      new ChosenEvent({
        name: translated(`add.form.${kind.format}`, kind.title),
        sources: [{ source }],
        credentials: false,
      }),
    );
  }

  async #load(): Promise<void> {
    this.failure = undefined;
    try {
      const kinds = await fetchSourceKinds();
      this.kinds = kinds;
      this.#choose(kinds[0]?.format ?? '');
    } catch (error) {
      this.failure = error;
    }
  }
}

customElements.define('ph-kinds', PhKinds);
