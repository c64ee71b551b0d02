/**
 * How many moving pictures a page may decode at a time. Browsers and graphics cards have few video decoders (phones about
 * four, desktops about sixteen); past them pictures stall, or everything does. Tiles beyond the budget show a snapshot that is
 * fetched anew every few seconds. Pure.
 */
import type { Camera } from '../../lib/api-types.ts';

export interface Device {
  /** `navigator.hardwareConcurrency` */
  readonly cores: number;
  /** Small screen or a finger: a phone or tablet. */
  readonly handheld: boolean;
  /** The reader wants to save data, or motion. */
  readonly frugal: boolean;
}

/** Moving pictures at a time. */
export function decoderBudget({ cores, handheld, frugal }: Device): number {
  if (frugal) return 0;
  return handheld ? 4 : Math.max(4, Math.min(12, cores * 2));
}

/** `player`: a moving picture; `snapshots`: a picture anew every few seconds; `none`: nothing that would open the camera. */
export type TileMode = 'player' | 'snapshots' | 'none';

/** What fails until somebody changes something: trying again and again locks accounts. */
const HOPELESS = new Set(['unauthorized', 'invalid_source', 'unsafe_source', 'not_found', 'no_match']);

/** What a camera's tile may show, budget aside. */
export function wishOf({ status, enabled, error }: Camera): Exclude<TileMode, 'snapshots'> {
  if (!enabled || status === 'disabled' || status === 'asleep') return 'none';
  if (status === 'failed' && HOPELESS.has(error?.code ?? '')) return 'none';
  return 'player';
}

/**
 * Shares the budget out among the visible cameras, in their order; those that have it already keep it, so that scrolling
 * does not restart what plays.
 */
export function shareOut(
  cameras: readonly Camera[],
  visible: ReadonlySet<string>,
  playing: ReadonlySet<string>,
  budget: number,
): ReadonlyMap<string, TileMode> {
  const wanting = cameras.filter((camera) => visible.has(camera.id) && wishOf(camera) === 'player');
  const keeping = wanting.filter(({ id }) => playing.has(id));
  const waiting = wanting.filter(({ id }) => !playing.has(id));
  const lucky = new Set([...keeping, ...waiting].slice(0, budget).map(({ id }) => id));
  return new Map(
    cameras.map((camera) => [
      camera.id,
      wishOf(camera) === 'none' ? 'none' : lucky.has(camera.id) ? 'player' : 'snapshots',
    ]),
  );
}
