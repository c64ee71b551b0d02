/**
 * `<porthole-player src="front-door">`: plays a stream of a Porthole (or go2rtc) server, by whatever works fastest.
 *
 *   src         name of the stream
 *   sub         name of the same camera's small stream: played where the player is small, see tier.ts
 *   tier        auto, main or sub; default auto
 *   mode        modes in order of preference; default webrtc,mse,hls,mp4,mjpeg
 *   media       video, audio, microphone; default video,audio
 *   base        address of the server; default: beside the document
 *   name        title over the picture; default: src; empty: none
 *   muted       starts without sound
 *   talk        hold (a short press stays, too) or open (a press stays); default hold
 *   controls    full, minimal or none; default full
 *   aspect      width / height that stays whatever comes, such as 16 / 9; default: that of the picture
 *   zoom        off: no looking closer
 *   background  goes on while hidden or off-screen
 *   slideshow   pictures from time to time, no stream
 *
 * Properties `connect` and `diagnose` replace `base` where addresses come from elsewhere; `sub` is then only said to be
 * there. Slots: `lead` before the name, `tools` in the bar, `over` on the picture. Fires `statechange`, `volumechange`
 * and `talkchange`. Keys are in keys.ts. Needs nothing from outside; the looks are in styles.ts.
 */
import type { Connect, Tier } from './addresses.ts';
import { readAttributes, STREAM_ATTRIBUTES } from './attributes.ts';
import { createBackdrop } from './backdrop.ts';
import { type Actions, type Controls, createControls } from './controls.ts';
import { diagnose } from './diagnose.ts';
import { h } from './dom.ts';
import { createGestures, type Gestures } from './gestures.ts';
import { createIntercom, type Intercom, type TalkState } from './intercom.ts';
import { actionOfKey } from './keys.ts';
import { createNotice } from './notice.ts';
import { type PictureElement, savePicture, sizeOf } from './picture.ts';
import { createPlayback, type Playback, type PlaybackState } from './playback.ts';
import { type Presence, watchPresence } from './presence.ts';
import { createQuiet, type Quiet } from './quiet.ts';
import { isFullscreen, isPip, toggleFullscreen, togglePip } from './screen.ts';
import { createSound } from './sound.ts';
import { createStage } from './stage.ts';
import { STYLES } from './styles.ts';
import { text } from './texts.ts';
import { chooseTier } from './tier.ts';
import { play } from './transport.ts';
import { viewOf } from './view.ts';

/** Unseen for so long: the stream is let go. */
const UNSEEN_MS = 5000;
const TICK_MS = 500;
const DELAY_TICK_MS = 2000;
/** A size that lasts so long is worth another stream. */
const RESIZED_MS = 300;

type Timer = ReturnType<typeof setTimeout> | undefined;

export class PortholePlayer extends HTMLElement {
  static readonly observedAttributes = [...STREAM_ATTRIBUTES, 'tier', 'name', 'aspect', 'talk', 'background'];

  /** Where the streams are; before the player is put into a document. */
  connect: Connect | undefined;
  /** Why the camera gives nothing, as far as somebody knows; goes with `connect`. */
  diagnose: (() => Promise<string | undefined>) | undefined;

