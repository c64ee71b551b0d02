/** Where pictures play: elements of transports on top of each other, one of them shown. */
import { h } from './dom.ts';
import type { PictureElement } from './picture.ts';
import { isPip } from './screen.ts';
import type { Sound } from './sound.ts';

export interface Stage {
  readonly element: HTMLElement;
  /** Beneath what is shown. */
  attach(element: PictureElement): void;
  /** Puts the element on top; what was there goes right after. */
  show(element: PictureElement): void;
  applySound(): void;
}

export interface StageEvents {
  /** Size or picture-in-picture. */
  changed(): void;
  /** Paused from outside: picture-in-picture window, media keys. */
  paused(): void;
}

export function createStage(sound: Sound, events: StageEvents): Stage {
  const element = h('div', { class: 'stage' });
  let shown: PictureElement | undefined;

  const applyTo = (video: HTMLVideoElement) => {
    video.muted = sound.muted;
    video.volume = sound.volume;
  };

  return {
    element,
    attach: (child) => element.append(child),
    applySound() {
      for (const child of element.children) if (child instanceof HTMLVideoElement) applyTo(child);
    },
    show(next) {
      const before = shown;
      shown = next;
      before?.classList.remove('shown');
      next.classList.add('shown');
      if (!(next instanceof HTMLVideoElement)) return;
      applyTo(next);
      next.onresize = next.onleavepictureinpicture = next.onenterpictureinpicture = events.changed;
      next.onpause = () => {
        // Browsers also pause what is hidden; that is resumed. What is let go is paused, too.
        if (shown === next && next.isConnected && !document.hidden && !next.ended) events.paused();
      };
      if (before instanceof HTMLVideoElement && isPip(before))
        next.requestPictureInPicture?.().catch(() => undefined);
    },
  };
}
