/** The last picture of each stream, for as long as the tab lives: what is shown first when it is opened again. */

const PREFIX = 'porthole-poster:';
const MAX_WIDTH = 640;
const remembered = new Map<string, string>();

/** Remembers what a canvas shows, as a small JPEG. */
export function rememberPoster(key: string, picture: HTMLCanvasElement): void {
  if (!picture.width) return;
  const canvas = document.createElement('canvas');
  const scale = Math.min(1, MAX_WIDTH / picture.width);
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const url = canvas.toDataURL('image/jpeg', 0.7);
  remembered.set(key, url);
  try {
    sessionStorage.setItem(PREFIX + key, url);
  } catch {
    // Full, or forbidden: the page itself still remembers.
  }
}

/** A data URL; undefined when this stream was not seen before. */
export function recallPoster(key: string): string | undefined {
  try {
    return remembered.get(key) ?? sessionStorage.getItem(PREFIX + key) ?? undefined;
  } catch {
    return undefined;
  }
}
