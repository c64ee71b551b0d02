/** Somebody rings: for how long, and what became of it. Without a DOM. */

export type RingState = 'quiet' | 'ringing' | 'answered';

export interface Doorbell {
  readonly state: RingState;
  ring(timeoutMs: number): void;
  answer(): void;
  /** Declined, hung up, or nobody came. */
  end(): void;
}

export function createDoorbell(changed: (state: RingState) => void): Doorbell {
  let state: RingState = 'quiet';
  let timer: ReturnType<typeof setTimeout> | undefined;
  const enter = (next: RingState) => {
    clearTimeout(timer);
    if (state === next) return;
    state = next;
    changed(state);
  };
  const end = () => enter('quiet');
  return {
    get state() {
      return state;
    },
    ring(timeoutMs) {
      // Who is being talked to may press again.
      if (state === 'answered') return;
      enter('ringing');
      timer = setTimeout(end, timeoutMs);
    },
    answer: () => enter('answered'),
    end,
  };
}

/** Whether an entity's change is a ring: an event entity fires by a new time, everything else by going on. */
export function isRing(entityId: string, before: string | undefined, now: string | undefined): boolean {
  const unknown = (state: string | undefined) => !state || state === 'unavailable' || state === 'unknown';
  if (before === undefined || unknown(now) || before === now) return false;
  return entityId.startsWith('event.') ? before !== 'unavailable' : now === 'on';
}
