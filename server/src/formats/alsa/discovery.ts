/**
 * GET /api/alsa: the sound devices of this machine, `/dev/snd/pcmC0D0c`, with what the kernel tells of them.
 *
 *   /proc/asound/card0/pcm0c/info     name: ALC257 Analog
 *   /proc/asound/card1/stream0        USB: Playback: … Format: S16_LE … Channels: 2 … Rates: 44100, 48000
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Discover, Discovered } from '../format.ts';

export const discover: Discover = () => soundDevices('/dev/snd', '/proc/asound');

/** The devices in `deviceFolder`; none where it does not exist. */
export async function soundDevices(deviceFolder: string, procFolder: string): Promise<Discovered[]> {
  const names = await readdir(deviceFolder).catch(() => []);
  const found: Discovered[] = [];
  for (const file of names.sort()) {
    const [, card, device, kind] = /^pcmC(\d{1,3})D(\d{1,3})([cp])$/.exec(file) ?? [];
    if (!kind) continue;
    const folder = join(procFolder, `card${card}`);
    const info = await readFile(join(folder, `pcm${device}${kind}`, 'info'), 'utf8').catch(() => '');
    const usb = await readFile(join(folder, `stream${device}`), 'utf8').catch(() => '');
    const captures = kind === 'c';
    found.push({
      name: parseName(info) || file,
      info: [captures ? 'Microphone' : 'Loudspeaker', parseUsbStream(usb, captures)]
        .filter(Boolean)
        .join(', '),
      url: `alsa:device?audio=/dev/snd/${file}`,
    });
  }
  return found;
}

/** The `name` of an info file, else its `id`. */
function parseName(info: string): string {
  return /^name: *(\S.*?) *$/m.exec(info)?.[1] ?? /^id: *(\S.*?) *$/m.exec(info)?.[1] ?? '';
}

/** `Formats: s16le, Rates: 44100-48000, Channels: 1-2`; empty where the file has nothing of this direction. */
export function parseUsbStream(text: string, captures: boolean): string {
  const [, section = ''] =
    new RegExp(`^${captures ? 'Capture' : 'Playback'}:\\n((?: .*\\n?)+)`, 'm').exec(text) ?? [];
  const all = (key: string): string[] =>
    [...section.matchAll(new RegExp(`^ +${key}: *(.+?) *$`, 'gm'))].flatMap(([, value = '']) =>
      value.split(/, */),
    );
  const formats = [...new Set(all('Format'))].map((format) => format.toLowerCase().replace('_', ''));
  const span = (values: string[]): string => {
    const numbers = values.flatMap((value) => value.match(/\d+/g) ?? []).map(Number);
    if (numbers.length === 0) return '';
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
    return least === most ? String(least) : `${least}-${most}`;
  };
  const facts = [
    ['Formats', formats.join(' ')],
    ['Rates', span(all('Rates'))],
    ['Channels', span(all('Channels'))],
  ];
  return facts.flatMap(([name, value]) => (value ? [`${name}: ${value}`] : [])).join(', ');
}
