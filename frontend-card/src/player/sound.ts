/** Muted or not, how loud, and whether that is the user's choice or the browser's. */

export interface Sound {
  readonly volume: number;
  readonly muted: boolean;
  /** Muted because the browser wants a click before it lets sound out. */
  readonly silenced: boolean;
  mute(muted: boolean): void;
  /** 0 mutes. */
  turn(volume: number): void;
  silence(): void;
}

/** `changed` tells whether the user did it. */
export function createSound(changed: (chosen: boolean) => void): Sound {
  let muted = false;
  let silenced = false;
  let volume = 1;
  const set = (nextMuted: boolean, nextVolume: number, nextSilenced = false) => {
    muted = nextMuted;
    volume = nextVolume;
    silenced = nextSilenced;
    changed(!nextSilenced);
  };
  return {
    get volume() {
      return volume;
    },
    get muted() {
      return muted;
    },
    get silenced() {
      return silenced;
    },
    mute: (next) => set(next, next ? volume : volume || 1),
    turn(next) {
      const bounded = Math.min(1, Math.max(0, next));
      set(bounded === 0, bounded);
    },
    silence: () => set(true, volume, true),
  };
}
