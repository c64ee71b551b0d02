/**
 * What the player decides, without a DOM: which modes are tried together, which one of a race is shown,
 * what a failure means, and how long to wait before the next attempt.
 *
 *   round 1   webrtc ∥ mse     one socket, both at once; the first picture is shown, WebRTC is preferred
 *   round 2   hls              moves and sounds, seconds late
 *   round 3   mp4              key frames only
 *   round 4   mjpeg            single pictures
 */
import { text } from './texts.ts';

export type Mode = 'webrtc' | 'webrtc/tcp' | 'mse' | 'mp4' | 'hls' | 'mjpeg';

export const MODES: readonly Mode[] = ['webrtc', 'webrtc/tcp', 'mse', 'mp4', 'hls', 'mjpeg'];
export const DEFAULT_MODE = 'webrtc,mse,hls,mp4,mjpeg';

/** What the badge calls a mode. */
export const MODE_TITLES: Readonly<Record<Mode, string>> = {
  webrtc: 'WebRTC',
  'webrtc/tcp': 'WebRTC TCP',
  mse: 'MSE',
  mp4: 'MP4',
  hls: 'HLS',
  mjpeg: 'MJPEG',
};

/** A mode that was tried in vain. */
export interface Failure {
  readonly mode: Mode;
  readonly reason: string;
}

export function isWebrtc(mode: Mode): boolean {
  return mode === 'webrtc' || mode === 'webrtc/tcp';
}

/** The known modes of a list such as `webrtc,mse,rtsp`, in its order, each once; the default when none is known. */
export function parseModes(text: string): readonly Mode[] {
  const named = text.split(',').map((item) => item.trim().toLowerCase());
  const modes = MODES.filter((mode) => named.includes(mode)).sort(
    (a, b) => named.indexOf(a) - named.indexOf(b),
  );
  return modes.length > 0 ? modes : parseModes(DEFAULT_MODE);
}

/**
 * Groups modes into rounds: one WebRTC mode and MSE race in one round wherever both are asked for;
 * every other mode has a round of its own, in the order asked for.
 */
export function planRounds(modes: readonly Mode[]): readonly (readonly Mode[])[] {
  const webrtc = modes.find(isWebrtc);
  const race: readonly Mode[] = webrtc && modes.includes('mse') ? [webrtc, 'mse'] : [];
  const rounds = modes.map((mode) => (race.includes(mode) ? race : [mode]));
  return rounds.filter((round, index) => rounds.indexOf(round) === index);
}

/** How long MSE's picture waits for a better one by WebRTC, and the other way round for sound. */
export const GRACE_MS = 5000;

export interface Racer {
  readonly mode: Mode;
  readonly progress: 'opening' | 'playing';
  /** Whether it carries sound; undefined while not known. */
  readonly audio: boolean | undefined;
}

export interface Verdict {
  /** Undefined: no picture yet. */
  readonly show: Mode | undefined;
  /** Lost the race: close these. */
  readonly drop: readonly Mode[];
}

/**
 * Judges a race among transports that have not failed. `waitedMs` counts from the first picture of the race.
 * WebRTC wins for its latency and its microphone, unless it lacks the sound that MSE has.
 */
export function judge(racers: readonly Racer[], wantsAudio: boolean, waitedMs: number): Verdict {
  const webrtc = racers.find((racer) => isWebrtc(racer.mode));
  const other = racers.find((racer) => !isWebrtc(racer.mode));
  const playing = racers.filter((racer) => racer.progress === 'playing');
  if (playing.length === 0) return { show: undefined, drop: [] };
  if (!webrtc || !other) return { show: playing[0]!.mode, drop: [] };

  const patient = waitedMs < GRACE_MS;
  if (webrtc.progress === 'opening') return { show: other.mode, drop: patient ? [] : [webrtc.mode] };
  const mayLackSound = wantsAudio && webrtc.audio === false;
  if (!mayLackSound) return { show: webrtc.mode, drop: [other.mode] };
  if (other.progress === 'playing')
    return other.audio
      ? { show: other.mode, drop: [webrtc.mode] }
      : { show: webrtc.mode, drop: [other.mode] };
  return { show: webrtc.mode, drop: patient && other.audio !== false ? [] : [other.mode] };
}

/**
 * Whether failures of a round tell that the camera is at fault, not the mode: all modes of a race failed with the
 * same words, and the words are not about codecs. Another mode would only make the camera fail once more.
 */
export function isSourceFailure(failures: readonly Failure[]): boolean {
  const [first] = failures;
  if (!first) return false;
  if (/stream not found/i.test(first.reason)) return true;
  return (
    failures.length > 1 &&
    !/codec|accept/i.test(first.reason) &&
    failures.every((failure) => failure.reason === first.reason)
  );
}

/**
 * Milliseconds before attempt number `attempt` (1 = the first after a loss): at once, then 1, 2, 4, 8, 15 s.
 * `random` in 0..1 spreads the viewers of a server that comes back by ±20 %.
 */
export function backoffMs(attempt: number, random: number): number {
  if (attempt <= 1) return Math.round(200 * random);
  const base = Math.min(15_000, 1000 * 2 ** Math.min(attempt - 2, 10));
  return Math.round(base * (0.8 + 0.4 * random));
}

/** Splits `mse: stream not found` into its mode and text; the mode is empty when the text names none. */
export function parseServerError(value: string): { readonly mode: string; readonly text: string } {
  const [, mode, text] = /^(webrtc|mse|mp4|mjpeg|hls)(?:\/(?:offer|candidate))?:\s*(.*)$/s.exec(value) ?? [];
  return mode === undefined ? { mode: '', text: value.trim() } : { mode, text: text!.trim() };
}

/** What to say in the place of a picture while there is only sound; with the reason, if another mode was told it. */
export function soundOnly(failures: readonly Failure[]): string {
  const told = failures.find(({ reason }) => /codec/i.test(reason));
  const words = text('soundOnly');
  return told ? `${words} ${sentence(told.reason)}` : words;
}

/** One sentence of a server's or a browser's words: first letter large (unless it begins with an address), a full stop, no line breaks, bounded. */
export function sentence(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim().slice(0, 300);
  if (!line) return text('failed');
  const start = /^[\w+.-]+:\/\//.test(line) ? line : line[0]!.toUpperCase() + line.slice(1);
  return /[.!?…]$/.test(start) ? start : `${start}.`;
}
