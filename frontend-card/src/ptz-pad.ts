/** `<porthole-ptz>`: turns a camera while a button is held, by pointer or keyboard; zooms it; sends it to presets. */
import { css, html, LitElement, nothing } from 'lit';
import { glyph } from './glyph.ts';
import type { PtzAbility } from './link.ts';
import type { IconName } from './player/icons.ts';
import { t, type WordKey } from './translate.ts';

export type PtzDirection = 'left' | 'right' | 'up' | 'down' | 'zoom_in' | 'zoom_out' | 'home';

/** What the pad is told to drive. */
export interface PtzDrive {
  readonly able: PtzAbility & { readonly home?: boolean };
  start(direction: PtzDirection): void;
  stop(direction: PtzDirection): void;
  goTo(preset: string): void;
}

const LABELS: Readonly<Record<PtzDirection, WordKey>> = {
  left: 'left',
  right: 'right',
  up: 'up',
  down: 'down',
  zoom_in: 'zoomIn',
  zoom_out: 'zoomOut',
  home: 'home',
};
const ICONS: Readonly<Record<PtzDirection, IconName>> = {
  left: 'left',
  right: 'right',
  up: 'up',
  down: 'down',
  zoom_in: 'plus',
  zoom_out: 'minus',
  home: 'home',
};
/** A move ends by itself after 5 s: who holds on says so before. */
const REPEAT_MS = 3000;

export class PortholePtz extends LitElement {
  static override readonly properties = { drive: { attribute: false } };

  static override readonly styles = css`
    :host, .more { display: flex; flex-direction: column; align-items: center; gap: 8px; }
    .pad { position: relative; width: var(--pad, 132px); height: var(--pad, 132px); border-radius: 50%; background: rgb(10 16 22 / .62); backdrop-filter: blur(6px); }
    .pad button { position: absolute; }
    .pad { --key: calc(var(--pad, 132px) / 3); }
    .pad button { width: var(--key); height: var(--key); }
    .left { inset: var(--key) auto auto 2px; }
    .right { inset: var(--key) 2px auto auto; }
    .up { inset: 2px auto auto var(--key); }
    .down { inset: auto auto 2px var(--key); }
    .home { inset: var(--key) auto auto var(--key); }
    .row { display: flex; gap: 4px; padding: 0 6px; border-radius: 22px; background: rgb(10 16 22 / .62); backdrop-filter: blur(6px); }
    button {
      display: grid; place-items: center; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 50%;
      background: none; color: #fff; cursor: pointer; touch-action: none; -webkit-tap-highlight-color: transparent;
    }
    button:hover { background: rgb(255 255 255 / .16); }
    button.held { background: var(--porthole-accent, #35c9b5); color: #06201c; }
    button:focus-visible, select:focus-visible { outline: 2px solid #fff; outline-offset: -3px; }
    svg { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    select {
      max-width: 132px; height: 40px; padding: 0 12px; border: 0; border-radius: 20px;
      background: rgb(10 16 22 / .8); color: #fff; font: inherit;
    }
  `;

  declare drive: PtzDrive | undefined;
  #held: PtzDirection | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#release();
  }

  override render() {
    if (!this.drive) return nothing;
    const { move, zoom, home, presets } = this.drive.able;
    return html`
      ${
        move
          ? html`<div class="pad" dir="ltr" role="group" aria-label=${t('moveCamera')}>
              ${(['up', 'left', 'right', 'down'] as const).map((direction) => this.#button(direction))}
              ${home ? this.#button('home') : nothing}
            </div>`
          : nothing
      }
      <div class="more">
        ${
          zoom
            ? html`<div class="row" dir="ltr">${this.#button('zoom_out')}${this.#button('zoom_in')}</div>`
            : nothing
        }
        ${
          presets?.length
            ? html`<select aria-label=${t('preset')} @change=${this.#onPreset}>
                <option value="">${t('preset')}</option>
                ${presets.map((preset) => html`<option>${preset}</option>`)}
              </select>`
            : nothing
        }
      </div>
    `;
  }

  #button(direction: PtzDirection) {
    const label = t(LABELS[direction]);
    return html`<button
      type="button"
      class=${direction}
      title=${label}
      aria-label=${label}
      @pointerdown=${(event: PointerEvent) => this.#onPointer(event, direction)}
      @pointerup=${this.#release}
      @pointercancel=${this.#release}
      @lostpointercapture=${this.#release}
      @keydown=${(event: KeyboardEvent) => this.#onKey(event, direction)}
      @keyup=${this.#release}
      @blur=${this.#release}
      @contextmenu=${(event: Event) => event.preventDefault()}
    >${glyph(ICONS[direction])}</button>`;
  }

  #onPointer(event: PointerEvent, direction: PtzDirection): void {
    if (event.button !== 0) return;
    const button = event.currentTarget as HTMLElement;
    button.setPointerCapture(event.pointerId);
    this.#hold(direction);
  }

  #onKey(event: KeyboardEvent, direction: PtzDirection): void {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.#hold(direction);
  }

  #hold(direction: PtzDirection): void {
    this.#release();
    this.#held = direction;
    this.#mark(true);
    this.drive?.start(direction);
    this.#timer = setInterval(() => this.drive?.start(direction), REPEAT_MS);
  }

  readonly #release = (): void => {
    clearInterval(this.#timer);
    if (!this.#held) return;
    this.#mark(false);
    this.drive?.stop(this.#held);
    this.#held = undefined;
  };

  #mark(held: boolean): void {
    this.renderRoot.querySelector(`.${this.#held}`)?.classList.toggle('held', held);
  }

  #onPreset(event: Event): void {
    const select = event.currentTarget as HTMLSelectElement;
    if (select.value) this.drive?.goTo(select.value);
    select.value = '';
  }
}

if (!customElements.get('porthole-ptz')) customElements.define('porthole-ptz', PortholePtz);
