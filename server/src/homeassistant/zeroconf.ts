/**
 * Announces this server in the local network as `_porthole._tcp` (DNS-SD, RFC 6763), so that Home Assistant offers to set its
 * integration up. Only where the API can be reached from there.
 *
 *   Porthole nuc._porthole._tcp.local   SRV nuc.local:1984
 *                                       TXT id=2b1f… version=0.1.0 api=1 name=nuc [path=/base]
 */
import { hostname } from 'node:os';
import { isLoopbackHost, parseListen } from '../config/listen.ts';
import { ipv4Interfaces } from '../net/interfaces.ts';
import { openMdns } from '../net/mdns.ts';
import type { Logger } from '../util/log.ts';
import { VERSION } from '../util/version.ts';

export interface ZeroconfSettings {
  /** Of the server; stays the same for ever. */
  readonly id: string;
  /** Version of the API. */
  readonly api: number;
  /** Where the API listens. */
  readonly addresses: readonly string[];
  /** `api.base_path`. */
  readonly basePath: string;
  readonly log: Logger;
}

const TYPE = 'porthole';
const USUAL_PORT = 1984;
/** Networks come and go. */
const LOOK_AGAIN_MS = 60_000;
/** The Supervisor's own network, in which nobody looks for us. */
const SUPERVISOR_NETWORK = /^172\.30\.3[23]\./;

type Announcements = ReturnType<typeof openMdns>;

/** Announces until it is closed; an interface that cannot costs only itself. */
export function startZeroconf(settings: ZeroconfSettings): { close(): Promise<void> } {
  const { id, api, addresses, basePath, log } = settings;
  const open = new Map<string, Announcements>();

  const look = (): void => {
    const wanted = announcedOn(
      addresses,
      ipv4Interfaces().filter(({ internal }) => !internal),
    );
    for (const [address, mdns] of open) {
      if (wanted.has(address)) continue;
      mdns.destroy();
      open.delete(address);
    }
    for (const [address, port] of wanted) {
      if (open.has(address)) continue;
      const mdns = openMdns(address, ({ message }) => log.debug('mdns', { address, error: message }));
      open.set(address, mdns);
      const host = hostname().replace(/\..*$/, '');
      mdns.publish({
        name: `Porthole ${host}${port === USUAL_PORT ? '' : ` ${port}`}`,
        ...{ type: TYPE, port, host: `${host}.local`, probe: false },
        txt: { id, version: VERSION, api: String(api), name: host, ...(basePath && { path: basePath }) },
      });
    }
  };
  look();
  if (open.size > 0) log.info('announced in the network', { addresses: [...open.keys()].join(' ') });
  const timer = setInterval(look, LOOK_AGAIN_MS).unref();

  return {
    async close() {
      clearInterval(timer);
      await Promise.all([...open.values()].map(sayGoodbye));
    },
  };
}

/** Tells that the server is gone, so that nobody keeps its address until it expires. */
async function sayGoodbye(mdns: Announcements): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, 500);
  mdns.unpublishAll(() => resolve());
  await promise;
  clearTimeout(timer);
  mdns.destroy();
}

/** The addresses of this machine that others reach the API at, with the port. Pure. */
export function announcedOn(
  listens: readonly string[],
  interfaces: readonly { readonly address: string }[],
): Map<string, number> {
  const found = new Map<string, number>();
  for (const text of listens) {
    const listen = parseListen(text);
    if (!listen || isLoopbackHost(listen.host)) continue;
    const { host, port } = listen;
    const everywhere = host === undefined || host === '' || host === '0.0.0.0' || host === '::';
    for (const { address } of interfaces) {
      if (!found.has(address) && !SUPERVISOR_NETWORK.test(address) && (everywhere || host === address)) {
        found.set(address, port);
      }
    }
  }
  return found;
}