  readonly #sound = createSound((chosen) => {
    this.#stage.applySound();
    this.#render();
    if (chosen) this.dispatchEvent(new Event('volumechange'));
  });
  readonly #stage = createStage(this.#sound, {
    changed: () => this.#render(),
    paused: () => this.#playback?.transport && this.pause(),
  });
  readonly #controls: Controls;
  readonly #intercom: Intercom;
  readonly #gestures: Gestures;
  readonly #quiet: Quiet;
  readonly #backdrop = createBackdrop({
    key: () => this.#attributes.src,
    poster: async () => (await this.#connect(this.#tier)).poster,
  });
  readonly #resizes = new ResizeObserver(() => {
    clearTimeout(this.#resizeTimer);
    this.#resizeTimer = setTimeout(() => this.#followTier(), RESIZED_MS);
  });
  readonly #notice = createNotice(() => this.#render());
  #attributes = readAttributes(this);
  #playback: Playback | undefined;
  #presence: Presence | undefined;
  #listening = new AbortController();
  #state: PlaybackState = 'idle';
  #talked: TalkState = 'off';
  #paused = false;
  #unseenTimer: Timer;
  #resizeTimer: Timer;
  #tickTimer: Timer;

  constructor() {
    super();
    const actions: Actions = {
      togglePlay: () => (this.state === 'idle' ? this.play() : this.pause()),
      retry: () => this.retry(),
      toggleMute: () => this.#sound.mute(!this.#sound.muted),
      setVolume: this.#sound.turn,
      talkDown: () => this.talk(),
      talkUp: () => this.hush(),
      snapshot: () => this.#element && void savePicture(this.#element, this.#attributes.src),
      resetZoom: () => this.#gestures.reset(),
      togglePip: () => togglePip(this.#video).catch(() => this.tell(text('refusedPip'))),
      toggleFullscreen: () =>
        toggleFullscreen(this, this.#video).catch(() => this.tell(text('refusedFullscreen'))),
    };
    this.#controls = createControls(actions);
    this.#intercom = createIntercom({
      talk: async (track) => this.#playback?.talk(track),
      hush: () => this.#playback?.hush(),
      changed: () => this.#onTalk(),
      level: (level) => this.#controls.setLevel(level),
      failed: (message) => this.tell(message),
    });
    this.#gestures = createGestures({
      frame: this.#stage.element,
      host: this,
      enabled: () => this.#attributes.zoom && this.#element !== undefined,
      ownsWheel: () => this.matches(':fullscreen, :focus-within'),
      doubleClicked: actions.toggleFullscreen,
      changed: () => this.#onLook(),
    });
    this.#quiet = createQuiet(this, () => this.#isBusy());
    const root = this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    const frame = h('div', { class: 'frame' }, ...this.#backdrop.elements, this.#stage.element);
    root.append(frame, ...this.#controls.elements);
    this.addEventListener('keydown', (event) => {
      const action = actionOfKey(event, actions, this.#gestures, this.#sound.volume);
      action?.();
      if (action) event.preventDefault();
    });
  }

  connectedCallback(): void {
    if (!this.hasAttribute('tabindex')) this.tabIndex = 0;
    this.setAttribute('role', 'region');
    this.#sound.mute(this.hasAttribute('muted'));
    this.#listening = new AbortController();
    document.addEventListener('fullscreenchange', () => this.#onLook(), { signal: this.#listening.signal });
    this.#presence = watchPresence(
      this,
      () => this.#followPresence(),
      () => this.#playback?.stop(),
    );
    this.#resizes.observe(this);
    this.#restart();
  }

  disconnectedCallback(): void {
    this.#listening.abort();
    this.#presence?.close();
    this.#resizes.disconnect();
    this.#stop();
    this.#backdrop.clear();
    this.#backdrop.slideshow(false);
    this.#quiet.close();
    this.#notice.close();
    for (const timer of [this.#unseenTimer, this.#resizeTimer, this.#tickTimer]) clearTimeout(timer);
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    this.#attributes = readAttributes(this);
    if (STREAM_ATTRIBUTES.includes(name)) {
      this.#stop();
      if (name !== 'slideshow') this.#backdrop.clear();
      this.#restart();
    } else if (name === 'background') this.#followPresence();
    else if (name === 'tier') this.#followTier();
    else this.#render();
  }

  get state(): PlaybackState {
    return this.#playback?.state ?? 'idle';
  }

  /** The tier that is shown. */
  get playingTier(): Tier | undefined {
    return this.#playback?.tier;
  }

  /** Seconds from the server to the screen, where the mode knows. */
  get delay(): number | undefined {
    return this.#playback?.transport?.latency?.();
  }

  /** In full screen, in a window of its own, or talked to: somebody cares for just this one. */
  get isHeld(): boolean {
    return isFullscreen(this) || isPip(this.#video) || this.#intercom.state !== 'off';
  }

  get talkState(): TalkState {
    return this.#intercom.state;
  }

  /** Width and height of the picture; 0 while there is none. */
  get pictureSize(): readonly [number, number] {
    return sizeOf(this.#element);
  }

  get muted(): boolean {
    return this.#sound.muted;
  }

  set muted(muted: boolean) {
    this.#sound.mute(muted);
  }

  get volume(): number {
    return this.#sound.volume;
  }

  set volume(volume: number) {
    this.#sound.turn(volume);
  }

  play(): void {
    this.#paused = false;
    this.#playback?.start();
  }

  /** Stops and lets go of the stream; the last picture stays. */
  pause(): void {
    this.#paused = true;
    this.#intercom.stop();
    this.#playback?.stop();
  }

  /** Ends a wait for the next attempt: something says that it may work now. */
  retry(): void {
    this.#playback?.retry();
  }

  /** Opens the microphone; what prevents it is told on the picture. */
  talk(): void {
    void this.#intercom.start();
  }

  hush(): void {
    this.#intercom.stop();
  }

  /** Shows a sentence for a few seconds. */
  tell(notice: string): void {
    this.#notice.tell(notice);
  }

  get #connect(): Connect {
    return this.connect ?? this.#attributes.connect;
  }

  get #element(): PictureElement | undefined {
    return this.#playback?.transport?.element;
  }

  get #video(): HTMLVideoElement | undefined {
    return this.#element instanceof HTMLVideoElement ? this.#element : undefined;
  }

  get #tier(): Tier {
    return chooseTier({
      choice: this.#attributes.tier,
      hasSub: this.#attributes.hasSub,
      width: this.clientWidth,
      fullscreen: isFullscreen(this),
      zoom: this.#gestures.look.scale,
      talking: this.#intercom.state !== 'off',
      now: this.#playback?.tier ?? 'sub',
    });
  }

  #stop(): void {
    this.#intercom.stop();
    this.#playback?.stop();
    this.#playback = undefined;
  }

  #restart(): void {
    this.#attributes = readAttributes(this);
    const { base, src, name, mode, media, slideshow } = this.#attributes;
    this.setAttribute('aria-label', text('camera', { name: name || src }));
    this.#backdrop.slideshow(slideshow);
    if (src && !slideshow) {
      this.#playback = createPlayback(
        {
          connect: this.#connect,
          tier: this.#tier,
          mode,
          video: media.includes('video'),
          audio: media.includes('audio'),
          diagnose: this.diagnose ?? (() => diagnose(base, src)),
          sound: () => this.#sound,
        },
        {
          attach: this.#stage.attach,
          show: ({ element }) => this.#stage.show(element),
          leave: () => this.#element && this.#backdrop.keep(this.#element),
          silenced: this.#sound.silence,
          changed: () => this.#changed(),
        },
      );
      if (!this.#paused && this.#mayRun()) this.#playback.start();
    }
    this.#render();
  }

  #changed(): void {
    const { state } = this;
    if (state === 'playing') this.#backdrop.cover();
    else if (state !== 'connecting') this.#backdrop.forgo();
    else if (this.#state === 'idle') this.#backdrop.expect();
    if (state !== 'playing' && state !== 'stalled') this.#intercom.stop();
    this.#render();
    if (state === this.#state) return;
    this.#state = state;
    this.#quiet.wake();
    this.setAttribute('state', state);
    this.dispatchEvent(new Event('statechange'));
  }

  #render(): void {
    const view = viewOf({
      host: this,
      attributes: this.#attributes,
      playback: this.#playback,
      sound: this.#sound,
      talk: this.#intercom.state,
      zoomed: this.#gestures.look.scale > 1,
      notice: this.#notice.words,
    });
    const [width, height] = view.size;
    const aspect = this.#attributes.aspect ?? (width && height ? `${width} / ${height}` : '');
    if (aspect) this.style.setProperty('--porthole-aspect', aspect);
    this.#controls.update(view);
    clearTimeout(this.#tickTimer);
    const tickMs = view.retrySeconds > 0 ? TICK_MS : view.mode ? DELAY_TICK_MS : 0;
    if (tickMs) this.#tickTimer = setTimeout(() => this.#render(), tickMs);
  }

  #onLook(): void {
    this.#followTier();
    this.#render();
  }

  #onTalk(): void {
    this.#onLook();
    const { state } = this.#intercom;
    if (state === this.#talked) return;
    this.#talked = state;
    this.dispatchEvent(new Event('talkchange'));
  }

  /** While the microphone opens, the talk itself brings the main stream. */
  #followTier(): void {
    if (this.#intercom.state === 'off') this.#playback?.follow(this.#tier);
  }

  #followPresence(): void {
    clearTimeout(this.#unseenTimer);
    if (this.#mayRun()) {
      if (!this.#paused) this.#playback?.start();
      this.#playback?.retry();
      if (this.#video?.paused) void play(this.#video, () => undefined);
    } else this.#unseenTimer = setTimeout(() => this.#mayRun() || this.#playback?.stop(), UNSEEN_MS);
  }

  /** Seen by somebody, or meant to go on unseen. */
  #mayRun(): boolean {
    const wanted = this.#attributes.background || this.#intercom.state !== 'off' || isPip(this.#video);
    return wanted || (this.#presence?.seen ?? false);
  }

  #isBusy(): boolean {
    const root = this.shadowRoot!;
    return (
      (this.state !== 'playing' && !this.#attributes.slideshow) ||
      this.#intercom.state !== 'off' ||
      root.querySelector('.details:not([hidden])') !== null ||
      (root.activeElement?.matches(':focus-visible') ?? false)
    );
  }
}

if (!customElements.get('porthole-player')) customElements.define('porthole-player', PortholePlayer);

declare global {
  interface HTMLElementTagNameMap {
    'porthole-player': PortholePlayer;
  }
}
