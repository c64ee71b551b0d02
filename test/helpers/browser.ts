/** The system's Chromium as a judge: what its decoders really show. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { until } from './wait.ts';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--allow-loopback-in-peer-connection',
];

/** Starts Chromium without a window; its fake microphone beeps. */
export function launchBrowser(extra: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: [...ARGUMENTS, ...extra] });
}

export interface Playback {
  readonly width: number;
  readonly height: number;
  /** Different pictures seen, of the samples taken. */
  readonly distinct: number;
  readonly currentTime: number;
  readonly decodedFrames: number;
}

/** Watches the page's (also shadowed) video element for `ms` and tells what moved. Fails if there is no picture within `timeoutMs`. */
export async function watchVideo(page: Page, { ms = 1500, timeoutMs = 10_000 } = {}): Promise<Playback> {
  const find = `(() => {
    const search = (root) => {
      const video = root.querySelector('video');
      if (video) return video;
      for (const element of root.querySelectorAll('*')) {
        const inner = element.shadowRoot && search(element.shadowRoot);
        if (inner) return inner;
      }
    };
    return search(document);
  })()`;
  // Not waitForFunction, which a page's Content-Security-Policy may hold back.
  const shows = `(${find})?.videoWidth > 0 && (${find}).currentTime > 0`;
  await until('a picture', () => page.evaluate<boolean>(shows), timeoutMs);
  return (await page.evaluate(`(async () => {
    const video = ${find};
    const canvas = new OffscreenCanvas(64, 36);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const seen = new Set();
    const end = performance.now() + ${ms};
    while (performance.now() < end) {
      context.drawImage(video, 0, 0, 64, 36);
      seen.add(context.getImageData(0, 0, 64, 36).data.join());
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
    return {
      width: video.videoWidth,
      height: video.videoHeight,
      distinct: seen.size,
      currentTime: video.currentTime,
      decodedFrames: totalVideoFrames - droppedVideoFrames,
    };
  })()`)) as Playback;
}
