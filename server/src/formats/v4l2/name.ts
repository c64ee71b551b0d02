/** What the kernel calls a video device: `/sys/class/video4linux/video0/name`. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Undefined where it is not told. */
export async function deviceName(
  path: string,
  folder = '/sys/class/video4linux',
): Promise<string | undefined> {
  const text = await readFile(join(folder, basename(path), 'name'), 'utf8').catch(() => '');
  // UVC devices are called by their product twice: "HD Webcam: HD Webcam".
  return text.trim().replace(/^(.+): \1$/, '$1') || undefined;
}
