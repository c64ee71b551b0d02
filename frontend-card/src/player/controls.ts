/** The player's controls: made once, then brought in line with a plain description of what is to be seen. */
import type { Tier } from './addresses.ts';
import { h } from './dom.ts';
import { type IconName, icon, setIcon } from './icons.ts';
import type { PlaybackState } from './playback.ts';
import { type Failure, MODE_TITLES, type Mode, sentence, soundOnly } from './policy.ts';
import { secondsText, text } from './texts.ts';

export interface View {
  readonly state: PlaybackState;
  readonly name: string;
  /** The mode that is shown. */
  readonly mode: Mode | undefined;
  readonly failures: readonly Failure[];
  /** Seconds; undefined while not known. */
  readonly delay: number | undefined;
  /** The one that is shown; undefined where there is only one. */
  readonly tier: Tier | undefined;
  /** Width × height; 0 while not known. */
  readonly size: readonly [number, number];
  readonly problem: string;
  readonly retrySeconds: number;
  readonly hasAudio: boolean;
  readonly muted: boolean;
  /** Muted because the browser wants a click first. */
  readonly silenced: boolean;
  readonly volume: number;
  /** `none`: no microphone asked for. */
  readonly talk: 'none' | 'off' | 'opening' | 'on';
  /** Pressed once it stays open; it is not held. */
  readonly openMicrophone: boolean;
  readonly zoomed: boolean;
  /** Pictures from time to time, no stream. */
  readonly slideshow: boolean;
  readonly canPip: boolean;
  readonly pip: boolean;
  readonly canFullscreen: boolean;
  readonly fullscreen: boolean;
  /** A short notice; empty: none. */
  readonly notice: string;
}

export interface Actions {
  togglePlay(): void;
  retry(): void;
  toggleMute(): void;
  setVolume(volume: number): void;
  talkDown(): void;
  talkUp(): void;
  snapshot(): void;
  resetZoom(): void;
  togglePip(): void;
  toggleFullscreen(): void;
}

export interface Controls {
  readonly elements: readonly HTMLElement[];
  update(view: View): void;
  /** Level of the microphone, 0 … 1. */
  setLevel(level: number): void;
}

