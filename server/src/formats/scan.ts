/**
 * What scans find (`GET /api/scan`, docs/api.md), and what a format exports that can look for cameras.
 *
 * A scan ends within the time of its signal with what it has found by then. One bad answer costs only itself.
 */
import type { Logger } from '../util/log.ts';
import type { Services } from './format.ts';

/** Kinds of scans, and what a user calls them. A kind may have several formats: cameras and microphones by USB. */
export const SCAN_KINDS = {
  onvif: 'ONVIF cameras in the network',
  mdns: 'Cameras that announce themselves (HomeKit, Axis and others)',
  dvrip: 'XMeye cameras and recorders (DVRIP)',
  usb: 'Plugged into this machine',
  homeassistant: 'Cameras of Home Assistant',
} as const;

/** What there is to know of a camera before it is added. */
export const HINTS = {
  unreachable: 'Home Assistant cannot reach it at the moment.',
  onvif_only:
    'Its own protocol, DVRIP, is not part of this version: it is added by ONVIF, which may have to be switched on.',
  homekit_free: 'It is known to HomeKit, and not paired yet. It can be added without HomeKit.',
  homekit_paired:
    'It is known to HomeKit, and paired with another home already. It can be added without HomeKit.',
  homekit_free_only:
    'A HomeKit device, not paired yet. HomeKit pairing is not part of this version: add it by RTSP or ONVIF where it has them.',
  homekit_paired_only:
    'A HomeKit device, paired with another home already. HomeKit pairing is not part of this version: add it by RTSP or ONVIF where it has them.',
} as const;

export type HintCode = keyof typeof HINTS;

/** The members of a Found that give this hint. */
export const hint = (code: HintCode): Pick<Found, 'hint' | 'hint_code'> => ({
  hint: HINTS[code],
  hint_code: code,
});

export type ScanKind = keyof typeof SCAN_KINDS;

export interface FoundSource {
  readonly source: string;
  readonly title?: string | undefined;
  readonly role?: 'main' | 'sub' | undefined;
}

/** A camera that was found. */
export interface Found {
  readonly kind: ScanKind;
  readonly name: string;
  readonly address?: string | undefined;
  readonly model?: string | undefined;
  readonly manufacturer?: string | undefined;
  /** Without credentials; what is likeliest first. */
  readonly sources: readonly FoundSource[];
  /** Whether it asks for a user and a password. */
  readonly credentials: boolean;
  /** Why it cannot be added at once, or what to know of it. */
  readonly hint?: string | undefined;
  /** For who says it in other words. */
  readonly hint_code?: HintCode | undefined;
}

export interface ScanContext {
  readonly services: Services;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Who asks one device. */
export interface DeviceLogin {
  /** A host, `host:port`, or a source of the format. */
  readonly address: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** `formats/{format}/scan.ts` exports this. */
export interface ScanModule {
  /** Rejects with StreamError where it cannot look at all. */
  scan(context: ScanContext): Promise<readonly Found[]>;
  /** What one device has, with the credentials in its sources. Rejects with StreamError. */
  login?(login: DeviceLogin, context: ScanContext): Promise<readonly Found[]>;
}

/** What a row of the table says of its scan. */
export interface ScanEntry {
  readonly kind: ScanKind;
  /** Whether there is anything to ask; default: always. */
  readonly available?: (services: Services) => boolean;
  readonly load: () => Promise<ScanModule>;
}

/** What was found is a text of others: cut to what fits on a line. */
export const shortText = (text: string | undefined, maximum = 100): string | undefined =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
    ?.replace(/[\x00-\x1f\x7f]+/g, ' ')
    .trim()
    .slice(0, maximum) || undefined;
