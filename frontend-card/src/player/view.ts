/** Puts together what the controls are to show. */
import type { PlayerAttributes } from './attributes.ts';
import type { View } from './controls.ts';
import type { TalkState } from './intercom.ts';
import { sizeOf } from './picture.ts';
import type { Playback } from './playback.ts';
import { canFullscreen, isFullscreen, isPip } from './screen.ts';
import type { Sound } from './sound.ts';

export interface ViewParts {
  readonly host: HTMLElement;
  readonly attributes: PlayerAttributes;
  readonly playback: Playback | undefined;
  readonly sound: Sound;
  readonly talk: TalkState;
  readonly zoomed: boolean;
  readonly notice: string;
}

export function viewOf({ host, attributes, playback, sound, talk, zoomed, notice }: ViewParts): View {
  const state = playback?.state ?? 'idle';
  const transport = playback?.transport;
  const video = transport?.element instanceof HTMLVideoElement ? transport.element : undefined;
  const waitMs = state === 'waiting' ? playback!.retryAtMs - Date.now() : 0;
  return {
    state,
    name: attributes.name,
    mode: transport?.mode,
    failures: playback?.failures ?? [],
    delay: transport?.latency?.(),
    tier: attributes.hasSub ? playback?.tier : undefined,
    size: sizeOf(transport?.element),
    problem: playback?.problem ?? '',
    retrySeconds: Math.max(0, Math.ceil(waitMs / 1000)),
    hasAudio: transport?.audio ?? false,
    muted: sound.muted,
    silenced: sound.silenced,
    volume: sound.volume,
    talk: attributes.media.includes('microphone') ? talk : 'none',
    openMicrophone: attributes.openMicrophone,
    zoomed,
    slideshow: attributes.slideshow,
    canPip: Boolean(video && document.pictureInPictureEnabled),
    pip: isPip(video),
    canFullscreen: canFullscreen(host, video),
    fullscreen: isFullscreen(host),
    notice,
  };
}
