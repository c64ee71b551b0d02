/** Draws single pictures on a canvas as they come: what `mp4` (key frames) and `mjpeg` have in common. */
import { text } from './texts.ts';
import type { TransportEvents } from './transport.ts';

export interface Picture {
  readonly image: CanvasImageSource;
  readonly width: number;
  readonly height: number;
}

export interface Pictures {
  readonly canvas: HTMLCanvasElement;
  /** Shows these bytes as soon as the picture before is done; only the newest waits. */
  push(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

const MAX_BAD_PICTURES = 5;

/** `decode` may reject: a bad picture is skipped, several in a row fail the transport. */
export function createPictures(
  decode: (bytes: Uint8Array<ArrayBuffer>) => Promise<Picture>,
  events: TransportEvents,
): Pictures {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  let waiting: Uint8Array<ArrayBuffer> | undefined;
  let busy = false;
  let closed = false;
  let playing = false;
  let bad = 0;

  const draw = async (bytes: Uint8Array<ArrayBuffer>) => {
    const { image, width, height } = await decode(bytes);
    if (closed) return;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    context?.drawImage(image, 0, 0);
    if ('close' in image) image.close();
    bad = 0;
    if (!playing) events.playing();
    playing = true;
  };

  const run = async () => {
    busy = true;
    for (let bytes = waiting; bytes && !closed; bytes = waiting) {
      waiting = undefined;
      try {
        await draw(bytes);
      } catch {
        if (++bad === MAX_BAD_PICTURES) events.failed(text('undecodablePictures'));
      }
    }
    busy = false;
  };

  return {
    canvas,
    push(bytes) {
      if (closed) return;
      events.media();
      waiting = bytes;
      if (!busy) void run();
    },
    close() {
      closed = true;
      waiting = undefined;
      canvas.remove();
    },
  };
}
