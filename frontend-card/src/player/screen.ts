/** Full screen and picture-in-picture, with their browser prefixes. */

type AppleVideo = HTMLVideoElement & { webkitEnterFullscreen?(): void };

export function canFullscreen(host: HTMLElement, video: HTMLVideoElement | undefined): boolean {
  return 'requestFullscreen' in host || Boolean((video as AppleVideo | undefined)?.webkitEnterFullscreen);
}

/** Asked of the element: the document knows only the outermost shadow host. */
export function isFullscreen(host: HTMLElement): boolean {
  return host.matches(':fullscreen');
}

/** The whole player, or only its video on an iPhone. Rejects when the browser refuses. */
export async function toggleFullscreen(
  host: HTMLElement,
  video: HTMLVideoElement | undefined,
): Promise<void> {
  if (isFullscreen(host)) await document.exitFullscreen();
  else if ('requestFullscreen' in host) await host.requestFullscreen();
  else (video as AppleVideo | undefined)?.webkitEnterFullscreen?.();
}

export function isPip(video: HTMLVideoElement | undefined): boolean {
  const root = video?.getRootNode();
  const isScope = root instanceof Document || root instanceof ShadowRoot;
  return isScope && root.pictureInPictureElement === video;
}

/** Rejects when the browser refuses. */
export async function togglePip(video: HTMLVideoElement | undefined): Promise<void> {
  if (!video || !document.pictureInPictureEnabled) return;
  if (isPip(video)) await document.exitPictureInPicture();
  else await video.requestPictureInPicture();
}
