/** Runs something every few seconds for an element, as long as it is in the page and the page is seen. */
import type { ReactiveControllerHost } from 'lit';

export interface Poll {
  /** Now, and every interval from then on. */
  now(): void;
}

/** `run` is not started again before it has ended; what it throws is passed to `failed`. */
export function poll(
  host: ReactiveControllerHost,
  intervalMs: number,
  run: () => Promise<void>,
  failed: (error: unknown) => void = () => {},
): Poll {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let active = false;

  const tick = async (): Promise<void> => {
    clearTimeout(timer);
    if (busy || !active) return;
    busy = true;
    if (!document.hidden) await run().catch(failed);
    busy = false;
    if (active) timer = setTimeout(tick, intervalMs);
  };
  const onVisibility = (): void => {
    if (!document.hidden) void tick();
  };
  host.addController({
    hostConnected: () => {
      active = true;
      document.addEventListener('visibilitychange', onVisibility);
      void tick();
    },
    hostDisconnected: () => {
      active = false;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
    },
  });
  return { now: () => void tick() };
}
