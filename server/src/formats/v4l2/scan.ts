/** `GET /api/scan?kind=usb`: the cameras at this machine, one for each device, its best picture first. */
import { toStreamError } from '../../core/errors.ts';
import { type Found, type ScanContext, shortText } from '../scan.ts';
import { sourcesOf, videoDevices } from './discovery.ts';
import { type DeviceFormat, listFormats } from './list.ts';
import { deviceName } from './name.ts';

const MAXIMUM_SOURCES = 12;

export async function scan({ services, log, signal }: ScanContext): Promise<Found[]> {
  const binary = String(services.section('ffmpeg').bin ?? 'ffmpeg');
  const found: Found[] = [];
  for (const path of await videoDevices()) {
    try {
      const formats = await listFormats(path, binary, { log, signal });
      // Devices of metadata and of encoders have no pictures.
      if (formats.length > 0) found.push(describe(path, await deviceName(path), formats));
    } catch (error) {
      log.debug('video device', { path, error: toStreamError(error) });
    }
  }
  return found;
}

/** A device with its pictures in the order of their worth. */
export function describe(path: string, name: string | undefined, formats: readonly DeviceFormat[]): Found {
  const pictures = formats.flatMap((format) =>
    sourcesOf(path, format).map(({ url, info }) => ({
      source: url!,
      title: shortText([format.title, info?.replace(`${path}, `, '')].filter(Boolean).join(' ')),
      worth: worthOf(format, /video_size=(\d+)x(\d+)/.exec(url!)),
    })),
  );
  const sorted = pictures.sort((a, b) => b.worth - a.worth).slice(0, MAXIMUM_SOURCES);
  return {
    kind: 'usb',
    name: shortText(name) ?? path,
    address: path,
    sources: sorted.map(({ source, title }, index) => ({
      ...{ source, title },
      ...(index === 0 && { role: 'main' as const }),
    })),
    credentials: false,
  };
}

/** What needs no encoding comes before JPEG, JPEG before raw pictures, which fill a USB 2 bus; then size, up to 1080p. */
function worthOf({ inputFormat, compressed }: DeviceFormat, size: RegExpExecArray | null): number {
  const rank = /^(?:h264|hevc)$/.test(inputFormat) ? 2 : compressed ? 1 : 0;
  const pixels = size ? Number(size[1]) * Number(size[2]) : 0;
  return rank * 1e9 + (pixels <= 1920 * 1080 ? pixels : 1);
}
