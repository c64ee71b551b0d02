/**
 * `<porthole-player src="front-door">`: plays a stream of a Porthole (or go2rtc) server, by whatever works fastest.
 *
 *   src         name of the stream
 *   mode        modes in order of preference; default webrtc,mse,mp4,mjpeg
 *   media       video, audio, microphone; default video,audio
 *   base        address of the server; default: beside the document
 *   name        title over the picture; default: src; empty: none
 *   muted       starts without sound
 *   background  goes on while hidden or off-screen
 *
 * Slot `lead`: what stands before the name, such as a way back. Fires `statechange` when `state` changes.
 * Keys: space or k, m, arrows up and down, f, p, s. Needs nothing from outside; the looks are in styles.ts.
 */
import { createBackdrop } from './backdrop.ts';
import { type Actions, type Controls, createControls } from './controls.ts';
import { diagnose } from './diagnose.ts';
import { h } from './dom.ts';
import { iceServersOf } from './ice-servers.ts';
import { createIntercom, type Intercom } from './intercom.ts';
import { type PictureElement, savePicture, sizeOf } from './picture.ts';
import { createPlayback, type Playback, type PlaybackState } from './playback.ts';
import { DEFAULT_MODE } from './policy.ts';
import { type Presence, watchPresence } from './presence.ts';
import { canFullscreen, isPip, toggleFullscreen, togglePip } from './screen.ts';
import { STYLES } from './styles.ts';
import { play } from './transport.ts';
import { apiUrl, socketUrl } from './url.ts';

/** Unseen for so long: the stream is let go. */
const UNSEEN_MS = 5000;
/** Without a movement for so long: the controls fade. */
const QUIET_MS = 2500;
const NOTICE_MS = 6000;
const TICK_MS = 500;

type Timer = ReturnType<typeof setTimeout> | undefined;

export class PortholePlayer extends HTMLElement {
  static readonly observedAttributes = ['src', 'mode', 'media', 'base', 'name', 'background'];

  readonly #stage = h('div', { class: 'stage' });
  readonly #backdrop = createBackdrop();
  readonly #controls: Controls;
  readonly #intercom: Intercom;
  #playback: Playback | undefined;
  #presence: Presence | undefined;
  #listening = new AbortController();
  #state: PlaybackState = 'idle';
  #paused = false;
  #muted = false;
  /** Muted because the browser wants a click before it lets sound out. */
  #silenced = false;
  #volume = 1;
  #notice = '';
  #unseenTimer: Timer;
  #quietTimer: Timer;
  #noticeTimer: Timer;
  #tickTimer: Timer;

