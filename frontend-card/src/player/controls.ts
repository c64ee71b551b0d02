/** The player's controls: made once, then brought in line with a plain description of what is to be seen. */
import { h } from './dom.ts';
import { type IconName, icon, setIcon } from './icons.ts';
import type { PlaybackState } from './playback.ts';
import { type Failure, MODE_TITLES, type Mode, sentence, soundOnly } from './policy.ts';

export interface View {
  readonly state: PlaybackState;
  readonly name: string;
  /** The mode that is shown. */
  readonly mode: Mode | undefined;
  readonly failures: readonly Failure[];
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
  const badge = h('button', {
    type: 'button',
    class: 'badge',
    'aria-expanded': 'false',
    onclick: () => showDetails(details.hidden !== false),
  });
  const details = h('div', { class: 'details', role: 'note', hidden: true });
  let seen: View | undefined;
  const showDetails = (show: boolean) => {
    details.hidden = !show;
    if (show && seen) details.replaceChildren(describe(seen));
    badge.setAttribute('aria-expanded', String(show));
  };

  const playButton = button('pause', 'Pause', actions.togglePlay);
  const muteButton = button('sound', 'Mute', actions.toggleMute);
  const volume = h('input', {
    type: 'range',
    min: '0',
    max: '1',
    step: '0.05',
    'aria-label': 'Volume',
    oninput: () => actions.setVolume(volume.valueAsNumber),
  });
  const sound = h('span', { class: 'volume' }, muteButton, volume);
  const talkButton = button('microphone', 'Talk: hold, or press once', () => undefined, 'talk');
  const snapshotButton = button('snapshot', 'Save a snapshot', actions.snapshot, 'optional');
  const pipButton = button('pip', 'Picture in picture', actions.togglePip, 'optional');
  const fullscreenButton = button('enlarge', 'Full screen', actions.toggleFullscreen);
  holdOrPress(talkButton, actions);

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
    { class: 'bar', role: 'toolbar', 'aria-label': 'Player controls' },
    playButton,
    sound,
    h('span', { class: 'space' }),
    talkButton,
    snapshotButton,
    pipButton,
    fullscreenButton,
  );

  const spinner = h('div', { class: 'spinner' });
  const bigPlay = button('play', 'Play', actions.togglePlay, 'big');
  const words = h('span');
  const countdown = h('small');
  const message = h('p', { class: 'message' }, words, countdown);
  const retryButton = h(
    'button',
    { type: 'button', class: 'pill', onclick: actions.retry },
    icon('retry'),
    'Try again now',
  );
  const veil = h('div', { class: 'veil' }, spinner, bigPlay, message, retryButton);
  const unmute = h(
    'button',
    { type: 'button', class: 'pill unmute', onclick: actions.toggleMute },
    icon('muted'),
    'Turn sound on',
  );
  const toast = h('div', { class: 'toast', role: 'status' });
  // Read out only when the words change, not with each second of the countdown.
  words.setAttribute('role', 'status');

  const label = (element: HTMLButtonElement, name: IconName, text: string) => {
    setIcon(element.querySelector('svg')!, name);
    if (element.title === text) return;
    element.title = text;
    element.setAttribute('aria-label', text);
  };

  return {
    elements: [veil, top, details, unmute, toast, bar],
    setLevel: (level) => talkButton.style.setProperty('--level', level.toFixed(2)),

    update(view) {
      seen = view;
      const active = view.state !== 'idle';
      const playing = view.state === 'playing';
      setText(name, view.name);
      badge.hidden = !view.mode;
      if (view.mode) {
        setText(badge, MODE_TITLES[view.mode]);
        badge.title = describeFailures(view.failures) || `Playing by ${MODE_TITLES[view.mode]}`;
        badge.classList.toggle('fallen', view.failures.length > 0);
        if (!details.hidden) details.replaceChildren(describe(view));
      } else showDetails(false);

      label(playButton, active ? 'pause' : 'play', active ? 'Pause' : 'Play');
      label(muteButton, view.muted ? 'muted' : 'sound', view.muted ? 'Turn sound on' : 'Mute');
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
        view.fullscreen ? 'Leave full screen' : 'Full screen',
      );
      talkButton.hidden = view.talk === 'none' || !playing;
      talkButton.classList.toggle('on', view.talk === 'on');
      talkButton.classList.toggle('opening', view.talk === 'opening');
      talkButton.setAttribute('aria-pressed', String(view.talk === 'on'));

      const blind = playing && view.size[0] === 0;
      veil.hidden = playing && !blind;
      veil.classList.toggle('patient', blind);
      spinner.hidden = view.state !== 'connecting' && view.state !== 'stalled';
      bigPlay.hidden = active;
      const told = view.state === 'waiting' || view.state === 'stalled';
      message.hidden = !told && !blind;
      setText(words, told ? view.problem : blind ? soundOnly(view.failures) : '');
      countdown.hidden = view.state !== 'waiting';
      setText(countdown, view.retrySeconds > 0 ? `Next attempt in ${view.retrySeconds} s` : 'Connecting …');
      retryButton.hidden = view.state !== 'waiting' || view.retrySeconds < 2;
      toast.hidden = !view.notice;
      setText(toast, view.notice);
    },
  };
}

/** Pointer: held = talk while held, tapped = toggle. Keyboard: toggle. */
function holdOrPress(button: HTMLButtonElement, { talkDown, talkUp }: Actions): void {
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
    if (wasOn || performance.now() - downMs > HOLD_MS) talkUp();
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
  const rows: [string, string][] = [['Mode', MODE_TITLES[view.mode!]]];
  if (width) rows.push(['Picture', `${width} × ${height}`]);
  rows.push(['Sound', view.hasAudio ? 'Yes' : 'None']);
  for (const { mode, reason } of view.failures) rows.push([`Not ${MODE_TITLES[mode]}`, sentence(reason)]);
  return h('dl', {}, ...rows.flatMap(([term, text]) => [h('dt', {}, term), h('dd', {}, text)]));
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
