/**
 * Notices a track that stopped delivering while the connection stays open, which sockets do not tell.
 *
 * Allowed silence adapts to the camera: a time-lapse camera with a frame every ten seconds is not stalled after five.
 */

const VIDEO_SILENCE_MS = 5_000;
/** Cameras mute their microphone at will, so audio is given more time. */
const AUDIO_SILENCE_MS = 30_000;
const INTERVALS_ALLOWED = 6;

/** How long a track may stay silent, in ms. `intervalMs` is the usual time between its packets (0 = not known). */
export function allowedSilenceMs(kind: 'video' | 'audio', intervalMs: number): number {
  const base = kind === 'video' ? VIDEO_SILENCE_MS : AUDIO_SILENCE_MS;
  return Math.max(base, INTERVALS_ALLOWED * intervalMs);
}

/** Running estimate of the time between packets, weighted to the latest sixteen or so. */
export function nextIntervalMs(intervalMs: number, gapMs: number): number {
  return intervalMs === 0 ? gapMs : intervalMs + (gapMs - intervalMs) / 16;
}
