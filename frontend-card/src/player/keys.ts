/** What the player's keys do: play, sound, screen, and looking closer. */
import type { Actions } from './controls.ts';
import type { Gestures } from './gestures.ts';

const STEP = 0.1;

/** The action of a key press; undefined when it is not the player's. */
export function actionOfKey(
  event: KeyboardEvent,
  actions: Actions,
  gestures: Gestures,
  volume: number,
): (() => void) | undefined {
  const key = event.key.toLowerCase();
  const [target] = event.composedPath();
  const onControl = target instanceof HTMLElement && target.matches('button, input, select, textarea, a');
  if (event.altKey || event.ctrlKey || event.metaKey || (onControl && /^( |enter|arrow)/.test(key)))
    return undefined;
  if (event.target instanceof HTMLElement && event.target.slot === 'over') return undefined;
  const zoomed = gestures.look.scale > 1;
  const keys: Readonly<Record<string, (() => void) | undefined>> = {
    ' ': actions.togglePlay,
    k: actions.togglePlay,
    m: actions.toggleMute,
    f: actions.toggleFullscreen,
    p: actions.togglePip,
    s: actions.snapshot,
    '+': () => gestures.zoom(1.25),
    '=': () => gestures.zoom(1.25),
    '-': () => gestures.zoom(0.8),
    0: gestures.reset,
    arrowup: () => (zoomed ? gestures.pan(0, STEP) : actions.setVolume(volume + STEP)),
    arrowdown: () => (zoomed ? gestures.pan(0, -STEP) : actions.setVolume(volume - STEP)),
    arrowleft: zoomed ? () => gestures.pan(STEP, 0) : undefined,
    arrowright: zoomed ? () => gestures.pan(-STEP, 0) : undefined,
  };
  return keys[key];
}
