/** What stands behind the stage, so that it is never black without need: the last picture, or one from the server. */
import { h } from './dom.ts';
import { copyPicture, type PictureElement } from './picture.ts';

export interface Backdrop {
  readonly elements: readonly HTMLElement[];
  /** Keeps a copy of what an element shows, which is about to go. */
  keep(element: PictureElement): void;
  /** A stream starts: shows a picture from `posterUrl`, unless there is a kept one or the stream is faster. */
  expect(posterUrl: string): void;
  /** The stream does not come: neither would a picture of it. */
  forgo(): void;
  /** A live picture covers it now. */
  cover(): void;
  clear(): void;
}

/** A picture from the server costs it a decode: it is asked for only when the stream has not come by then. */
const POSTER_MS = 300;
/** The new picture may blink when it jumps to the live edge: the old one stays behind it for so long. */
const COVERED_MS = 500;
/** A kept picture needs no more pixels than this. */
const MAX_WIDTH = 1280;

export function createBackdrop(): Backdrop {
  const kept = h('canvas', { class: 'still', hidden: true });
  const poster = h('img', { class: 'still', alt: '', hidden: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  poster.onload = () => {
    poster.hidden = false;
  };
  const hidePoster = () => {
    poster.hidden = true;
    poster.removeAttribute('src');
  };
  poster.onerror = hidePoster;
  const clear = () => {
    clearTimeout(timer);
    kept.hidden = true;
    hidePoster();
  };

  return {
    elements: [kept, poster],
    clear,
    keep(element) {
      clearTimeout(timer);
      if (!copyPicture(element, kept, MAX_WIDTH)) return;
      kept.hidden = false;
      hidePoster();
    },
    expect(posterUrl) {
      clearTimeout(timer);
      if (!kept.hidden || !poster.hidden) return;
      timer = setTimeout(() => {
        poster.src = posterUrl;
      }, POSTER_MS);
    },
    forgo() {
      clearTimeout(timer);
    },
    cover() {
      clearTimeout(timer);
      if (poster.hidden) hidePoster();
      timer = setTimeout(clear, COVERED_MS);
    },
  };
}
