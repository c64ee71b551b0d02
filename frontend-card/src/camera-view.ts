/**
 * `<porthole-camera>`: one camera of a card: its player, and around it what only Home Assistant knows: name, doorbell, PTZ,
 * shortcuts, whether there are decoders left.
 */
import './player/player.ts';
import './ptz-pad.ts';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { runAction } from './actions.ts';
import { CAMERA_STYLES } from './camera-styles.ts';
import type { ActionButton, CameraConfig, Source } from './config.ts';
import { createDoorbell, isRing } from './doorbell.ts';
import { glyph } from './glyph.ts';
import { type Hass, messageOf, nameOf } from './hass.ts';
import { type CameraInfo, type CameraLink, type CameraNews, linkTo } from './link.ts';
import { recallMuted, rememberAspect, rememberMuted } from './memory.ts';
import { type BudgetMember, joinBudget, leaveBudget, reconsider } from './page-budget.ts';
import type { PortholePlayer } from './player/player.ts';
import { recallPoster } from './player/poster-memory.ts';
import { driveByLink, driveByServices } from './ptz-drive.ts';
import type { PtzDrive } from './ptz-pad.ts';
import { t } from './translate.ts';

const RESUBSCRIBE_MS = 5000;
/** A camera that stands on a dashboard twice rings once. */
const ringing = new Map<string, PortholeCamera>();

export class PortholeCamera extends LitElement {
  static override readonly properties = {
    hass: { attribute: false },
    config: { attribute: false },
    _info: { state: true },
    _asked: { state: true },
    _live: { state: true },
    _ptzOpen: { state: true },
    _sourceIndex: { state: true },
    _ring: { state: true },
  };

  static override readonly styles = CAMERA_STYLES;

  declare hass: Hass;
  declare config: CameraConfig;
  /** Undefined while not known. */
  declare private _info: CameraInfo | undefined;
  /** The integration has answered, well or not. */
  declare private _asked: boolean;
  /** Whether there is a decoder for it; undefined before that was decided. */
  declare private _live: boolean | undefined;
  declare private _ptzOpen: boolean;
  declare private _sourceIndex: number;
  declare private _ring: 'quiet' | 'ringing' | 'answered';

