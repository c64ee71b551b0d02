/** Which of a camera's two streams is to be seen. Pure. */
import type { Tier } from './addresses.ts';

export type TierChoice = 'auto' | Tier;

export interface TierSituation {
  readonly choice: TierChoice;
  readonly hasSub: boolean;
  /** CSS pixels. */
  readonly width: number;
  readonly fullscreen: boolean;
  /** Magnification, 1 = none. */
  readonly zoom: number;
  /** Only the main stream is sure to have the camera's loudspeaker. */
  readonly talking: boolean;
  readonly now: Tier;
}

/** From this width on the small stream looks soft; below the other it is good enough again. */
const LARGE = 720;
const SMALL = 600;

/** `auto`: the main stream in full screen, where it is large, and where somebody looks closer; else the sub stream. */
export function chooseTier({ choice, hasSub, width, fullscreen, zoom, talking, now }: TierSituation): Tier {
  if (!hasSub || talking) return 'main';
  if (choice !== 'auto') return choice;
  if (fullscreen || zoom > 1.2) return 'main';
  return width >= (now === 'main' ? SMALL : LARGE) ? 'main' : 'sub';
}