export function createControls(actions: Actions): Controls {
  const button = (name: IconName, label: string, onclick: () => void, className = '') =>
    h('button', { type: 'button', class: className, 'aria-label': label, title: label, onclick }, icon(name));

  const name = h('span', { class: 'name' });
  const mode = h('span', { class: 'mode' });
  const delay = h('span', { class: 'delay' });
  const badge = h(
    'button',
    {
      type: 'button',
      class: 'badge',
      'aria-expanded': 'false',
      onclick: () => showDetails(details.hidden !== false),
    },
    mode,
    delay,
  );
  const details = h('div', { class: 'details', role: 'note', hidden: true });
  let seen: View | undefined;
  const showDetails = (show: boolean) => {
    details.hidden = !show;
    if (show && seen) details.replaceChildren(describe(seen));
    badge.setAttribute('aria-expanded', String(show));
  };

  const playButton = button('pause', text('pause'), actions.togglePlay);
  const muteButton = button('sound', text('mute'), actions.toggleMute);
  const volume = h('input', {
    type: 'range',
    min: '0',
    max: '1',
    step: '0.05',
    'aria-label': text('volume'),
    oninput: () => actions.setVolume(volume.valueAsNumber),
  });
  const sound = h('span', { class: 'volume' }, muteButton, volume);
  const talkButton = button('microphone', text('talk'), () => undefined, 'talk');
  const snapshotButton = button('snapshot', text('snapshot'), actions.snapshot, 'optional');
  const pipButton = button('pip', text('pip'), actions.togglePip, 'optional');
  const fullscreenButton = button('enlarge', text('fullscreen'), actions.toggleFullscreen);
  const zoomButton = button('whole', text('resetZoom'), actions.resetZoom);
  holdOrPress(talkButton, actions, () => seen?.openMicrophone ?? false);

  const top = h(
    'div',
    { class: 'top' },
    h('slot', { name: 'lead' }),
    name,
    h('span', { class: 'space' }),
    badge,
  );
  const bar = h(
    'div',
    { class: 'bar', role: 'toolbar', 'aria-label': text('controls') },
    playButton,
    sound,
    h('span', { class: 'space' }),
    h('slot', { name: 'tools' }),
    zoomButton,
    talkButton,
    snapshotButton,
    pipButton,
    fullscreenButton,
  );

  const spinner = h('div', { class: 'spinner' });
  const bigPlay = button('play', text('play'), actions.togglePlay, 'big');
  const words = h('span');
  const countdown = h('small');
  const message = h('p', { class: 'message' }, words, countdown);
  const retryButton = h(
    'button',
    { type: 'button', class: 'pill', onclick: actions.retry },
    icon('retry'),
    text('retryNow'),
  );
  const veil = h('div', { class: 'veil' }, spinner, bigPlay, message, retryButton);
  const unmute = h(
    'button',
    { type: 'button', class: 'pill unmute', onclick: actions.toggleMute },
    icon('muted'),
    text('unmute'),
  );
  const meter = h(
    'span',
    { class: 'meter', 'aria-hidden': 'true' },
    ...Array.from({ length: 5 }, () => h('i')),
  );
  const onAir = h('div', { class: 'on-air', role: 'status' }, meter, h('span', {}, text('talking')));
  const toast = h('div', { class: 'toast', role: 'status' });
  // Read out only when the words change, not with each second of the countdown.
  words.setAttribute('role', 'status');

  const label = (element: HTMLButtonElement, name: IconName, words: string) => {
    setIcon(element.querySelector('svg')!, name);
    if (element.title === words) return;
    element.title = words;
    element.setAttribute('aria-label', words);
  };

  return {
    elements: [h('slot', { name: 'over' }), veil, top, details, unmute, onAir, toast, bar],
    setLevel(level) {
      talkButton.style.setProperty('--level', level.toFixed(2));
      for (const [index, line] of [...meter.children].entries())
        line.classList.toggle('lit', level > (index + 0.5) / meter.children.length);
    },

    update(view) {
      seen = view;
      const active = view.state !== 'idle';
      const playing = view.state === 'playing';
      setText(name, view.name);
      badge.hidden = !view.mode;
      if (view.mode) {
        setText(mode, MODE_TITLES[view.mode]);
        setText(delay, view.delay === undefined ? '' : secondsText(view.delay));
        badge.title = describeFailures(view.failures) || text('playingBy', { mode: MODE_TITLES[view.mode] });
        badge.classList.toggle('fallen', view.failures.length > 0);
        if (!details.hidden) details.replaceChildren(describe(view));
      } else showDetails(false);

      label(playButton, active ? 'pause' : 'play', text(active ? 'pause' : 'play'));
      label(muteButton, view.muted ? 'muted' : 'sound', text(view.muted ? 'unmute' : 'mute'));
      sound.hidden = !view.hasAudio;
      volume.valueAsNumber = view.muted ? 0 : view.volume;
      unmute.hidden = !(view.silenced && view.hasAudio && playing);
      snapshotButton.hidden = !view.mode;
      pipButton.hidden = !view.canPip;
      pipButton.setAttribute('aria-pressed', String(view.pip));
      fullscreenButton.hidden = !view.canFullscreen;
      label(
        fullscreenButton,
        view.fullscreen ? 'shrink' : 'enlarge',
        text(view.fullscreen ? 'leaveFullscreen' : 'fullscreen'),
      );
      zoomButton.hidden = !view.zoomed;
      talkButton.hidden = view.talk === 'none' || !playing;
      label(
        talkButton,
        'microphone',
        text(view.talk === 'on' ? 'talkStop' : view.openMicrophone ? 'talkOpen' : 'talk'),
      );
      onAir.hidden = view.talk !== 'on';
      talkButton.classList.toggle('on', view.talk === 'on');
      talkButton.classList.toggle('opening', view.talk === 'opening');
      talkButton.setAttribute('aria-pressed', String(view.talk === 'on'));

      // Appears with all its buttons, so that none moves aside for another.
      bar.hidden = view.state === 'connecting' && !view.mode;
      const blind = playing && view.size[0] === 0;
      veil.hidden = (playing && !blind) || view.slideshow;
      veil.classList.toggle('patient', blind);
      spinner.hidden = view.state !== 'connecting' && view.state !== 'stalled';
      bigPlay.hidden = active;
      const told = view.state === 'waiting' || view.state === 'stalled';
      message.hidden = !told && !blind;
      setText(words, told ? view.problem : blind ? soundOnly(view.failures) : '');
      countdown.hidden = view.state !== 'waiting';
      setText(
        countdown,
        view.retrySeconds > 0 ? text('retryIn', { seconds: view.retrySeconds }) : text('connecting'),
      );
      retryButton.hidden = view.state !== 'waiting' || view.retrySeconds < 2;
      toast.hidden = !view.notice;
      setText(toast, view.notice);
    },
  };
}

/** Pointer: held = talk while held, tapped = toggle. Keyboard: toggle. */
function holdOrPress(button: HTMLButtonElement, { talkDown, talkUp }: Actions, stays: () => boolean): void {
  const HOLD_MS = 350;
  let downMs = 0;
  let wasOn = false;
  const pressed = () =>
    button.getAttribute('aria-pressed') === 'true' || button.classList.contains('opening');
  button.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    downMs = performance.now();
    wasOn = pressed();
    if (!wasOn) talkDown();
  });
  const release = () => {
    if (!downMs) return;
    if (wasOn || (!stays() && performance.now() - downMs > HOLD_MS)) talkUp();
    downMs = 0;
  };
  button.addEventListener('pointerup', release);
  button.addEventListener('pointercancel', release);
  button.addEventListener('contextmenu', (event) => event.preventDefault());
  button.addEventListener('click', (event) => {
    // detail 0: by keyboard or assistive technology; the pointer's click was handled above.
    if (event.detail !== 0) return;
    if (pressed()) talkUp();
    else talkDown();
  });
}

function describeFailures(failures: readonly Failure[]): string {
  return failures.map(({ mode, reason }) => `${MODE_TITLES[mode]}: ${sentence(reason)}`).join('\n');
}

function describe(view: View): HTMLElement {
  const [width, height] = view.size;
  const rows: [string, string][] = [[text('mode'), MODE_TITLES[view.mode!]]];
  if (view.delay !== undefined) rows.push([text('delay'), secondsText(view.delay)]);
  if (view.tier) rows.push([text('stream'), text(view.tier === 'main' ? 'tierMain' : 'tierSub')]);
  if (width) rows.push([text('picture'), `${width} × ${height}`]);
  rows.push([text('sound'), text(view.hasAudio ? 'yes' : 'none')]);
  for (const { mode, reason } of view.failures)
    rows.push([text('notMode', { mode: MODE_TITLES[mode] }), sentence(reason)]);
  return h('dl', {}, ...rows.flatMap(([term, words]) => [h('dt', {}, term), h('dd', {}, words)]));
}

function setText(element: HTMLElement, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}
