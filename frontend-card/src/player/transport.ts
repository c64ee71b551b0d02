/** What the five ways of playing have in common, and what their video elements need. */
import type { Mode } from './policy.ts';

/** One way of playing, from its request to its end. Each owns its element, so that one can take over from another without a black frame. */
export interface Transport {
  readonly mode: Mode;
  readonly element: HTMLVideoElement | HTMLCanvasElement;
  /** Whether sound comes with it; undefined while not known. */
  readonly audio: boolean | undefined;
  /** Seconds from the camera's packet to the screen, as far as this side can tell; undefined while not known. */
  latency?(): number | undefined;
  /** Where media can flow without the socket: takes about a second to see whether it does. */
  alive?(): Promise<boolean>;
  close(): void;
}

export interface TransportOptions {
  readonly mode: Mode;
  readonly video: boolean;
  readonly audio: boolean;
  readonly muted: boolean;
  readonly volume: number;
}

export interface TransportEvents {
  /** The first picture is on the element (or the first sound, for a stream without video). Once. */
  playing(): void;
  /** Media arrived. Often. */
  media(): void;
  /** The browser refused to start with sound; the element plays muted now. */
  silenced(): void;
  /** The transport can't go on; it is to be closed. */
  failed(reason: string): void;
}

/** A video element that plays as soon as it has something to play. */
export function createVideo(options: TransportOptions): HTMLVideoElement {
  const video = document.createElement('video');
  video.playsInline = true;
  video.autoplay = false;
  video.controls = false;
  video.preload = 'auto';
  video.muted = options.muted;
  video.volume = options.volume;
  return video;
}

/** Starts playing; muted, if the browser wants a click before it lets sound out. */
export async function play(video: HTMLVideoElement, silenced: () => void): Promise<void> {
  try {
    await video.play();
  } catch (error) {
    if (video.muted || !(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
    video.muted = true;
    silenced();
    await video.play().catch(() => undefined);
  }
}

/** Calls back once when the first frame is presented, or sound plays where there is no video. */
export function onFirstFrame(video: HTMLVideoElement, callback: () => void): void {
  let called = false;
  const once = () => {
    if (!called) callback();
    called = true;
  };
  const ready = () => video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  const whenReady = () => (ready() ? once() : video.addEventListener('loadeddata', once, { once: true }));
  // A busy browser tells of the first frame before the element has it to paint.
  if (typeof video.requestVideoFrameCallback === 'function') video.requestVideoFrameCallback(whenReady);
  else whenReady();
  video.addEventListener('timeupdate', () => {
    if (video.videoWidth === 0 && video.currentTime > 0) once();
  });
}

/** Lets go of everything a video element holds, decoder included. */
export function releaseVideo(video: HTMLVideoElement): void {
  video.pause();
  video.srcObject = null;
  video.removeAttribute('src');
  video.load();
  video.remove();
}
