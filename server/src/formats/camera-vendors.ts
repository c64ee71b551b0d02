/**
 * Makers by what their cameras call themselves, and where their streams are: a guess, for cameras that only say that they are
 * there. Paths as the makers document them.
 */
import type { FoundSource } from './scan.ts';

export interface Vendor {
  readonly name: string;
  readonly pattern: RegExp;
  /** RTSP paths of the main and the sub stream. */
  readonly main?: string;
  readonly sub?: string;
}

const VENDORS: readonly Vendor[] = [
  { name: 'Axis', pattern: /\baxis\b/i, main: '/axis-media/media.amp' },
  {
    ...{ name: 'Hikvision', pattern: /hikvision|\bDS-[2K][A-Z\d]+|hilook|annke/i },
    ...{ main: '/Streaming/Channels/101', sub: '/Streaming/Channels/102' },
  },
  {
    ...{ name: 'Reolink', pattern: /reolink/i },
    ...{ main: '/h264Preview_01_main', sub: '/h264Preview_01_sub' },
  },
  {
    ...{ name: 'Dahua', pattern: /dahua|amcrest|lorex|\b(?:IPC-H|DH-|VTO)\w+/i },
    main: '/cam/realmonitor?channel=1&subtype=0',
    sub: '/cam/realmonitor?channel=1&subtype=1',
  },
  { name: 'TP-Link', pattern: /\btapo|\bvigi|tp-?link/i, main: '/stream1', sub: '/stream2' },
  { name: 'Foscam', pattern: /foscam/i, main: '/videoMain', sub: '/videoSub' },
  { name: 'Vivotek', pattern: /vivotek/i, main: '/live.sdp', sub: '/live2.sdp' },
  { name: 'Hanwha', pattern: /hanwha|wisenet|samsung techwin/i, main: '/profile2/media.smp' },
  { name: 'Bosch', pattern: /\bbosch\b/i, main: '/rtsp_tunnel' },
  { name: 'Uniview', pattern: /uniview|\bunv\b/i, main: '/media/video1', sub: '/media/video2' },
  { name: 'Mobotix', pattern: /mobotix/i, main: '/stream0/mobotix.h264' },
  { name: 'Ubiquiti', pattern: /\bubiquiti|\bunifi|\buvc\b/i },
  { name: 'Aqara', pattern: /aqara/i },
  { name: 'Eufy', pattern: /\beufy/i },
];

/** The maker that one of these texts names. */
export function vendorOf(...texts: readonly (string | undefined)[]): Vendor | undefined {
  const text = texts.filter(Boolean).join(' ');
  return VENDORS.find(({ pattern }) => pattern.test(text));
}

/** Where this maker's cameras have their streams. */
export function rtspGuesses({ main, sub }: Vendor, address: string, port = 554): readonly FoundSource[] {
  const base = `rtsp://${address}${port === 554 ? '' : `:${port}`}`;
  return [
    ...(main === undefined ? [] : [{ source: base + main, role: 'main' as const }]),
    ...(sub === undefined ? [] : [{ source: base + sub, role: 'sub' as const }]),
  ];
}
