/**
 * `<ph-ptz>`: moves a camera while a button is held, by pointer or keyboard. The server stops it by itself after five
 * seconds, so a held button asks again.
 */
import { css, html, LitElement, nothing } from 'lit';
import type { Camera } from '../../lib/api-types.ts';
import { type Movement, moveCamera } from '../../lib/cameras-api.ts';
import { toastFailure } from '../../lib/components/toast.ts';
import { type MessageKey, t } from '../../lib/i18n.ts';
import { type IconName, icon } from '../../lib/icons.ts';
import { shared } from '../../lib/styles.ts';

const AGAIN_MS = 2500;
const SPEED = 0.5;
const STILL: Movement = { pan: 0, tilt: 0, zoom: 0 };

interface Direction {
  readonly name: string;
  readonly title: MessageKey;
  readonly icon: IconName;
  readonly movement: Movement;
}

const MOVES: readonly Direction[] = [
  { name: 'up', title: 'camera.ptz.up', icon: 'up', movement: { tilt: SPEED } },
  { name: 'left', title: 'camera.ptz.left', icon: 'left', movement: { pan: -SPEED } },
  { name: 'right', title: 'camera.ptz.right', icon: 'right', movement: { pan: SPEED } },
  { name: 'down', title: 'camera.ptz.down', icon: 'down', movement: { tilt: -SPEED } },
];
const ZOOMS: readonly Direction[] = [
  { name: 'in', title: 'camera.ptz.in', icon: 'plus', movement: { zoom: SPEED } },
  { name: 'out', title: 'camera.ptz.out', icon: 'minus', movement: { zoom: -SPEED } },
];

class PhPtz extends LitElement {
  static override properties = { camera: { attribute: false }, held: { state: true } };
  declare camera: Camera;
  declare held: string;
  #timer: ReturnType<typeof setInterval> | undefined;

  static override styles = [
    shared,
    css`
      .controls { display: flex; flex-wrap: wrap; align-items: center; gap: var(--space-4) var(--space-5); }
      .pad { display: grid; grid-template: '. up .' 'left . right' '. down .' / 48px 48px 48px; gap: 4px; }
      .zoom { display: grid; gap: 4px; }
      .button.icon { width: 48px; min-height: 48px; touch-action: none; }
      .up { grid-area: up; } .left { grid-area: left; } .right { grid-area: right; } .down { grid-area: down; }
      .held { border-color: var(--accent); background: var(--accent-soft); color: var(--accent); }
      h2 { margin-bottom: var(--space-2); font-size: var(--text-s); }
    `,
  ];

  constructor() {
    super();
    this.held = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#release();
  }

  override render() {
    const { move, zoom, presets = [] } = this.camera.ptz ?? {};
    return html`<div class="controls" role="group" aria-label=${t('camera.ptz')}>
      ${move ? html`<div class="pad">${MOVES.map((direction) => this.#renderButton(direction))}</div>` : nothing}
      ${zoom ? html`<div class="zoom">${ZOOMS.map((direction) => this.#renderButton(direction))}</div>` : nothing}
      ${
        presets.length > 0
          ? html`<div class="grow">
              <h2>${t('camera.ptz.presets')}</h2>
              <div class="row">
                ${presets.map((preset) => html`<button class="button small" @click=${() => void this.#send({ preset })}>${preset}</button>`)}
              </div>
            </div>`
          : nothing
      }
    </div>`;
  }

  #renderButton({ name, title, icon: glyph, movement }: Direction) {
    return html`<button
      class="button icon ${name} ${this.held === name ? 'held' : ''}" aria-label=${t(title)} title=${t(title)}
      @pointerdown=${(event: PointerEvent) => this.#press(event, name, movement)}
      @pointerup=${this.#release} @pointercancel=${this.#release} @blur=${this.#release}
      @keydown=${(event: KeyboardEvent) => this.#onKey(event, name, movement)} @keyup=${this.#release}
      @contextmenu=${(event: Event) => event.preventDefault()}
    >${icon(glyph)}</button>`;
  }

  #press(event: PointerEvent, name: string, movement: Movement): void {
    if (event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#hold(name, movement);
  }

  #onKey(event: KeyboardEvent, name: string, movement: Movement): void {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) this.#hold(name, movement);
  }

  #hold(name: string, movement: Movement): void {
    clearInterval(this.#timer);
    this.held = name;
    void this.#send({ ...STILL, ...movement });
    this.#timer = setInterval(() => void this.#send({ ...STILL, ...movement }), AGAIN_MS);
  }

  #release(): void {
    if (!this.held) return;
    this.held = '';
    clearInterval(this.#timer);
    void this.#send(STILL);
  }

  async #send(movement: Movement): Promise<void> {
    try {
      await moveCamera(this.camera.id, movement);
    } catch (error) {
      clearInterval(this.#timer);
      this.held = '';
      toastFailure(error);
    }
  }
}

customElements.define('ph-ptz', PhPtz);
