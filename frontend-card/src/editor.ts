/** `<porthole-card-editor>`: the card's options as a form of Home Assistant's own. */
import { html, LitElement, nothing } from 'lit';
import { fromForm, type Options, toForm } from './editor-form.ts';
import type { Hass } from './hass.ts';
import { t, useLanguage, type WordKey } from './translate.ts';

/** Labels of the fields that are not called as they are in YAML. */
const LABELS: Readonly<Record<string, WordKey>> = {
  entities: 'editorCameras',
  title: 'editorTitle',
  layout: 'editorLayout',
  columns: 'editorColumns',
  tier: 'editorTier',
  mode: 'editorMode',
  aspect_ratio: 'editorAspect',
  fit: 'editorFit',
  muted: 'editorMuted',
  background: 'editorBackground',
  ui: 'editorUi',
  talk: 'editorTalk',
  ptz: 'editorPtz',
  zoom: 'editorZoom',
  max_live: 'editorMaxLive',
};
export class PortholeCardEditor extends LitElement {
  static override readonly properties = {
    hass: { attribute: false },
    _config: { state: true },
    _ready: { state: true },
  };

  declare hass: Hass | undefined;
  declare private _config: Options | undefined;
  declare private _ready: boolean;

  constructor() {
    super();
    this._ready = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void loadForm().then(() => {
      this._ready = true;
    });
  }

  setConfig(config: Options): void {
    this._config = config;
  }

  override render() {
    const { hass, _config: config } = this;
    if (!hass || !config || !this._ready) return nothing;
    if (hass.language) useLanguage(hass.language);
    return html`<ha-form
      .hass=${hass}
      .data=${toForm(config)}
      .schema=${schemaOf(toForm(config))}
      .computeLabel=${labelOf}
      @value-changed=${this.#onChange}
    ></ha-form>`;
  }

  #onChange(event: CustomEvent<{ value: Options }>): void {
    event.stopPropagation();
    const config = fromForm(event.detail.value, this._config ?? {});
    this._config = config;
    this.dispatchEvent(
      new CustomEvent('config-changed', { detail: { config }, bubbles: true, composed: true }),
    );
  }
}

function schemaOf(form: Options): readonly object[] {
  const choice = (name: string, ...options: readonly (readonly [value: string, label: WordKey])[]) => ({
    name,
    selector: {
      select: { mode: 'dropdown', options: options.map(([value, label]) => ({ value, label: t(label) })) },
    },
  });
  const flag = (name: string) => ({ name, selector: { boolean: {} } });
  const words = (name: string) => ({ name, selector: { text: {} } });
  const part = (title: WordKey, icon: string, ...schema: readonly object[]) => ({
    type: 'expandable',
    name: '',
    flatten: true,
    title: t(title),
    icon,
    schema,
  });
  const several = (form.entities as readonly unknown[]).length > 1;
  return [
    {
      name: 'entities',
      required: true,
      selector: { entity: { multiple: true, filter: { domain: 'camera' } } },
    },
    words('title'),
    ...(several
      ? [
          choice('layout', ['grid', 'editorGrid'], ['carousel', 'editorCarousel']),
          { name: 'columns', selector: { number: { min: 0, max: 6, mode: 'box' } } },
          { name: 'max_live', selector: { number: { min: 1, max: 64, mode: 'box' } } },
        ]
      : []),
    part(
      'editorPicture',
      'mdi:image-size-select-large',
      choice('tier', ['auto', 'editorAuto'], ['main', 'editorMain'], ['sub', 'editorSub']),
      words('aspect_ratio'),
      choice('fit', ['contain', 'editorContain'], ['cover', 'editorCover'], ['fill', 'editorFill']),
      words('mode'),
      flag('muted'),
      flag('background'),
    ),
    part(
      'editorControls',
      'mdi:gamepad',
      choice('ui', ['full', 'editorFull'], ['minimal', 'editorMinimal'], ['none', 'editorNone']),
      choice('talk', ['hold', 'editorHold'], ['open', 'editorOpen'], ['off', 'editorOff']),
      flag('ptz'),
      flag('zoom'),
    ),
  ];
}

function labelOf({ name }: { readonly name: string }): string {
  const label = LABELS[name];
  return label ? t(label) : name;
}

/** Home Assistant loads its form with the first editor of a card of its own. */
async function loadForm(): Promise<void> {
  if (customElements.get('ha-form')) return;
  const { loadCardHelpers } = window as {
    loadCardHelpers?: () => Promise<{ createCardElement(config: object): HTMLElement }>;
  };
  const card = (await loadCardHelpers?.())?.createCardElement({ type: 'entities', entities: [] });
  const { getConfigElement } = (card?.constructor ?? {}) as { getConfigElement?: () => Promise<unknown> };
  await getConfigElement?.().catch(() => undefined);
  await customElements.whenDefined('ha-form');
}

if (!customElements.get('porthole-card-editor'))
  customElements.define('porthole-card-editor', PortholeCardEditor);
