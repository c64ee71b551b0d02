/**
 * The virtual ONVIF devices of this server: one per stream, and one that has all streams as its profiles (as go2rtc's).
 *
 *   /onvif/device_service                 all streams
 *   /onvif/front%20door/device_service    the stream `front door`, a device of its own
 *
 * Recorders tell devices apart by endpoint reference, serial number and MAC address: each device has its own, made from
 * the name of its stream and of this machine, so that they stay through restarts and changes of address.
 */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

export interface VirtualDevice {
  /** Undefined: the device of all streams. */
  readonly stream: string | undefined;
  readonly name: string;
  /** `/onvif/front%20door`, without a slash at the end. */
  readonly path: string;
  /** Its endpoint reference is `urn:uuid:{uuid}`. */
  readonly uuid: string;
  /** Locally administered: `02:1f:…`. */
  readonly macAddress: string;
}

/** Scopes of ONVIF Core §7.3.2 begin so. */
export const SCOPE_BASE = 'onvif://www.onvif.org/';
export const MODEL = 'Porthole';
const ALL_STREAMS = 'porthole';
/** A version 5 UUID's namespace (RFC 9562 §5.5), drawn once for this purpose. */
const UUID_NAMESPACE = Buffer.from('5f0f6c0a1d6e4c5b9a52c6a7a4e0b9d3', 'hex');

/** The device of this stream, whether it exists or not; without a name, the device of all streams. */
export function deviceOf(stream: string | undefined, machine = machineName()): VirtualDevice {
  const hash = createHash('sha1')
    .update(UUID_NAMESPACE)
    .update(`${machine}/${stream ?? ''}`)
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return {
    stream,
    name: stream ?? ALL_STREAMS,
    path: stream === undefined ? '/onvif' : `/onvif/${encodeURIComponent(stream)}`,
    uuid: [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
      '-',
    ),
    macAddress: `02:${hex.slice(0, 10).match(/../g)!.join(':')}`,
  };
}

/** A container's name is drawn anew with each update: no part of an identity. */
function machineName(): string {
  const name = hostname();
  return /^[0-9a-f]{12}$/.test(name) ? '' : name;
}

/** The scopes that the device announces. */
export function scopesOf({ name }: VirtualDevice): readonly string[] {
  return [
    `name/${encodeURIComponent(name)}`,
    `hardware/${MODEL}`,
    'location/',
    'Profile/Streaming',
    'type/video_encoder',
    'type/Network_Video_Transmitter',
  ].map((scope) => SCOPE_BASE + scope);
}

/** The device that a path under `/onvif/` is about: `front door/device_service` → the device of `front door`. */
export function deviceOfPath(path: string): VirtualDevice {
  return deviceOf(/^(.+)\/(?:device|media|media2)_service\/?$/s.exec(path)?.[1]);
}
