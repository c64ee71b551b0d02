/** Who may decode: browsers have few decoders, phones fewer. Pure. */

export interface Candidate {
  /** CSS pixels of it that can be seen. */
  readonly visibleArea: number;
  /** Talked to, rung at, in full screen or picture in picture: always. */
  readonly pinned: boolean;
  /** Plays now: another must be clearly larger to take its place. */
  readonly live: boolean;
}

const LOYALTY = 1.3;

/** Chooses up to `most` candidates: the pinned ones, then the largest that can be seen. */
export function chooseLive<T extends Candidate>(candidates: readonly T[], most: number): ReadonlySet<T> {
  const weight = ({ pinned, visibleArea, live }: Candidate) =>
    pinned ? Number.POSITIVE_INFINITY : visibleArea * (live ? LOYALTY : 1);
  const wanting = candidates.filter((candidate) => weight(candidate) > 0);
  const sorted = wanting.toSorted((a, b) => (weight(a) === weight(b) ? 0 : weight(b) - weight(a)));
  const count = Math.max(most, wanting.filter(({ pinned }) => pinned).length);
  return new Set(sorted.slice(0, count));
}

/** What suits a device: a phone decodes four small pictures with ease. */
export function defaultBudget(touch: boolean, processors: number): number {
  return touch ? 4 : Math.min(16, Math.max(6, processors * 2));
}
