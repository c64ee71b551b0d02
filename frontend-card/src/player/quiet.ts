/** Controls that fade while nobody moves: the attribute `quiet` on the player. */

const QUIET_MS = 2500;

export interface Quiet {
  wake(): void;
  close(): void;
}

/** `busy`: the controls are needed just now. */
export function createQuiet(host: HTMLElement, busy: () => boolean): Quiet {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const doze = () => host.toggleAttribute('quiet', !busy());
  const wake = () => {
    host.removeAttribute('quiet');
    clearTimeout(timer);
    timer = setTimeout(doze, QUIET_MS);
  };
  for (const type of ['pointermove', 'pointerdown', 'focusin', 'keydown']) host.addEventListener(type, wake);
  host.addEventListener('pointerleave', doze);
  return { wake, close: () => clearTimeout(timer) };
}
