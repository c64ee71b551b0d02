/** `GET /api/scan?kind=usb`: the microphones at this machine. */
import { type Found, shortText } from '../scan.ts';
import { soundDevices } from './discovery.ts';

/** The sound devices that are microphones; in other folders for tests. */
export async function scan(
  _context?: unknown,
  deviceFolder = '/dev/snd',
  procFolder = '/proc/asound',
): Promise<Found[]> {
  const devices = await soundDevices(deviceFolder, procFolder);
  return devices
    .filter(({ info }) => info?.startsWith('Microphone'))
    .map(({ name, info, url }) => ({
      kind: 'usb',
      name: shortText(name) ?? 'Microphone',
      address: url!.slice('alsa:device?audio='.length),
      model: shortText(info),
      sources: [{ source: url!, title: shortText(info) }],
      credentials: false,
    }));
}
