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
 * Slot `lead`: what stands before the name, such as a way back. Fires `statechange` when `state` changes. Needs nothing from outside; the looks are in styles.ts.
 */
import { type Controls, createControls, type View } from './controls.ts';
import { diagnose } from './diagnose.ts';
import { h } from './dom.ts';
import { iceServersOf } from './ice-servers.ts';
import { createPlayback, type Playback, type PlaybackState } from './playback.ts';
import { DEFAULT_MODE } from './policy.ts';
import { STYLES } from './styles.ts';
import { type Microphone, openMicrophone } from './talk.ts';
import { play, type Transport } from './transport.ts';
import { apiUrl, socketUrl } from './url.ts';

/** A picture from the server costs it a decode: ask only when the stream itself is not faster. */
const POSTER_MS = 300;
const HIDDEN_MS = 5000;
const QUIET_MS = 2500;
const NOTICE_MS = 6000;
/** The kept last frame needs no more pixels than this … */
const STILL_WIDTH = 1280;
/** … and stays behind the new picture until that has made its jump to the live edge. */
const STILL_MS = 500;

export class PortholePlayer extends HTMLElement {
  static readonly observedAttributes = ['src', 'mode', 'media', 'base', 'name', 'background'];

  #playback: Playback | undefined;
  readonly #controls: Controls;
  readonly #stage = h('div', { class: 'stage' });
  readonly #still = h('canvas', { class: 'still', hidden: true });
  readonly #poster = h('img', { class: 'still', alt: '', hidden: true });
  #paused = false;
  #onScreen = true;
  #muted = false;
  #volume = 1;
  #silenced = false;
  #microphone: Microphone | undefined;
  #talk: 'off' | 'opening' | 'on' = 'off';
  #notice = '';
  #lastState: PlaybackState = 'idle';

  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #stillTimer: ReturnType<typeof setTimeout> | undefined;
  #posterTimer: ReturnType<typeof setTimeout> | undefined;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #quietTimer: ReturnType<typeof setTimeout> | undefined;
  #tickTimer: ReturnType<typeof setInterval> | undefined;
  #levelFrame = 0;
  readonly #intersection = new IntersectionObserver((entries) => {
    this.#onScreen = entries.at(-1)!.isIntersecting;
    this.#followVisibility();
  });
  readonly #onVisibility = () => this.#followVisibility();
  /** Leaving by itself tells the server at once; else it would wait for a silent WebRTC peer. */
  readonly #onPageHide = () => this.#playback?.stop();
  readonly #onFullscreen = () => this.#render();

  constructor() {
    super();
    this.#controls = createControls({
      togglePlay: () => (this.state === 'idle' ? this.play() : this.pause()),
      retry: () => this.#playback?.retry(),
      toggleMute: () => {
        this.muted = !this.#muted;
      },
      setVolume: (volume) => {
        this.volume = volume;
      },
      talkDown: () => void this.#startTalk(),
      talkUp: () => this.#stopTalk(),
      snapshot: () => void this.#snapshot(),
      togglePip: () => void this.#togglePip(),
      toggleFullscreen: () => void this.#toggleFullscreen(),
    });
    const root = this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    root.append(this.#still, this.#poster, this.#stage, ...this.#controls.elements);
    this.#poster.onload = () => {
      this.#poster.hidden = this.state === 'playing';
    };
    this.#poster.onerror = () => this.#hidePoster();
    for (const type of ['pointermove', 'pointerdown', 'focusin', 'keydown'])
      this.addEventListener(type, this.#wake);
    this.addEventListener('pointerleave', this.#doze);
    this.addEventListener('keydown', this.#onKey);
    this.#stage.addEventListener('dblclick', () => void this.#toggleFullscreen());
  }

  connectedCallback(): void {
    if (!this.hasAttribute('tabindex')) this.tabIndex = 0;
    this.setAttribute('role', 'region');
    this.setAttribute('aria-label', `Camera ${this.#name || this.getAttribute('src')}`);
    this.#muted = this.hasAttribute('muted');
    this.#intersection.observe(this);
    document.addEventListener('visibilitychange', this.#onVisibility);
    document.addEventListener('fullscreenchange', this.#onFullscreen);
    addEventListener('pagehide', this.#onPageHide);
    addEventListener('pageshow', this.#onVisibility);
    this.#restart();
    this.#render();
  }

  disconnectedCallback(): void {
    this.#intersection.disconnect();
    document.removeEventListener('visibilitychange', this.#onVisibility);
    document.removeEventListener('fullscreenchange', this.#onFullscreen);
    removeEventListener('pagehide', this.#onPageHide);
    removeEventListener('pageshow', this.#onVisibility);
    const timers = [
      this.#noticeTimer,
      this.#stillTimer,
      this.#posterTimer,
      this.#hiddenTimer,
      this.#quietTimer,
    ];
    for (const timer of timers) clearTimeout(timer);
    clearInterval(this.#tickTimer);
    this.#stopTalk();
    this.#playback?.stop();
    this.#playback = undefined;
    this.#still.hidden = true;
    this.#hidePoster();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    if (name === 'background') this.#followVisibility();
    else if (name === 'name') this.#render();
    else {
      this.#still.hidden = true;
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
    this.#stopTalk();
    this.#playback?.stop();
  }

  get #base(): string {
    const base = this.getAttribute('base');
    return base ? new URL(base, document.baseURI).href : document.baseURI;
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

  get #video(): HTMLVideoElement | undefined {
    const element = this.#playback?.transport?.element;
    return element instanceof HTMLVideoElement ? element : undefined;
  }

  #restart(): void {
    this.#stopTalk();
    this.#playback?.stop();
    this.#playback = undefined;
    if (!this.#src) return;
    const media = this.#media;
    const [base, src] = [this.#base, this.#src];
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
        show: (transport) => this.#show(transport),
        leave: () => this.#keepStill(),
        silenced: () => {
          this.#silenced = this.#muted = true;
          this.#applySound();
        },
        changed: () => this.#changed(),
      },
    );
    if (!this.#paused && this.#mayRun()) this.#playback.start();
  }

  #show(transport: Transport): void {
    const { element } = transport;
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
    clearTimeout(this.#stillTimer);
    if (state === 'playing') {
      this.#hidePoster();
      this.#stillTimer = setTimeout(() => {
        this.#still.hidden = true;
      }, STILL_MS);
    } else if (state === 'connecting' && this.#lastState === 'idle' && this.#still.hidden) {
      this.#posterTimer = setTimeout(() => {
        this.#poster.src = apiUrl(this.#base, 'api/frame.jpeg', { src: this.#src });
      }, POSTER_MS);
    } else if (state === 'idle') this.#hidePoster();
    if (state !== 'playing' && state !== 'stalled') this.#stopTalk();
    clearInterval(this.#tickTimer);
    if (state === 'waiting') this.#tickTimer = setInterval(() => this.#render(), 500);
    this.#render();
    if (state === this.#lastState) return;
    this.#lastState = state;
    this.#wake();
    this.setAttribute('state', state);
    this.dispatchEvent(new Event('statechange'));
  }

  #render(): void {
    const playback = this.#playback;
    const transport = playback?.transport;
    const video = this.#video;
    const element = transport?.element;
    const size = video
      ? ([video.videoWidth, video.videoHeight] as const)
      : element instanceof HTMLCanvasElement
        ? ([element.width, element.height] as const)
        : ([0, 0] as const);
    if (size[0] && size[1]) this.style.setProperty('--porthole-aspect', `${size[0]} / ${size[1]}`);
    const view: View = {
      state: this.state,
      name: this.#name,
      mode: transport?.mode,
      failures: playback?.failures ?? [],
      size,
      problem: playback?.problem ?? '',
      retrySeconds: Math.max(0, Math.ceil(((playback?.retryAtMs ?? 0) - Date.now()) / 1000)),
      hasAudio: transport?.audio ?? false,
      muted: this.#muted,
      silenced: this.#silenced,
      volume: this.#volume,
      talk: this.#media.includes('microphone') ? this.#talk : 'none',
      canPip: Boolean(video && document.pictureInPictureEnabled),
      pip: Boolean(video && document.pictureInPictureElement === video),
      canFullscreen: 'requestFullscreen' in this || Boolean(video && 'webkitEnterFullscreen' in video),
      fullscreen: document.fullscreenElement === this,
      notice: this.#notice,
    };
    this.#controls.update(view);
  }

  #applySound(): void {
    for (const element of this.#stage.children) {
      if (!(element instanceof HTMLVideoElement)) continue;
      element.muted = this.#muted;
      element.volume = this.#volume;
    }
    this.#render();
  }

  #followVisibility(): void {
    clearTimeout(this.#hiddenTimer);
    const playback = this.#playback;
    if (!playback) return;
    if (this.#mayRun()) {
      if (!this.#paused) playback.start();
      playback.retry();
      if (this.#video?.paused) void play(this.#video, () => undefined);
    } else {
      this.#hiddenTimer = setTimeout(() => {
        if (!this.#mayRun()) this.#playback?.stop();
      }, HIDDEN_MS);
    }
  }

  /** Seen by somebody, or meant to go on unseen. */
  #mayRun(): boolean {
    if (this.hasAttribute('background') || this.#talk !== 'off') return true;
    if (this.#video && document.pictureInPictureElement === this.#video) return true;
    return this.#onScreen && !document.hidden;
  }

  readonly #wake = (): void => {
    this.removeAttribute('quiet');
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(this.#doze, QUIET_MS);
  };

  readonly #doze = (): void => {
    const busy =
      this.state !== 'playing' ||
      this.#talk !== 'off' ||
      this.shadowRoot!.querySelector('.details:not([hidden])') ||
      this.shadowRoot!.activeElement?.matches(':focus-visible');
    this.toggleAttribute('quiet', !busy);
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.composedPath()[0];
    const onButton = target instanceof HTMLButtonElement || target instanceof HTMLInputElement;
    const key = event.key.toLowerCase();
    if (onButton && (key === ' ' || key === 'enter' || key.startsWith('arrow'))) return;
    switch (key) {
      case ' ':
      case 'k':
        if (this.state === 'idle') this.play();
        else this.pause();
        break;
      case 'm':
        this.muted = !this.#muted;
        break;
      case 'arrowup':
      case 'arrowdown':
        this.volume = this.#volume + (key === 'arrowup' ? 0.1 : -0.1);
        break;
      case 'f':
        void this.#toggleFullscreen();
        break;
      case 'p':
        void this.#togglePip();
        break;
      case 's':
        void this.#snapshot();
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  async #startTalk(): Promise<void> {
    if (this.#talk !== 'off' || !this.#playback) return;
    this.#setTalk('opening');
    try {
      const microphone = await openMicrophone();
      // Released while the browser asked for permission.
      if (this.#isTalkOff()) {
        microphone.close();
        return;
      }
      this.#microphone = microphone;
      microphone.track.onended = () => this.#stopTalk();
      await this.#playback?.talk(microphone.track);
      if (this.#microphone === microphone) {
        this.#setTalk('on');
        this.#followLevel();
      }
    } catch (error) {
      if (this.#isTalkOff()) return;
      this.#stopTalk();
      this.#tell(error instanceof Error ? error.message : String(error));
    }
  }

  #isTalkOff(): boolean {
    return this.#talk === 'off';
  }

  #stopTalk(): void {
    if (this.#talk === 'off') return;
    this.#setTalk('off');
    cancelAnimationFrame(this.#levelFrame);
    this.#controls.setLevel(0);
    this.#playback?.hush();
    this.#microphone?.close();
    this.#microphone = undefined;
  }

  #setTalk(talk: 'off' | 'opening' | 'on'): void {
    this.#talk = talk;
    this.#render();
  }

  readonly #followLevel = (): void => {
    if (!this.#microphone) return;
    this.#controls.setLevel(this.#microphone.level());
    this.#levelFrame = requestAnimationFrame(this.#followLevel);
  };

  #keepStill(): void {
    const element = this.#playback?.transport?.element;
    if (!element) return;
    const width = element instanceof HTMLVideoElement ? element.videoWidth : element.width;
    const height = element instanceof HTMLVideoElement ? element.videoHeight : element.height;
    // A video that failed has no frame to give.
    if (!width || !height || (element instanceof HTMLVideoElement && element.readyState < 2)) return;
    const scale = Math.min(1, STILL_WIDTH / width);
    this.#still.width = Math.round(width * scale);
    this.#still.height = Math.round(height * scale);
    this.#still.getContext('2d')?.drawImage(element, 0, 0, this.#still.width, this.#still.height);
    this.#still.hidden = false;
  }

  #hidePoster(): void {
    clearTimeout(this.#posterTimer);
    this.#poster.hidden = true;
    this.#poster.removeAttribute('src');
  }

  /** Saves what is on the screen, in the camera's full resolution. */
  async #snapshot(): Promise<void> {
    const element = this.#playback?.transport?.element;
    if (!element) return;
    const canvas = document.createElement('canvas');
    canvas.width = element instanceof HTMLVideoElement ? element.videoWidth : element.width;
    canvas.height = element instanceof HTMLVideoElement ? element.videoHeight : element.height;
    canvas.getContext('2d')?.drawImage(element, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
    if (!blob) return;
    const href = URL.createObjectURL(blob);
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
    h('a', { href, download: `${this.#src.replace(/[^\w.-]+/g, '_')}_${stamp}.jpg` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  }

  async #togglePip(): Promise<void> {
    const video = this.#video;
    if (!video || !document.pictureInPictureEnabled) return;
    try {
      if (document.pictureInPictureElement === video) await document.exitPictureInPicture();
      else await video.requestPictureInPicture();
    } catch {
      this.#tell('The browser refused picture-in-picture.');
    }
  }

  async #toggleFullscreen(): Promise<void> {
    const video = this.#video as (HTMLVideoElement & { webkitEnterFullscreen?(): void }) | undefined;
    try {
      if (document.fullscreenElement === this) await document.exitFullscreen();
      else if ('requestFullscreen' in this) await this.requestFullscreen();
      else video?.webkitEnterFullscreen?.();
    } catch {
      this.#tell('The browser refused full screen.');
    }
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
