/** What stands behind the stage, so that it is never black without need: the last picture, or one from the server. */
import { h } from './dom.ts';
import { copyPicture, type PictureElement } from './picture.ts';
import { recallPoster, rememberPoster } from './poster-memory.ts';

export interface BackdropOptions {
  /** Whose pictures are remembered; empty: nobody's. */
  key(): string;
  /** Address of a picture from the server, asked anew each time. */
  poster(): Promise<string | undefined>;
}

export interface Backdrop {
  readonly elements: readonly HTMLElement[];
  /** Keeps a copy of what an element shows, which is about to go. */
  keep(element: PictureElement): void;
  /** A stream starts: shows the picture it had last, or one from the server, unless the stream is faster. */
  expect(): void;
  /** Shows pictures from the server, a new one from time to time, instead of a stream. */
  slideshow(on: boolean): void;
  /** The stream does not come: neither would a picture of it. */
  forgo(): void;
  /** A live picture covers it now. */
  cover(): void;
  clear(): void;
}

/** A picture from the server costs it a decode, which slows the stream down: it gets this long to be faster. */
const POSTER_MS = 300;
/** The new picture may blink when it jumps to the live edge: the old one stays behind it for so long. */
const COVERED_MS = 500;
/** A kept picture needs no more pixels than this. */
const MAX_WIDTH = 1280;
const SLIDESHOW_MS = 10_000;

export function createBackdrop({ key, poster: posterUrl }: BackdropOptions): Backdrop {
  const kept = h('canvas', { class: 'still', hidden: true });
  const poster = h('img', { class: 'still', alt: '', hidden: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let slides: ReturnType<typeof setInterval> | undefined;
  /** Counts requests: an answer that comes after `clear` is for nobody. */
  let request = 0;

  const hidePoster = () => {
    request++;
    poster.hidden = true;
    poster.removeAttribute('src');
  };
  /** Decoded before it is shown, so that one picture follows the other without a gap. */
  const show = async (address: Promise<string | undefined>) => {
    const mine = ++request;
    try {
      const url = await address;
      if (!url || mine !== request) return;
      const next = new Image();
      next.src = url;
      await next.decode();
      if (mine !== request) return;
      poster.src = url;
      poster.hidden = false;
    } catch {
      // No picture is no failure: the stream tells what is wrong.
    }
  };
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
      if (key()) rememberPoster(key(), kept);
    },
    expect() {
      clearTimeout(timer);
      if (!kept.hidden || !poster.hidden) return;
      const old = key() && recallPoster(key());
      if (old) {
        poster.src = old;
        poster.hidden = false;
      }
      timer = setTimeout(() => void show(posterUrl()), POSTER_MS);
    },
    slideshow(on) {
      clearInterval(slides);
      if (!on) return;
      slides = setInterval(() => void show(posterUrl()), SLIDESHOW_MS);
      void show(posterUrl());
    },
    forgo() {
      clearTimeout(timer);
    },
    cover() {
      clearTimeout(timer);
      request++;
      timer = setTimeout(clear, COVERED_MS);
    },
  };
}
