/** The picture that an element shows: a playing video, or a canvas that is drawn on. */

export type PictureElement = HTMLVideoElement | HTMLCanvasElement;

/** Pixels; 0 × 0 while there is no picture. */
export function sizeOf(element: PictureElement | undefined): readonly [width: number, height: number] {
  if (element instanceof HTMLVideoElement) return [element.videoWidth, element.videoHeight];
  return element ? [element.width, element.height] : [0, 0];
}

/** Copies the picture, scaled down to `maxWidth`. False if there is none to copy: a video that failed gives no frame. */
export function copyPicture(element: PictureElement, canvas: HTMLCanvasElement, maxWidth: number): boolean {
  const [width, height] = sizeOf(element);
  const stale =
    element instanceof HTMLVideoElement && element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
  if (!width || !height || stale) return false;
  const scale = Math.min(1, maxWidth / width);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext('2d')?.drawImage(element, 0, 0, canvas.width, canvas.height);
  return true;
}

/** Downloads the picture as JPEG in full resolution: `front-door_2026-11-23T08-15-00.jpg`. */
export async function savePicture(element: PictureElement, name: string): Promise<void> {
  const canvas = document.createElement('canvas');
  if (!copyPicture(element, canvas, Number.POSITIVE_INFINITY)) return;
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
  if (!blob) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  link.download = `${name.replace(/[^\w.-]+/g, '_')}_${stamp}.jpg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