  constructor() {
    super();
    const actions: Actions = {
      togglePlay: () => (this.state === 'idle' ? this.play() : this.pause()),
      retry: () => this.#playback?.retry(),
      toggleMute: () => {
        this.muted = !this.#muted;
      },
      setVolume: (volume) => {
        this.volume = volume;
      },
      talkDown: () => void this.#intercom.start(),
      talkUp: () => this.#intercom.stop(),
      snapshot: () => this.#element && void savePicture(this.#element, this.#src),
      togglePip: () =>
        togglePip(this.#video).catch(() => this.#tell('The browser refused picture-in-picture.')),
      toggleFullscreen: () =>
        toggleFullscreen(this, this.#video).catch(() => this.#tell('The browser refused full screen.')),
    };
    this.#controls = createControls(actions);
    this.#intercom = createIntercom({
      talk: async (track) => this.#playback?.talk(track),
      hush: () => this.#playback?.hush(),
      changed: () => this.#render(),
      level: (level) => this.#controls.setLevel(level),
      failed: (message) => this.#tell(message),
    });
    const root = this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    root.append(...this.#backdrop.elements, this.#stage, ...this.#controls.elements);
    for (const type of ['pointermove', 'pointerdown', 'focusin', 'keydown'])
      this.addEventListener(type, this.#wake);
    this.addEventListener('pointerleave', this.#doze);
    this.addEventListener('keydown', (event) => this.#onKey(event, actions));
    this.#stage.addEventListener('dblclick', actions.toggleFullscreen);
  }

  connectedCallback(): void {
    if (!this.hasAttribute('tabindex')) this.tabIndex = 0;
    this.setAttribute('role', 'region');
    this.#muted = this.hasAttribute('muted');
    this.#listening = new AbortController();
    document.addEventListener('fullscreenchange', () => this.#render(), { signal: this.#listening.signal });
    this.#presence = watchPresence(
      this,
      () => this.#followPresence(),
      () => this.#playback?.stop(),
    );
    this.#restart();
  }

  disconnectedCallback(): void {
    this.#listening.abort();
    this.#presence?.close();
    this.#stop();
    this.#backdrop.clear();
    for (const timer of [this.#unseenTimer, this.#quietTimer, this.#noticeTimer, this.#tickTimer])
      clearTimeout(timer);
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    if (name === 'background') this.#followPresence();
    else if (name === 'name') this.#render();
    else {
      this.#stop();
      this.#backdrop.clear();
      this.#restart();
    }
  }

  get state(): PlaybackState {
    return this.#playback?.state ?? 'idle';
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.#silenced = false;
    if (!muted && this.#volume === 0) this.#volume = 1;
    this.#applySound();
  }

  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    this.#volume = Math.min(1, Math.max(0, volume));
    this.#muted = this.#volume === 0;
    this.#silenced = false;
    this.#applySound();
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

  get #base(): string {
    return new URL(this.getAttribute('base') ?? '', document.baseURI).href;
  }

  get #src(): string {
    return this.getAttribute('src') ?? '';
  }

  get #name(): string {
    return this.getAttribute('name') ?? this.#src;
  }

  get #media(): readonly string[] {
    return (this.getAttribute('media') || 'video,audio').split(/[\s,+]+/);
  }

  get #element(): PictureElement | undefined {
    return this.#playback?.transport?.element;
  }

  get #video(): HTMLVideoElement | undefined {
    return this.#element instanceof HTMLVideoElement ? this.#element : undefined;
  }

  #stop(): void {
    this.#intercom.stop();
    this.#playback?.stop();
    this.#playback = undefined;
  }

