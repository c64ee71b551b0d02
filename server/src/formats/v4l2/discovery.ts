/** GET /api/v4l2: the video devices of this machine, each with its formats and sizes. */
import { readdir } from 'node:fs/promises';
import { toStreamError } from '../../core/errors.ts';
import type { Discover, Discovered } from '../format.ts';
import { type DeviceFormat, listFormats } from './list.ts';

export const discover: Discover = async (_query, { services, log, signal }) => {
  const binary = String(services.section('ffmpeg').bin ?? 'ffmpeg');
  const found: Discovered[] = [];
  for (const path of await videoDevices()) {
    try {
      const formats = await listFormats(path, binary, { log, signal });
      found.push(...formats.flatMap((format) => sourcesOf(path, format)));
    } catch (error) {
      // A device that is busy or broken does not hide the others.
      log.debug('video device', { path, error: toStreamError(error) });
    }
  }
  return found;
};

/** `/dev/video*`, in order of their numbers. */
export async function videoDevices(folder = '/dev'): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^video\d{1,3}$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    .map((name) => `${folder}/${name}`);
}

/** A source for each size, at the first rate that the device tells for it. */
export function sourcesOf(path: string, { inputFormat, title, sizes }: DeviceFormat): Discovered[] {
  const base = `v4l2:device?video=${path}&input_format=${inputFormat}`;
  if (sizes.length === 0) return [{ name: title, info: path, url: base }];
  return sizes.map(({ size, rates }) => ({
    name: title,
    info: `${path}, ${size}${rates.length > 0 ? `, ${rates.join(' ')} fps` : ''}`,
    url: `${base}&video_size=${size}${rates[0] ? `&framerate=${rates[0]}` : ''}`,
  }));
}
