/** `GET /api/scan?kind=dvrip`: XMeye cameras and recorders, by a broadcast on each IPv4 interface. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ipv4Interface, ipv4Interfaces } from '../../net/interfaces.ts';
import { formatOfScheme } from '../open.ts';
import { type Found, type FoundSource, hint, type ScanContext, shortText } from '../scan.ts';
import { DVRIP_PORT, readDevice, writeSearch } from './message.ts';

/** Three times, as their own program does. */
const SEND_AT_MS = [0, 100, 200];
const LISTEN_MS = 2000;
const MAXIMUM_FOUND = 200;
const EVERYBODY = '255.255.255.255';
/** Where they mostly speak ONVIF. */
const ONVIF_PORT = 8899;

/** Finds what answers within two seconds; `port` is that of the devices, and of ours that some of them answer to. */
export async function scan(
  { signal, log }: ScanContext,
  interfaces: readonly Ipv4Interface[] = ipv4Interfaces(),
  port = DVRIP_PORT,
): Promise<Found[]> {
  const found = new Map<string, Found>();
  const receive = (bytes: Buffer, from: string): void => {
    const device = readDevice(bytes);
    if (!device || found.size >= MAXIMUM_FOUND) return;
    // What it says of its address may be another network's: it is where its answer came from.
    found.set(device.serial || from, describe(shortText(device.name), from));
  };
  const broadcasts = interfaces.map(({ broadcast }) => broadcast);
  const places: readonly Place[] = [
    ...interfaces.map(({ address, broadcast }) => ({ address, port: 0, hosts: [EVERYBODY, broadcast] })),
    // Most answer to where the question came from, some to the port that they listen at themselves.
    { address: undefined, port, hosts: broadcasts },
  ];
  const failed = (error: Error): void => log.debug('dvrip', { error: error.message });
  await Promise.all(places.map((place) => search(place, port, receive, signal).catch(failed)));
  return [...found.values()];
}

/** Where we ask from, and whom. */
interface Place {
  /** Undefined: all of ours. Broadcasts are heard there only. */
  readonly address: string | undefined;
  readonly port: number;
  readonly hosts: readonly string[];
}

async function search(
  { address, port, hosts }: Place,
  to: number,
  receive: (bytes: Buffer, from: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const socket: Socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (bytes, { address: from }) => receive(bytes, from));
  try {
    socket.bind(port, address);
    await once(socket, 'listening', { signal });
    socket.on('error', () => {});
    socket.setBroadcast(true);
    const startedAt = performance.now();
    for (const at of SEND_AT_MS) {
      await sleep(Math.max(0, at - (performance.now() - startedAt)), undefined, { signal });
      for (const host of hosts) socket.send(writeSearch(), to, host, () => {});
    }
    await sleep(LISTEN_MS - (performance.now() - startedAt), undefined, { signal });
  } finally {
    socket.close();
  }
}

function describe(name: string | undefined, address: string): Found {
  const speaks = formatOfScheme('dvrip') !== undefined;
  const native: readonly FoundSource[] = [
    { source: `dvrip://${address}?channel=0&subtype=0`, role: 'main' },
    { source: `dvrip://${address}?channel=0&subtype=1`, role: 'sub' },
  ];
  const onvif: FoundSource = { source: `onvif://${address}:${ONVIF_PORT}`, title: 'ONVIF' };
  return {
    kind: 'dvrip',
    name: name && !/^localhost$/i.test(name) ? name : address,
    address,
    manufacturer: 'XMeye',
    sources: speaks ? [...native, onvif] : [onvif],
    credentials: true,
    ...(speaks ? {} : hint('onvif_only')),
  };
}
