/** `GET /api/scan?kind=onvif` and `POST /api/scan`: cameras that answer WS-Discovery, and what one of them has. */
import { StreamError } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../net/url.ts';
import { vendorOf } from '../camera-vendors.ts';
import { type DeviceLogin, type Found, type ScanContext, shortText } from '../scan.ts';
import { connectCamera } from './camera.ts';
import { deviceOf } from './device.ts';
import { describeProfile, subtypeOf } from './discovery.ts';
import { findDevices } from './search.ts';
import { tiersOf } from './tiers.ts';

/** Cameras of the local networks. */
export async function scan({ services, signal }: ScanContext): Promise<Found[]> {
  const own = new Set(services.streams.names().map((name) => deviceOf(name).uuid));
  const devices = await findDevices(own, signal);
  return devices.map(({ host, path, name, hardware }) => ({
    kind: 'onvif',
    name: shortText(name) ?? shortText(hardware) ?? host,
    address: host.replace(/:\d+$/, ''),
    model: shortText(hardware),
    manufacturer: vendorOf(name, hardware)?.name,
    sources: [{ source: `onvif://${host}${path}` }],
    credentials: true,
  }));
}

/** The lenses of one device, each with its profiles. */
export async function login(device: DeviceLogin, { signal }: ScanContext): Promise<Found[]> {
  const base = addressOf(device);
  const camera = await connectCamera(base, signal);
  const description = await camera.device.description();
  const vendor = vendorOf(description);
  const lenses = tiersOf(await camera.profiles());
  return lenses.map((profiles, number) => ({
    kind: 'onvif',
    name: [shortText(description) ?? camera.device.host, ...(lenses.length > 1 ? [number + 1] : [])].join(
      ' ',
    ),
    address: camera.device.host,
    model: shortText(description),
    manufacturer: vendor?.name,
    sources: profiles.map(({ profile, index, role }) => ({
      source: `${base}?subtype=${subtypeOf(profile.token, index)}`,
      title: shortText([profile.name, describeProfile(profile)].filter(Boolean).join(' ')),
      role,
    })),
    credentials: false,
  }));
}

/** `192.168.1.10`, `192.168.1.10:8080`, `onvif://192.168.1.10/path` with the credentials in it. Throws StreamError `invalid`. */
function addressOf({ address, username, password }: DeviceLogin): string {
  const text = address.trim();
  const given = /^[\w+.-]+:\/\//.test(text) ? text.replace(/^[\w+.-]+:/, 'onvif:') : `onvif://${text}`;
  if (/[\s#]/.test(given)) throw new StreamError('invalid', 'address is not the address of a device');
  const parsed = parseAddress(given);
  const credentials = username ? { username, password: password ?? '' } : parsed.credentials;
  const { scheme, host, port, target } = parsed;
  const path = target.replace(/\?.*$/, '').replace(/\/$/, '');
  const bare = formatAddress({ scheme, host, port, target: path });
  if (!credentials) return bare;
  const userInfo = `${encodeURIComponent(credentials.username)}:${encodeURIComponent(credentials.password)}@`;
  return bare.replace('://', () => `://${userInfo}`);
}
