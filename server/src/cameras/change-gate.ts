/** When a camera that may have changed is looked at, and when it is told: pure rules. */
import { isDeepStrictEqual } from 'node:util';
import type { CameraState } from './camera-state.ts';

/** One change comes with others: a viewer with a source that opens. */
const SETTLE_MS = 30;
/** A camera is told at most this often. */
const CHANGE_INTERVAL_MS = 1000;
/** Rates differ whenever they are measured. */
const RATES_INTERVAL_MS = 5000;

/** How long to wait before looking at a camera that changed, and was last told so long ago. */
export function lookInMs(sinceToldMs: number): number {
  return Math.max(SETTLE_MS, CHANGE_INTERVAL_MS - sinceToldMs);
}

/** Whether the state is to be told to those who know `told`. */
export function isNews(told: CameraState | undefined, now: CameraState, sinceToldMs: number): boolean {
  if (told === undefined) return true;
  if (isDeepStrictEqual(told, now)) return false;
  return sinceToldMs >= RATES_INTERVAL_MS || !isDeepStrictEqual(withoutRates(told), withoutRates(now));
}

/** That something is measured now is news; another value is not. */
function withoutRates(camera: CameraState): object {
  return {
    ...camera,
    ...known(camera),
    tracks: camera.tracks.map((track) => ({ ...track, ...known(track) })),
  };
}

const known = ({ bitrate, fps, gop }: { bitrate?: number; fps?: number; gop?: number }): object => ({
  bitrate: bitrate !== undefined,
  fps: fps !== undefined,
  gop: gop !== undefined,
});
