/**
 * `<ph-preview .probe=…>`: what a checked source shows: its picture at once, moving as soon as it plays, its sound by
 * "hear", our voice by "talk". The stream that it plays in is no camera, ours alone, and goes when this element goes.
 */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import type { PortholePlayer } from '../../../../frontend-card/src/player/player.ts';
import type { Probe } from '../../lib/api-types.ts';
import { endPreview, openPreview } from '../../lib/cameras-api.ts';
import { trackTitle } from '../../lib/codec-titles.ts';
import { t } from '../../lib/i18n.ts';
import { icon } from '../../lib/icons.ts';
import '../../lib/player.ts';
import { shared } from '../../lib/styles.ts';

class PhPreview extends LitElement {
  static override properties = {
    probe: { attribute: false },
    stream: { state: true },
    playing: { state: true },
    hearing: { state: true },
    talking: { state: true },
  };
  declare probe: Probe;
  /** Empty while the server has none. */
  declare stream: string;
  declare playing: boolean;
  declare hearing: boolean;
  declare talking: boolean;

  static override styles = [
    shared,
    css`
      .frame { position: relative; overflow: hidden; aspect-ratio: 16 / 9; border-radius: var(--radius-l); background: var(--picture); }
      img, porthole-player { position: absolute; inset: 0; width: 100%; height: 100%; }
      img { object-fit: contain; }
      porthole-player { aspect-ratio: auto; background: none; opacity: 0; }
      .playing porthole-player { opacity: 1; background: #0b0f14; }
      .still { position: absolute; z-index: 2; inset-block-start: 10px; inset-inline-start: 10px; }
      .row { margin-top: var(--space-3); }
    `,
  ];

  constructor() {
    super();
    this.stream = '';
    this.playing = false;
    this.hearing = false;
    this.talking = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('pagehide', this.#forget);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('pagehide', this.#forget);
    this.#forget();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('probe')) void this.#open(this.probe.source);
  }

  override render() {
    const { snapshot, tracks = [], talk } = this.probe;
    const hasSound = tracks.some(({ kind }) => kind === 'audio');
    return html`
      <div class="frame ${this.playing ? 'playing' : ''}">
        ${snapshot ? html`<img src=${snapshot} alt=${t('add.preview.still')} />` : nothing}
        <porthole-player
          src=${this.stream} name="" muted controls="none" aspect="16 / 9" media=${talk ? 'video,audio,microphone' : 'video,audio'}
          @statechange=${this.#onState} @volumechange=${this.#onSound} @talkchange=${this.#onTalk}
        ></porthole-player>
        ${this.playing || !this.stream ? nothing : html`<span class="chip still">${t('add.preview.starting')}</span>`}
      </div>
      <div class="row">
        ${tracks.map((track) => html`<span class="chip accent">${trackTitle(track)}</span>`)}
        ${talk ? html`<span class="chip">${t('camera.track.talk.yes')}</span>` : nothing}
        <span class="grow"></span>
        ${
          hasSound
            ? html`<button class="button small" aria-pressed=${this.hearing} @click=${this.#hear}>
                ${icon(this.hearing ? 'sound' : 'mute', 16)}${t('add.preview.hear')}
              </button>`
            : nothing
        }
        ${
          talk
            ? html`<button class="button small" aria-pressed=${this.talking} @click=${this.#speak}>
                ${icon('microphone', 16)}${t('add.preview.talk')}
              </button>`
            : nothing
        }
      </div>
    `;
  }

  /** Without a stream the still picture stays. */
  async #open(source: string): Promise<void> {
    this.#forget();
    try {
      const { name } = await openPreview(source);
      if (this.isConnected && this.probe.source === source) this.stream = name;
      else void endPreview(name);
    } catch {
      this.stream = '';
    }
  }

  /** A page that is closed takes its stream along, too. */
  readonly #forget = (): void => {
    if (!this.stream) return;
    void endPreview(this.stream);
    this.stream = '';
  };

  get #player(): PortholePlayer {
    return this.renderRoot.querySelector('porthole-player')!;
  }

  #onState(): void {
    this.playing = this.#player.state === 'playing';
  }

  #onSound(): void {
    this.hearing = !this.#player.muted;
  }

  #onTalk(): void {
    this.talking = this.#player.talkState !== 'off';
  }

  #hear(): void {
    this.#player.muted = this.hearing;
    this.#onSound();
  }

  #speak(): void {
    if (this.talking) this.#player.hush();
    else this.#player.talk();
  }
}

customElements.define('ph-preview', PhPreview);
