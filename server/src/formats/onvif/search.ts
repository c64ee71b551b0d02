/**
 * WS-Discovery as a client: probes on each IPv4 interface, and the devices that answer (ws-discovery.ts).
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ipv4Interfaces } from '../../net/interfaces.ts';
import { SCOPE_BASE } from './device.ts';
import {
  DISCOVERY_GROUP,
  DISCOVERY_PORT,
  MAXIMUM_MESSAGE_BYTES,
  type Match,
  readMatches,
  writeProbe,
} from './ws-discovery.ts';

/** A camera that answered. */
export interface FoundDevice {
  /** Host, and the port where it is not 80. */
  readonly host: string;
  /** Of its device service; '' where that is the usual one. */
  readonly path: string;
  /** What it says of itself; '' where it says nothing. */
  readonly name: string;
  readonly hardware: string;
}

/** The probes are sent at these times: datagrams get lost. */
const SEND_AT_MS = [0, 400];
const LISTEN_MS = 3000;
const MAXIMUM_FOUND = 500;
const MAXIMUM_DATAGRAMS = 5000;
const DEVICE_SERVICE = '/onvif/device_service';

/**
 * The cameras that answer within three seconds; `own` are the ids of our devices, which are none. Rejects only when
 * the signal aborts.
 */
export async function findDevices(
  own: ReadonlySet<string>,
  signal: AbortSignal,
  interfaces = ipv4Interfaces().map(({ address }) => address),
): Promise<FoundDevice[]> {
  const found = new Map<string, FoundDevice>();
  let datagrams = 0;
  const receive = (bytes: Buffer, from: string): void => {
    if (++datagrams > MAXIMUM_DATAGRAMS || bytes.length > MAXIMUM_MESSAGE_BYTES) return;
    for (const match of matchesOf(bytes)) {
      const camera = own.has(match.uuid) ? undefined : describeMatch(match, from);
      if (camera && found.size < MAXIMUM_FOUND) found.set(camera.host + camera.path, camera);
    }
  };
  await Promise.all(interfaces.map((address) => probe(address, receive, signal)));
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
      await sleep(Math.max(0, at - (performance.now() - startedAt)), undefined, { signal });
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

/** A camera's answer. Printers and computers answer too: what names ONVIF nowhere is undefined. */
export function describeMatch({ types, scopes, addresses }: Match, from: string): FoundDevice | undefined {
  if (!/onvif/i.test([...types, ...scopes, ...addresses].join(' '))) return undefined;
  const urls = addresses
    .flatMap((text) => URL.parse(text) ?? [])
    .filter(({ protocol, port }) => protocol === 'http:' || (protocol === 'https:' && port === ''))
    .sort((a, b) => a.protocol.length - b.protocol.length);
  // A camera may name all its addresses, old ones among them: the one it spoke from is there.
  const url = urls.find(({ hostname }) => hostname === from) ?? urls[0];
  if (!url) return undefined;
  return {
    host: url.protocol === 'https:' ? `${url.hostname}:443` : url.host,
    path: url.pathname === DEVICE_SERVICE ? '' : url.pathname + url.search,
    name: scopeValue(scopes, 'name'),
    hardware: scopeValue(scopes, 'hardware'),
  };
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
