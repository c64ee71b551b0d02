/** `GET /api/scan?kind=mdns`: what announces itself by multicast DNS on any IPv4 interface; services.ts says which are cameras. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ipv4Interfaces } from '../../net/interfaces.ts';
import { openMdns, type Service } from '../../net/mdns.ts';
import type { Found, ScanContext } from '../scan.ts';
import { type Announced, camerasOf, SERVICE_TYPES } from './services.ts';

/** Asked again, because datagrams get lost. */
const ASK_AGAIN_MS = 1000;
const LISTEN_MS = 3000;
const MAXIMUM_SERVICES = 500;

export async function scan(
  { signal, log }: ScanContext,
  interfaces = ipv4Interfaces().map(({ address }) => address),
): Promise<Found[]> {
  const services = new Map<string, Announced>();
  const found = (service: Service): void => {
    if (services.size < MAXIMUM_SERVICES) services.set(service.fqdn, announcedOf(service));
  };
  const open = interfaces.map((address) =>
    openMdns(address, (error) => log.debug('mdns', { address, error: error.message })),
  );
  try {
    const browsers = open.flatMap((mdns) => SERVICE_TYPES.map((type) => mdns.find({ type })));
    for (const browser of browsers) browser.on('up', found).on('txt-update', found);
    await sleep(ASK_AGAIN_MS, undefined, { signal });
    for (const browser of browsers) browser.update();
    await sleep(LISTEN_MS - ASK_AGAIN_MS, undefined, { signal });
  } catch {
    // Nobody waits any longer: what was found until now is told.
  } finally {
    for (const mdns of open) mdns.destroy();
  }
  return camerasOf([...services.values()]);
}

function announcedOf({ fqdn, type, port, host, txt, addresses, referer }: Service): Announced {
  const ipv4 = addresses?.find((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address));
  return {
    type,
    name: fqdn.replace(/\._[^.]+\._(?:tcp|udp)\..*$/i, ''),
    address: ipv4 ?? referer?.address ?? host,
    port,
    txt: new Map(
      Object.entries((txt ?? {}) as Record<string, unknown>).map(([k, v]) => [k.toLowerCase(), String(v)]),
    ),
  };
}
