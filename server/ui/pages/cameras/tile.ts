/** `<ph-tile>`: a camera of the list: its picture, its name, and one line that says how it is. */
import '../../lib/player.ts';
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import type { PortholePlayer } from '../../../../frontend-card/src/player/player.ts';
import { apiUrl } from '../../../../frontend-card/src/player/url.ts';
import type { Camera } from '../../lib/api-types.ts';
import { joinPhrases } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { type IconName, icon } from '../../lib/icons.ts';
import { nameOf } from '../../lib/live-state.ts';
import { href } from '../../lib/router.ts';
import { shared } from '../../lib/styles.ts';
import { type Tone, verdictOf } from '../../lib/verdict.ts';
import type { TileMode } from './budget.ts';
import { keepFresh } from './snapshots.ts';

const GLYPHS: Readonly<Record<Tone, IconName>> = {
  live: 'play',
  wait: 'play',
  off: 'play',
  alarm: 'warning',
};
const LATENCY_MS = 2000;

const tileStyles = css`
  .tile { position: relative; display: flex; flex-direction: column; overflow: hidden; height: 100%; transition: border-color 0.15s; }
  .tile:focus-within { outline: 2px solid var(--accent); outline-offset: 2px; }
  a { color: inherit; text-decoration: none; outline: none; }
  /* The whole tile is the link. */
  a::after { content: ''; position: absolute; z-index: 3; inset: 0; }
  .tile:hover { border-color: var(--line-strong); }
  .picture { position: relative; aspect-ratio: 16 / 9; overflow: hidden; background: var(--picture); }
  .picture > img, porthole-player { position: absolute; inset: 0; width: 100%; height: 100%; }
  .picture > img { object-fit: contain; }
  porthole-player { z-index: 0; aspect-ratio: auto; background: none; isolation: isolate; pointer-events: none; }
  .cover { position: absolute; z-index: 1; inset: 0; display: grid; place-items: center; background: var(--picture); color: #a9c1cb; }
  @media (max-width: 719px) { .picture.covered { aspect-ratio: 3; } }
  .marks { position: absolute; z-index: 2; inset-block-start: 8px; inset-inline-end: 8px; display: flex; gap: 6px; }
  .mark {
    display: inline-flex; align-items: center; min-height: 22px; padding: 2px 9px; border-radius: 99px;
    background: rgb(8 18 24 / 72%); color: #eef5f7; font-size: var(--text-xs); font-weight: 600;
  }
  .mark.alarm { background: #b3261e; color: #fff; }
  .about { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: baseline; column-gap: var(--space-3); padding: 10px 14px 12px; }
  h2 { overflow: hidden; font-size: var(--text-m); text-overflow: ellipsis; white-space: nowrap; }
  .area { font-size: var(--text-s); }
  .verdict { grid-column: 1 / -1; display: flex; align-items: baseline; gap: 7px; color: var(--muted); font-size: var(--text-s); font-variant-numeric: tabular-nums; }
  .dot { flex: none; align-self: center; width: 8px; height: 8px; border-radius: 50%; background: var(--line-strong); }
  .live .dot { background: var(--ok); }
  .wait .dot { background: var(--warn); }
  .alarm .dot { background: var(--alarm); }
  .alarm .verdict { color: var(--alarm); font-weight: 600; }
`;

class PhTile extends LitElement {
  static override properties = {
    camera: { attribute: false },
    mode: { attribute: false },
    visible: { attribute: false },
    ringing: { type: Boolean },
    snapshot: { state: true },
    latencyMs: { state: true },
    waiting: { state: true },
  };
  declare camera: Camera;
  declare mode: TileMode;
  /** On the screen: off it nothing is fetched. */
  declare visible: boolean;
  declare ringing: boolean;
  declare snapshot: string;
  declare latencyMs: number | undefined;
  /** The player says why it has no picture; here the verdict does. */
  declare waiting: boolean;
  #leaveSnapshots: (() => void) | undefined;
  #latencyTimer: ReturnType<typeof setInterval> | undefined;

  static override styles = [shared, tileStyles];

  constructor() {
    super();
    this.mode = 'none';
    this.visible = false;
    this.ringing = false;
    this.snapshot = '';
    this.waiting = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#latencyTimer = setInterval(() => this.#readLatency(), LATENCY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#latencyTimer);
    this.#stopSnapshots();
    URL.revokeObjectURL(this.snapshot);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('mode') && !changed.has('visible')) return;
    if (this.mode === 'snapshots' && this.visible) this.#startSnapshots();
    else this.#stopSnapshots();
  }

  override render() {
    const { camera, mode } = this;
    const name = nameOf(camera);
    const { tone, phrases } = verdictOf(camera, this.latencyMs);
    const line = joinPhrases(phrases);
    const covered = mode === 'none' || tone === 'alarm' || (mode === 'player' && this.waiting);
    return html`
      <article class="tile card ${tone}">
        <div class="picture ${covered ? 'covered' : ''}">
          ${this.snapshot && mode !== 'player' ? html`<img src=${this.snapshot} alt="" />` : nothing}
          ${
            mode === 'player'
              ? html`<porthole-player src=${camera.id} name="" sub=${camera.sub ?? nothing} controls="none" zoom="off" muted inert aria-hidden="true" @statechange=${this.#onState}></porthole-player>`
              : nothing
          }
          ${mode === 'snapshots' && !this.snapshot ? html`<div class="cover">${icon('cameras', 34)}</div>` : nothing}
          ${covered ? html`<div class="cover">${icon(this.#glyph(tone), 34)}</div>` : nothing}
          <div class="marks">
            ${this.ringing ? html`<span class="mark alarm">${t('cameras.ring')}</span>` : nothing}
            ${camera.motion ? html`<span class="mark">${t('cameras.motion')}</span>` : nothing}
            ${mode === 'snapshots' ? html`<span class="mark" title=${t('cameras.snapshots.hint')}>${icon('snapshot', 14)}</span>` : nothing}
          </div>
        </div>
        <div class="about">
          <h2><a href=${href('camera', camera.id)}>${name}</a></h2>
          ${camera.area ? html`<span class="area muted">${camera.area}</span>` : nothing}
          <p class="verdict"><span class="dot"></span><span class="line">${line}</span></p>
        </div>
      </article>
    `;
  }

  #glyph(tone: Tone): IconName {
    const { status, error } = this.camera;
    if (status === 'asleep') return 'sleep';
    if (status === 'disabled') return 'power';
    if (error?.code === 'unauthorized' && tone === 'alarm') return 'key';
    return GLYPHS[tone];
  }

  #onState({ target }: Event): void {
    this.waiting = (target as PortholePlayer).state === 'waiting';
  }

  #readLatency(): void {
    const delay = this.renderRoot.querySelector('porthole-player')?.delay;
    this.latencyMs = delay === undefined ? undefined : delay * 1000;
  }

  #startSnapshots(): void {
    const url = apiUrl(document.baseURI, 'api/frame.jpeg', { src: this.camera.id, width: '640' });
    this.#leaveSnapshots ??= keepFresh(url, (picture) => {
      URL.revokeObjectURL(this.snapshot);
      this.snapshot = picture;
    });
  }

  #stopSnapshots(): void {
    this.#leaveSnapshots?.();
    this.#leaveSnapshots = undefined;
  }
}

customElements.define('ph-tile', PhTile);

declare global {
  interface HTMLElementTagNameMap {
    'ph-tile': PhTile;
  }
}