  #link: CameraLink | undefined;
  #drive: PtzDrive | undefined;
  /** Counts links: what an earlier one answers is for nobody. */
  #generation = 0;
  #unsubscribe: (() => void) | undefined;
  #bellState: string | undefined;
  readonly #doorbell = createDoorbell((state) => this.#onRing(state));
  readonly #member: BudgetMember = {
    element: this,
    pinned: () => this.#isPinned(),
    setLive: (live) => {
      this._live = live;
    },
  };

  constructor() {
    super();
    this._asked = this._ptzOpen = false;
    this._sourceIndex = 0;
    this._ring = 'quiet';
    this.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this._ring !== 'quiet') this.#endRing();
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    joinBudget(this.#member);
    if (this.config && this.hass) this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    leaveBudget(this.#member);
    this.#close();
    this.#doorbell.end();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const before = changed.get('config') as CameraConfig | undefined;
    if (before && JSON.stringify(before) !== JSON.stringify(this.config)) {
      this._sourceIndex = 0;
      this.#close();
    }
    if (changed.get('_sourceIndex') !== undefined) this.#close();
    if (!this.#link) this.#open();
    this.#watchBell();
  }

  override render() {
    const words = this.#unplayable;
    if (words) return html`<div class="words"><p>${words}</p></div>`;
    const { fit, aspect } = this.config;
    const style = `--porthole-fit: ${fit}`;
    const poster = this.#posterUrl;
    return html`
      ${poster ? html`<img class="poster" style=${style} src=${poster} alt="" />` : nothing}
      ${this._info?.camera.enabled === false ? this.#renderOff() : this.#renderPlayer(style, aspect)}
    `;
  }

  #renderOff() {
    const { switchEntity } = this._info!;
    const on = () => void this.hass.callService('switch', 'turn_on', {}, { entity_id: switchEntity });
    return html`<div class="words">
      <p>${t('disabled')}</p>
      ${switchEntity ? html`<button type="button" @click=${on}>${t('switchOn')}</button>` : nothing}
    </div>`;
  }

  #renderPlayer(style: string, aspect: string | undefined) {
    if (!this._asked || this._live === undefined) return nothing;
    const { config, _info: info } = this;
    const source = this.#source;
    const media = this.#mayTalk
      ? 'video,audio,microphone'
      : (source.media ?? config.media).replace(/,?microphone/, '');
    return html`<porthole-player
      style=${style}
      src=${this.#key}
      ?sub=${info?.hasSub ?? false}
      tier=${config.tier === 'auto' ? (info?.tier ?? 'auto') : config.tier}
      mode=${source.mode ?? config.mode}
      media=${media}
      name=${config.name ?? this.#entityName}
      ?muted=${recallMuted(this.#key) ?? config.muted}
      talk=${config.talk === 'open' ? 'open' : 'hold'}
      controls=${this._ring === 'quiet' ? config.ui : 'none'}
      aspect=${aspect ?? 'auto'}
      zoom=${config.zoom ? 'on' : 'off'}
      ?background=${config.background}
      ?slideshow=${!this._live}
      .connect=${this.#link?.connect}
      .diagnose=${this.#link?.diagnose}
      @statechange=${this.#onState}
      @volumechange=${this.#onVolume}
      @talkchange=${reconsider}
    >
      ${this.#renderTools()}
      ${
        this._ptzOpen && this.#drive && this._ring === 'quiet'
          ? html`<porthole-ptz slot="over" .drive=${this.#drive}></porthole-ptz>`
          : nothing
      }
      ${this._ring === 'quiet' ? nothing : this.#renderRing()}
    </porthole-player>`;
  }

  #renderTools() {
    const { sources, shortcuts } = this.config;
    const togglePtz = () => {
      this._ptzOpen = !this._ptzOpen;
    };
    const otherSource = () => {
      this._sourceIndex = (this._sourceIndex + 1) % sources.length;
    };
    const now = this.#source.name ?? this.#source.stream ?? this.#source.entity ?? '';
    return html`
      ${shortcuts.map(
        (shortcut) => html`<button
          slot="tools" type="button" class="tool" title=${shortcut.name} aria-label=${shortcut.name}
          @click=${() => this.#run(shortcut)}
        >${this.#face(shortcut)}</button>`,
      )}
      ${
        sources.length > 1
          ? html`<button
              slot="tools" type="button" class="tool" @click=${otherSource}
              title=${t('otherSource', { name: now })} aria-label=${t('otherSource', { name: now })}
            >${glyph('streams')}</button>`
          : nothing
      }
      ${
        this.#drive
          ? html`<button
              slot="tools" type="button" class="tool" @click=${togglePtz} aria-pressed=${this._ptzOpen}
              title=${t('moveCamera')} aria-label=${t('moveCamera')}
            >${glyph('move')}</button>`
          : nothing
      }
    `;
  }

  #renderRing() {
    const calls = this._ring === 'ringing';
    const actions = this.config.doorbell?.actions ?? [];
    return html`<div slot="over" class="ring ${calls ? 'calls' : ''}" role="alertdialog" aria-label=${t('rings')}>
      <div class="caller"><span class="bell">${glyph('bell')}</span><div>${calls ? t('rings') : this.#entityName}${calls ? html`<small>${this.#entityName}</small>` : nothing}</div></div>
      <div class="choices">
        <button type="button" class="choice end" @click=${this.#endRing}>
          <span>${glyph(calls ? 'close' : 'hangUp')}</span>${t(calls ? 'decline' : 'hangUp')}
        </button>
        ${actions.map(
          (action) => html`<button type="button" class="choice" @click=${() => this.#run(action)}>
            <span>${this.#face(action)}</span>${action.name}
          </button>`,
        )}
        ${
          calls
            ? html`<button type="button" class="choice answer" @click=${this.#answer}>
                <span>${glyph('phone')}</span>${t('answer')}
              </button>`
            : nothing
        }
      </div>
    </div>`;
  }

  /** Home Assistant's icon, where it is there to draw it. */
  #face({ icon }: ActionButton) {
    return icon && customElements.get('ha-icon') ? html`<ha-icon icon=${icon}></ha-icon>` : glyph('door');
  }

  get player(): PortholePlayer | null {
    return this.renderRoot.querySelector('porthole-player');
  }

  get #source(): Source {
    return this.config.sources[this._sourceIndex] ?? this.config.sources[0]!;
  }

  /** What this browser remembers things by. */
  get #key(): string {
    return this.#source.entity ?? this.#source.stream ?? '';
  }

  get #entityName(): string {
    const { entity, name, stream } = this.#source;
    return entity ? nameOf(this.hass, entity) : (name ?? stream ?? '');
  }

  get #unplayable(): string {
    const { entity } = this.#source;
    return entity && !this.hass.states[entity] ? t('noEntity', { entity }) : '';
  }

  get #posterUrl(): string | undefined {
    const { poster } = this.config;
    if (poster === '') return undefined;
    const picture = poster && this.hass.states[poster]?.attributes.entity_picture;
    if (typeof picture === 'string') return this.hass.hassUrl(picture);
    return poster?.includes('/') ? poster : recallPoster(this.#key);
  }

  get #mayTalk(): boolean {
    if (this.config.talk === 'off') return false;
    // Of a server that is spoken to directly nothing is known.
    if (!this._info) return this.config.media.includes('microphone');
    return this._info.control && this._info.camera.talk === true;
  }

  #open(): void {
    const link = linkTo(this.#source, () => this.hass);
    const generation = ++this.#generation;
    this.#link = link;
    const settle = (info: CameraInfo | undefined) => {
      if (generation !== this.#generation) return;
      this._asked = true;
      this.#learn(info);
    };
    // The player asks again, and says what is wrong.
    link.info().then(settle, () => settle(undefined));
    void this.#subscribe(link, generation);
  }

  #close(): void {
    this.#generation++;
    this.#unsubscribe?.();
    this.#unsubscribe = this.#link = this.#drive = this._info = undefined;
    this._asked = false;
  }

  async #subscribe(link: CameraLink, generation: number): Promise<void> {
    const current = () => generation === this.#generation;
    try {
      const end = await link.subscribe((news) => current() && this.#onNews(news));
      if (current()) this.#unsubscribe = end;
      else end();
    } catch {
      setTimeout(() => current() && void this.#subscribe(link, generation), RESUBSCRIBE_MS);
    }
  }

  #onNews(news: CameraNews): void {
    if (news.type === 'event' && news.event === 'ring' && news.active) this.#startRing();
    if (news.type !== 'state' || !this._info) return;
    const { available, camera, tier } = news;
    const isBack = available && !this._info.available;
    this.#learn({ ...this._info, available, camera, tier, hasSub: camera.sub !== undefined });
    if (isBack) this.player?.retry();
  }

  #learn(info: CameraInfo | undefined): void {
    const { ptz } = this.config;
    const able = info?.control ? info.camera.ptz : undefined;
    const failed = (error: unknown) => this.player?.tell(messageOf(error));
    if (typeof ptz === 'object') this.#drive ??= driveByServices(ptz, () => this.hass, failed);
    else if (!ptz || !able || !this.#link) this.#drive = undefined;
    else if (JSON.stringify(able) !== JSON.stringify(this.#drive?.able))
      this.#drive = driveByLink(this.#link, able, failed);
    this._info = info;
  }

  #watchBell(): void {
    const entity = this.config.doorbell?.entity;
    const state = entity && this.hass.states[entity]?.state;
    if (entity && isRing(entity, this.#bellState, state)) this.#startRing();
    this.#bellState = state;
  }

  #startRing(): void {
    const { doorbell } = this.config;
    const first = ringing.get(this.#key) ?? this;
    if (!doorbell || first !== this) return;
    ringing.set(this.#key, this);
    // A carousel turns here.
    this.dispatchEvent(new Event('porthole-ring', { bubbles: true, composed: true }));
    this.#doorbell.ring(doorbell.answerTimeout * 1000);
  }

  /** In the top layer it is over everything, and the player need not move. */
  #onRing(state: 'quiet' | 'ringing' | 'answered'): void {
    this._ring = state;
    this.toggleAttribute('ringing', state !== 'quiet');
    if (state === 'quiet') {
      ringing.delete(this.#key);
      if (this.matches(':popover-open')) this.hidePopover();
      this.removeAttribute('popover');
    } else if (!this.matches(':popover-open')) {
      this.popover = 'manual';
      if (this.isConnected) this.showPopover();
      void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('.answer')?.focus());
    }
    reconsider();
  }

  readonly #answer = (): void => {
    const { player } = this;
    this.#doorbell.answer();
    if (!player) return;
    player.muted = false;
    if (this.#mayTalk) player.talk();
  };

  readonly #endRing = (): void => {
    this.player?.hush();
    this.#doorbell.end();
  };

  async #run(button: ActionButton): Promise<void> {
    const { name } = button;
    try {
      await runAction(this, this.hass, button);
      if (button.action.action === 'perform-action') this.player?.tell(t('done', { name }));
    } catch (error) {
      this.player?.tell(t('actionFailed', { name, reason: messageOf(error) }));
    }
  }

  readonly #onState = (): void => {
    const { player } = this;
    const [width = 0, height = 0] = player?.pictureSize ?? [];
    if (player?.state === 'playing' && width && height) rememberAspect(this.#key, width, height);
  };

  readonly #onVolume = (): void => {
    const { player } = this;
    const before = recallMuted(this.#key) ?? this.config.muted;
    if (player?.isConnected && player.muted !== before) rememberMuted(this.#key, player.muted);
  };

  #isPinned(): boolean {
    const { player } = this;
    return this._ring !== 'quiet' || this.config.background || (player?.isHeld ?? false);
  }
}

if (!customElements.get('porthole-camera')) customElements.define('porthole-camera', PortholeCamera);
