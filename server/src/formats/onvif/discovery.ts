/**
 * `GET /api/onvif`: cameras of the local networks (WS-Discovery, ws-discovery.ts); with `?src=onvif://…` the profiles
 * of one camera.
 */
import { StreamError } from '../../core/errors.ts';
import type { Discover, Discovered } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { type CameraProfile, connectCamera } from './camera.ts';
import { deviceOf } from './device.ts';
import { findDevices } from './search.ts';

/** Finds cameras, or what a camera has. */
export const discover: Discover = async (query, { services, signal }) => {
  const source = query.get('src');
  if (source) return listProfiles(source, signal);
  const own = new Set(services.streams.names().map((name) => deviceOf(name).uuid));
  const devices = await findDevices(own, signal);
  return devices.map(({ host, path, name, hardware }) => ({
    name: host,
    info: [name, hardware].filter(Boolean).join(' ') || undefined,
    url: `onvif://user:pass@${host}${path}`,
  }));
};

async function listProfiles(text: string, signal: AbortSignal): Promise<Discovered[]> {
  const { url, scheme } = parseSourceText(text);
  if (scheme !== 'onvif') throw new StreamError('invalid', 'src is not an onvif:// address');
  const base = url.replace(/\?[^@]*$/, '');
  const camera = await connectCamera(base, signal);
  const [name, profiles] = [await camera.device.description(), await camera.profiles()];
  const subtypes = profiles.map(({ token }, index) => subtypeOf(token, index));
  const found: Discovered[] = profiles.map((profile, index) => ({
    name: [name, profile.name || `stream${index}`].filter(Boolean).join(' '),
    info: describeProfile(profile),
    url: `${base}?subtype=${subtypes[index]}`,
  }));
  const hasSnapshot = await camera.snapshotUri(profiles[0]?.token ?? '').then(Boolean, () => false);
  signal.throwIfAborted();
  if (!hasSnapshot) return found;
  return [...found, { name: `${name} snapshot`.trim(), url: `${base}?subtype=${subtypes[0]}&snapshot` }];
}

/** What `?subtype=` of a profile is. A token that is a number would be read as the place of a profile (producer.ts): then the place is given. */
export function subtypeOf(token: string, index: number): string {
  return /^\d{0,4}$/.test(token) ? String(index) : encodeURIComponent(token);
}

export function describeProfile({ encoding, width, height }: CameraProfile): string | undefined {
  return [encoding, width > 0 ? `${width}x${height}` : ''].filter(Boolean).join(' ') || undefined;
}
