/**
 * Tells Home Assistant of this server: core gets `{host, port, username, password, id}` and offers to set the integration
 * up. `id` stays the same for ever, so that core knows the server again whatever its address is.
 *
 * The Supervisor keeps the message while the add-on runs, and gives it to core again when core starts.
 */
import { isLoopbackHost, parseListen } from '../config/listen.ts';
import type { Logger } from '../util/log.ts';
import type { Key } from './key.ts';
import type { AddonInfo, Supervisor } from './supervisor.ts';

export interface Announcement {
  readonly supervisor: Pick<Supervisor, 'announce' | 'setPorts'>;
  readonly key: Key;
  /** Of the server. */
  readonly id: string;
  /** Where the API listens. */
  readonly addresses: readonly string[];
  /** The ports that the Supervisor counts on. */
  readonly network: NonNullable<AddonInfo['network']> | undefined;
  readonly log: Logger;
}

const SERVICE = 'porthole';
const API_PORT = '1984/tcp';
const AGAIN_MS = 60_000;

/** Announces; again every minute until it is done. */
export function announce({ supervisor, key, id, addresses, network, log }: Announcement): {
  close(): void;
} {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const place = reachedBy(addresses);

  async function tell({ host, port }: NonNullable<typeof place>): Promise<void> {
    try {
      await supervisor.announce(SERVICE, { host, port, ...key, id });
      log.info('announced to Home Assistant', { host, port });
      const ports = changedPorts(network, port);
      if (ports) await supervisor.setPorts(ports);
    } catch (error) {
      log.warn('not announced to Home Assistant', { error });
      if (!closed) timer = setTimeout(() => void tell({ host, port }), AGAIN_MS).unref();
    }
  }

  if (place) void tell(place);
  else log.warn('not announced to Home Assistant: the API listens on no address');
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/**
 * Core shares the network of the host with us: this machine's own address will do where the API listens on it. Undefined
 * where it listens on sockets of the file system only.
 */
export function reachedBy(addresses: readonly string[]): { host: string; port: number } | undefined {
  const address = addresses.find((text) => !text.startsWith('/'));
  const { host, port } = (address !== undefined && parseListen(address)) || {};
  if (port === undefined) return undefined;
  return { host: host === undefined || isLoopbackHost(host) ? '127.0.0.1' : host, port };
}

/** The watchdog asks on the port of the add-on's config, or the one set here. Undefined where it is right already. */
export function changedPorts(
  network: Announcement['network'],
  port: number,
): Readonly<Record<string, number | null>> | undefined {
  if (!network || !Object.hasOwn(network, API_PORT)) return undefined;
  const needed = port === Number.parseInt(API_PORT, 10) ? null : port;
  return network[API_PORT] === needed ? undefined : { ...network, [API_PORT]: needed };
}