  #restart(): void {
    const [base, src, media] = [this.#base, this.#src, this.#media];
    this.setAttribute('aria-label', `Camera ${this.#name || src}`);
    if (src) {
      this.#playback = createPlayback(
        {
          url: socketUrl(base, src),
          mode: this.getAttribute('mode') || DEFAULT_MODE,
          video: media.includes('video'),
          audio: media.includes('audio'),
          iceServers: iceServersOf(base),
          diagnose: () => diagnose(base, src),
          sound: () => ({ muted: this.#muted, volume: this.#volume }),
        },
        {
          attach: (element) => this.#stage.append(element),
          show: ({ element }) => this.#show(element),
          leave: () => this.#element && this.#backdrop.keep(this.#element),
          silenced: () => {
            this.#silenced = this.#muted = true;
            this.#applySound();
          },
          changed: () => this.#changed(),
        },
      );
      if (!this.#paused && this.#mayRun()) this.#playback.start();
    }
    this.#render();
  }

  /** Puts the element on top; what was there goes right after. */
  #show(element: PictureElement): void {
    const before = this.#stage.querySelector('.shown');
    before?.classList.remove('shown');
    element.classList.add('shown');
    if (!(element instanceof HTMLVideoElement)) return;
    element.muted = this.#muted;
    element.volume = this.#volume;
    element.onresize =
      element.onleavepictureinpicture =
      element.onenterpictureinpicture =
        () => this.#render();
    // Paused from outside: picture-in-picture window, media keys. Browsers also pause what is hidden; that is resumed.
    element.onpause = () => {
      if (this.#video === element && !document.hidden && !element.ended) this.pause();
    };
    if (before && document.pictureInPictureElement === before)
      element.requestPictureInPicture?.().catch(() => undefined);
  }

  #changed(): void {
    const { state } = this;
    if (state === 'playing') this.#backdrop.cover();
    else if (state !== 'connecting') this.#backdrop.forgo();
    else if (this.#state === 'idle')
      this.#backdrop.expect(apiUrl(this.#base, 'api/frame.jpeg', { src: this.#src }));
    if (state !== 'playing' && state !== 'stalled') this.#intercom.stop();
    this.#render();
    if (state === this.#state) return;
    this.#state = state;
    this.#wake();
    this.setAttribute('state', state);
    this.dispatchEvent(new Event('statechange'));
  }

  #render(): void {
    const playback = this.#playback;
    const transport = playback?.transport;
    const size = sizeOf(transport?.element);
    if (size[0] && size[1]) this.style.setProperty('--porthole-aspect', `${size[0]} / ${size[1]}`);
    const waitMs = this.state === 'waiting' ? (playback?.retryAtMs ?? 0) - Date.now() : 0;
    this.#controls.update({
      state: this.state,
      name: this.#name,
      mode: transport?.mode,
      failures: playback?.failures ?? [],
      size,
      problem: playback?.problem ?? '',
      retrySeconds: Math.max(0, Math.ceil(waitMs / 1000)),
      hasAudio: transport?.audio ?? false,
      muted: this.#muted,
      silenced: this.#silenced,
      volume: this.#volume,
      talk: this.#media.includes('microphone') ? this.#intercom.state : 'none',
      canPip: Boolean(this.#video && document.pictureInPictureEnabled),
      pip: isPip(this.#video),
      canFullscreen: canFullscreen(this, this.#video),
      fullscreen: document.fullscreenElement === this,
      notice: this.#notice,
    });
    clearTimeout(this.#tickTimer);
    if (waitMs > 0) this.#tickTimer = setTimeout(() => this.#render(), TICK_MS);
  }

  #applySound(): void {
    for (const element of this.#stage.children) {
      if (!(element instanceof HTMLVideoElement)) continue;
      element.muted = this.#muted;
      element.volume = this.#volume;
    }
    this.#render();
  }

  #followPresence(): void {
    clearTimeout(this.#unseenTimer);
    if (this.#mayRun()) {
      if (!this.#paused) this.#playback?.start();
      this.#playback?.retry();
      if (this.#video?.paused) void play(this.#video, () => undefined);
    } else {
      this.#unseenTimer = setTimeout(() => {
        if (!this.#mayRun()) this.#playback?.stop();
      }, UNSEEN_MS);
    }
  }

  /** Seen by somebody, or meant to go on unseen. */
  #mayRun(): boolean {
    const wanted = this.hasAttribute('background') || this.#intercom.state !== 'off' || isPip(this.#video);
    return wanted || (this.#presence?.seen ?? false);
  }

  readonly #wake = (): void => {
    this.removeAttribute('quiet');
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(this.#doze, QUIET_MS);
  };

  readonly #doze = (): void => {
    const root = this.shadowRoot!;
    const busy =
      this.state !== 'playing' ||
      this.#intercom.state !== 'off' ||
      root.querySelector('.details:not([hidden])') ||
      root.activeElement?.matches(':focus-visible');
    this.toggleAttribute('quiet', !busy);
  };

  #onKey(event: KeyboardEvent, actions: Actions): void {
    const key = event.key.toLowerCase();
    const [target] = event.composedPath();
    const onControl = target instanceof HTMLButtonElement || target instanceof HTMLInputElement;
    if (event.altKey || event.ctrlKey || event.metaKey || (onControl && /^( |enter|arrow)/.test(key))) return;
    const action = {
      ' ': actions.togglePlay,
      k: actions.togglePlay,
      m: actions.toggleMute,
      arrowup: () => actions.setVolume(this.#volume + 0.1),
      arrowdown: () => actions.setVolume(this.#volume - 0.1),
      f: actions.toggleFullscreen,
      p: actions.togglePip,
      s: actions.snapshot,
    }[key];
    if (!action) return;
    action();
    event.preventDefault();
  }

  #tell(notice: string): void {
    this.#notice = notice;
    this.#render();
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => {
      this.#notice = '';
      this.#render();
    }, NOTICE_MS);
  }
}

if (!customElements.get('porthole-player')) customElements.define('porthole-player', PortholePlayer);

declare global {
  interface HTMLElementTagNameMap {
    'porthole-player': PortholePlayer;
  }
}
