/**
 * A camera in one plain line: `Live · H265 1440p · 0.4 s · 2 viewers`, `Wrong password`, `Asleep`. Pure.
 * The words are keys of messages, to be read out by `t`.
 */
import type { Camera } from './api-types.ts';
import { trackTitle } from './codec-titles.ts';
import { errorKey } from './error-keys.ts';
import type { MessageKey, Values } from './i18n.ts';

/** A message with its values, or a text that is the same in every language. */
export type Phrase = { readonly key: MessageKey; readonly values?: Values } | { readonly text: string };

/** `live` plays; `wait` is on its way; `off` rests and is fine; `alarm` wants somebody to look. */
export type Tone = 'live' | 'wait' | 'off' | 'alarm';

export interface Verdict {
  readonly tone: Tone;
  /** To be joined by ` · `; the first one says it all. */
  readonly phrases: readonly Phrase[];
}

/** `latencyMs`: how far behind the camera our own player is, where it knows. */
export function verdictOf(camera: Camera, latencyMs?: number): Verdict {
  const { status, error } = camera;
  switch (status) {
    case 'live':
      return { tone: 'live', phrases: livePhrases(camera, latencyMs) };
    case 'failed':
      return { tone: 'alarm', phrases: [{ key: errorKey(error?.code) }] };
    case 'connecting':
      // What failed and is tried again: the reason says more than that it is tried.
      return error
        ? { tone: 'alarm', phrases: [{ key: errorKey(error.code) }, { key: 'cameras.verdict.retrying' }] }
        : { tone: 'wait', phrases: [{ key: 'cameras.verdict.connecting' }] };
    case 'asleep':
      return { tone: 'off', phrases: [{ key: 'cameras.verdict.asleep' }] };
    case 'disabled':
      return { tone: 'off', phrases: [{ key: 'cameras.verdict.disabled' }] };
    default:
      return { tone: 'off', phrases: [{ key: 'cameras.verdict.idle' }] };
  }
}

function livePhrases(camera: Camera, latencyMs: number | undefined): readonly Phrase[] {
  const { tracks = [], viewers = 0, transcoding = 0 } = camera;
  const picture = tracks.find(({ kind }) => kind === 'video') ?? tracks[0];
  const phrases: Phrase[] = [{ key: 'cameras.verdict.live' }];
  if (picture) phrases.push({ text: trackTitle(picture) });
  if (latencyMs !== undefined)
    phrases.push({
      key: 'cameras.verdict.latency',
      values: { seconds: Math.max(0.1, Math.round(latencyMs / 100) / 10) },
    });
  if (transcoding > 0) phrases.push({ key: 'cameras.verdict.transcoding', values: { count: transcoding } });
  if (viewers > transcoding) phrases.push({ key: 'cameras.verdict.viewers', values: { count: viewers } });
  return phrases;
}
