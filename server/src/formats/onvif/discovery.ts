/**
 * `GET /api/onvif`: cameras of the local networks (WS-Discovery, ws-discovery.ts); with `?src=onvif://…` the profiles
 * of one camera.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamError } from '../../core/errors.ts';
import type { Discover, Discovered } from '../format.ts';
import { parseSourceText } from '../source-text.ts';
import { type CameraProfile, connectCamera } from './camera.ts';
import { deviceOf, SCOPE_BASE } from './device.ts';
import {
  DISCOVERY_GROUP,
  DISCOVERY_PORT,
  MAXIMUM_MESSAGE_BYTES,
  type Match,
  readMatches,
  writeProbe,
} from './ws-discovery.ts';

/** The probes are sent at these times: datagrams get lost. */
const SEND_AT_MS = [0, 400];
const LISTEN_MS = 3000;
const MAXIMUM_FOUND = 500;
const MAXIMUM_DATAGRAMS = 5000;
const DEVICE_SERVICE = '/onvif/device_service';

/** Finds cameras, or what a camera has. */
export const discover: Discover = async (query, { services, signal }) => {
  const source = query.get('src');
  if (source) return listProfiles(source, signal);
  const own = new Set(services.streams.names().map((name) => deviceOf(name).uuid));
  return findCameras(own, signal);
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
    info: describe(profile),
    url: `${base}?subtype=${subtypes[index]}`,
  }));
  const hasSnapshot = await camera.snapshotUri(profiles[0]?.token ?? '').then(Boolean, () => false);
  signal.throwIfAborted();
  if (!hasSnapshot) return found;
  return [...found, { name: `${name} snapshot`.trim(), url: `${base}?subtype=${subtypes[0]}&snapshot` }];
}

/** A token that is a number would be read as the place of a profile (producer.ts): then the place is given. */
function subtypeOf(token: string, index: number): string {
  return /^\d{0,4}$/.test(token) ? String(index) : encodeURIComponent(token);
}

function describe({ encoding, width, height }: CameraProfile): string | undefined {
  return [encoding, width > 0 ? `${width}x${height}` : ''].filter(Boolean).join(' ') || undefined;
}

async function findCameras(own: ReadonlySet<string>, signal: AbortSignal): Promise<Discovered[]> {
  const found = new Map<string, Discovered>();
  let datagrams = 0;
  const receive = (bytes: Buffer, from: string): void => {
    if (++datagrams > MAXIMUM_DATAGRAMS || bytes.length > MAXIMUM_MESSAGE_BYTES) return;
    for (const match of matchesOf(bytes)) {
      const camera = own.has(match.uuid) ? undefined : describeMatch(match, from);
      if (camera?.url && found.size < MAXIMUM_FOUND) found.set(camera.url, camera);
    }
  };
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const probes = addresses
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => probe(address, receive, signal));
  await Promise.all(probes);
  signal.throwIfAborted();
  return [...found.values()];
}

/** Sends the probes from one interface and listens. What an interface cannot do costs only that interface. */
async function probe(
  address: string,
  receive: (bytes: Buffer, from: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const socket: Socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.on('message', (bytes, { address: from }) => receive(bytes, from));
  try {
    socket.bind(0, address);
    await once(socket, 'listening', { signal });
    socket.setMulticastInterface(address);
    const startedAt = performance.now();
    for (const at of SEND_AT_MS) {
      await sleep(at - (performance.now() - startedAt), undefined, { signal });
      for (const text of [writeProbe(), writeProbe('dn:NetworkVideoTransmitter')]) {
        socket.send(text, DISCOVERY_PORT, DISCOVERY_GROUP, () => {});
      }
    }
    await sleep(LISTEN_MS - (performance.now() - startedAt), undefined, { signal });
  } catch {
    // No such address any more, no multicast, or nobody waits.
  } finally {
    socket.close();
  }
}

function matchesOf(bytes: Buffer): readonly Match[] {
  try {
    return readMatches(bytes.toString('utf8'));
  } catch {
    return [];
  }
}

/** A camera's answer as the API tells it. Printers and computers answer too: what names ONVIF nowhere is undefined. */
export function describeMatch({ types, scopes, addresses }: Match, from: string): Discovered | undefined {
  if (!/onvif/i.test([...types, ...scopes, ...addresses].join(' '))) return undefined;
  const urls = addresses
    .flatMap((text) => URL.parse(text) ?? [])
    .filter(({ protocol, port }) => protocol === 'http:' || (protocol === 'https:' && port === ''))
    .sort((a, b) => a.protocol.length - b.protocol.length);
  // A camera may name all its addresses, old ones among them: the one it spoke from is there.
  const url = urls.find(({ hostname }) => hostname === from) ?? urls[0];
  if (!url) return undefined;
  const host = url.protocol === 'https:' ? `${url.hostname}:443` : url.host;
  const path = url.pathname === DEVICE_SERVICE ? '' : url.pathname + url.search;
  const info = [scopeValue(scopes, 'name'), scopeValue(scopes, 'hardware')].filter(Boolean).join(' ');
  return { name: host, info: info || undefined, url: `onvif://user:pass@${host}${path}` };
}

function scopeValue(scopes: readonly string[], kind: string): string {
  const prefix = `${SCOPE_BASE}${kind}/`.toLowerCase();
  const text = scopes.find((scope) => scope.toLowerCase().startsWith(prefix))?.slice(prefix.length) ?? '';
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return text;
  }
}
