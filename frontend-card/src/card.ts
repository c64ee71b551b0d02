/**
 * `custom:porthole-card`: one camera, or several as a grid or a carousel. What stands in the YAML is in config.ts and
 * docs/card.md; each camera is a `<porthole-camera>`.
 */
import './camera-view.ts';
import './editor.ts';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { CARD_STYLES } from './card-styles.ts';
import { type CameraConfig, type CardConfig, parseConfig } from './config.ts';
import { isForeign, renderForeign } from './foreign-camera.ts';
import { glyph } from './glyph.ts';
import { bestColumns } from './grid.ts';
import { type Hass, nameOf } from './hass.ts';
import { recallAspect } from './memory.ts';
import { setBudget } from './page-budget.ts';
import { t, useLanguage } from './translate.ts';

/** A row of a masonry dashboard, in pixels. */
const ROW = 50;
const USUAL_WIDTH = 400;
const USUAL_ASPECT = '16 / 9';

export class PortholeCard extends LitElement {
  static override readonly properties = {
    hass: { attribute: false },
    _config: { state: true },
    _index: { state: true },
  };

  static override readonly styles = CARD_STYLES;

  static getConfigElement(): HTMLElement {
    return document.createElement('porthole-card-editor');
  }

  static getStubConfig(hass: Hass): object {
    const cameras = Object.keys(hass.states).filter((id) => id.startsWith('camera.'));
    const ours = cameras.find((id) => hass.entities?.[id]?.platform === 'porthole');
    return { entity: ours ?? cameras[0] ?? '' };
  }

  declare hass: Hass | undefined;
  declare private _config: CardConfig | undefined;
  /** The camera of the carousel that is shown. */
  declare private _index: number;
  /** Shapes stay as they are while the card is there: nothing may jump. */
  readonly #ratios = new Map<CameraConfig, string>();

  constructor() {
    super();
    this._index = 0;
  }

  /** Home Assistant shows what this throws in the place of the card. */
  setConfig(config: unknown): void {
    this._config = this.parse(config);
    this.#ratios.clear();
    this._index = Math.min(this._index, this._config.cameras.length - 1);
    if (this._config.maxLive) setBudget(this._config.maxLive);
  }

  protected parse(config: unknown): CardConfig {
    return parseConfig(config);
  }

  getCardSize(): number {
    const { cameras = [], layout, title } = this._config ?? {};
    const [width = 16, height = 9] = (cameras[0]?.aspect ?? USUAL_ASPECT).split('/').map(Number);
    const rows = layout === 'grid' && cameras.length > 1 ? Math.ceil(cameras.length / 2) / 2 : 1;
    return Math.ceil((rows * USUAL_WIDTH * height) / width / ROW) + (title ? 1 : 0);
  }

  getGridOptions(): object {
    const single = this._config?.cameras.length === 1;
    return { columns: 12, rows: 'auto', min_columns: single ? 4 : 6, min_rows: 2 };
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('hass') && this.hass?.language) useLanguage(this.hass.language);
  }

  override render() {
    const { _config: config, hass } = this;
    if (!config || !hass) return nothing;
    const { title, cameras, layout } = config;
    const body =
      cameras.length === 1
        ? html`<div class="single">${this.#renderCell(cameras[0]!, hass)}</div>`
        : layout === 'carousel'
          ? this.#renderCarousel(cameras, hass)
          : this.#renderGrid(config, hass);
    return html`<ha-card class=${title ? 'titled' : ''}>${title ? html`<h2>${title}</h2>` : nothing}${body}</ha-card>`;
  }

  #renderGrid({ cameras, columns }: CardConfig, hass: Hass) {
    const style = columns
      ? `--columns: ${columns}; --least: 0px`
      : `--columns: ${bestColumns(cameras.length)}; --least: 240px`;
    return html`<div class="grid" style=${style}>${cameras.map((camera) => this.#renderCell(camera, hass))}</div>`;
  }

  #renderCarousel(cameras: readonly CameraConfig[], hass: Hass) {
    const count = cameras.length;
    const label = (camera: CameraConfig, index: number) =>
      t('slide', { name: titleOf(camera, hass), index: index + 1, count });
    return html`<div class="carousel" role="group" aria-roledescription="carousel" aria-label=${t('cameras')}>
      <div class="track" tabindex="0" role="group" aria-label=${t('cameras')} @scroll=${this.#onScroll}>
        ${cameras.map(
          (camera, index) => html`<div
            class="slide" role="group" aria-roledescription="slide" aria-label=${label(camera, index)}
            ?inert=${index !== this._index} @porthole-ring=${() => this.#turnTo(index, 'instant')}
          >${this.#renderCell(camera, hass)}</div>`,
        )}
      </div>
      <div class="pager">
        <button
          type="button" class="turn" aria-label=${t('previous')} ?disabled=${this._index === 0}
          @click=${() => this.#turnTo(this._index - 1)}
        >${glyph('left')}</button>
        ${cameras.map(
          (camera, index) => html`<button
            type="button" class="dot" aria-label=${label(camera, index)} aria-current=${index === this._index}
            @click=${() => this.#turnTo(index)}
          ></button>`,
        )}
        <button
          type="button" class="turn" aria-label=${t('next')} ?disabled=${this._index === count - 1}
          @click=${() => this.#turnTo(this._index + 1)}
        >${glyph('right')}</button>
      </div>
    </div>`;
  }

  #renderCell(camera: CameraConfig, hass: Hass) {
    const entity = camera.sources[0]?.entity;
    const content =
      entity && isForeign(hass, entity)
        ? renderForeign(hass, entity)
        : html`<porthole-camera .hass=${hass} .config=${camera}></porthole-camera>`;
    return keyed(
      camera.sources,
      html`<div class="cell" style=${`--ratio: ${this.#ratioOf(camera)}`}>${content}</div>`,
    );
  }

  #ratioOf(camera: CameraConfig): string {
    let ratio = this.#ratios.get(camera);
    if (!ratio) {
      const { entity, stream } = camera.sources[0]!;
      const many = this._config!.cameras.length > 1;
      ratio = camera.aspect ?? ((!many && recallAspect(entity ?? stream ?? '')) || USUAL_ASPECT);
      this.#ratios.set(camera, ratio);
    }
    return ratio;
  }

  #turnTo(index: number, behavior: ScrollBehavior = 'auto'): void {
    const track = this.renderRoot.querySelector('.track');
    track?.children[index]?.scrollIntoView({ block: 'nearest', inline: 'center', behavior });
  }

  #onScroll(event: Event): void {
    const track = event.currentTarget as HTMLElement;
    // Negative where text runs from right to left.
    this._index = Math.round(Math.abs(track.scrollLeft) / track.clientWidth);
  }
}

function titleOf({ name, sources }: CameraConfig, hass: Hass): string {
  const { entity, stream = '' } = sources[0]!;
  return name || (entity ? nameOf(hass, entity) : stream);
}
