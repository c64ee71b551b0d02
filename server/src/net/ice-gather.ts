/**
 * The candidates that we offer: our addresses, those announced in the config, and our public one as STUN servers see it.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type AddressFilters, type AnnouncedAddress, localAddresses } from './ice-addresses.ts';
import { type Candidate, type IceProtocol, localCandidate } from './ice-candidate.ts';
import type { IceMux } from './ice-mux.ts';
import { askReflexiveAddress } from './ice-reflexive.ts';
import type { StunServer } from './ice-servers.ts';
import type { Endpoint } from './stun.ts';

export interface GathererOptions {
  readonly mux: IceMux;
  readonly filters: AddressFilters;
  readonly announced: readonly AnnouncedAddress[];
}

const CACHE_MS = 300_000;
const FAILURE_CACHE_MS = 30_000;
const MAX_CACHED = 64;

export class CandidateGatherer {
  readonly #options: GathererOptions;
  /** Public addresses by STUN server, and IP addresses by name. */
  readonly #cache = new Map<string, { readonly value: Promise<Endpoint | undefined>; expiresMs: number }>();

  constructor(options: GathererOptions) {
    this.#options = options;
  }

  /** Announced and host candidates; those announced by number and those of our interfaces are there at once. */
  host(ufrag: string): Candidate[] {
    const numbers = this.#options.announced.filter(({ host }) => host !== undefined && isIP(host) !== 0);
    const own = this.#addresses().map((address) => ({ address, port: this.#options.mux.port }));
    const announced = numbers.map(({ host, port }) => ({ address: host!, port }));
    const isNew = (mine: Endpoint): boolean =>
      !announced.some(({ address, port }) => address === mine.address && port === mine.port);
    return this.#candidates([...announced, ...own.filter(isNew)], 0, ufrag);
  }

  /** Announced names and `stun`, and server-reflexive candidates; may take as long as a DNS or STUN server. */
  async others(stun: readonly StunServer[], ufrag: string): Promise<Candidate[]> {
    const announced = this.#options.announced
      .filter(({ host }) => host === undefined || isIP(host) === 0)
      .map(async ({ host, port }) => {
        const found = host === undefined ? await this.#publicAddress(stun) : await this.#resolve(host);
        return found && { address: found.address, port };
      });
    const [named, reflexive] = await Promise.all([Promise.all(announced), this.#publicAddress(stun)]);
    const endpoints = named.filter((endpoint) => endpoint !== undefined);
    const result = this.#candidates(endpoints, 32, ufrag);
    const own = this.#addresses();
    if (reflexive && !own.includes(reflexive.address)) {
      const base = { address: own[0] ?? '0.0.0.0', port: this.#options.mux.port };
      result.push(localCandidate({ protocol: 'udp', type: 'srflx', ...reflexive, order: 0, ufrag, base }));
    }
    return result;
  }

  #addresses(): readonly string[] {
    const { mux, filters } = this.#options;
    return mux.host === undefined ? localAddresses(networkInterfaces(), filters) : [mux.host];
  }

  #candidates(endpoints: readonly Endpoint[], firstOrder: number, ufrag: string): Candidate[] {
    const { networks } = this.#options.mux;
    const protocols: readonly IceProtocol[] = ['udp', 'tcp'];
    return protocols.flatMap((protocol) =>
      endpoints
        .map((endpoint, index) => ({ endpoint, order: firstOrder + index }))
        .filter(({ endpoint }) => networks.includes(`${protocol}${endpoint.address.includes(':') ? 6 : 4}`))
        .map(({ endpoint, order }) => localCandidate({ protocol, type: 'host', ...endpoint, order, ufrag })),
    );
  }

  /** The first answer of any of the servers. */
  async #publicAddress(servers: readonly StunServer[]): Promise<Endpoint | undefined> {
    if (!this.#options.mux.networks.includes('udp4')) return undefined;
    const answers = servers.map(async (server) => {
      const key = `stun ${server.host} ${server.port}`;
      const found = await this.#cached(key, async () => {
        const resolved = await this.#resolve(server.host);
        return (
          resolved && askReflexiveAddress(this.#options.mux, { address: resolved.address, port: server.port })
        );
      });
      if (!found) throw new Error('no answer');
      return found;
    });
    return await Promise.any(answers).catch(() => undefined);
  }

  #resolve(host: string): Promise<Endpoint | undefined> {
    if (isIP(host)) return Promise.resolve({ address: host, port: 0 });
    return this.#cached(`name ${host}`, async () => {
      const { address } = await lookup(host, { family: 4 });
      return { address, port: 0 };
    });
  }

  #cached(key: string, ask: () => Promise<Endpoint | undefined>): Promise<Endpoint | undefined> {
    const now = performance.now();
    const known = this.#cache.get(key);
    if (known && known.expiresMs > now) return known.value;
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    const entry = { value: ask().catch(() => undefined), expiresMs: now + CACHE_MS };
    void entry.value.then((value) => {
      if (!value) entry.expiresMs = performance.now() + FAILURE_CACHE_MS;
    });
    this.#cache.set(key, entry);
    return entry.value;
  }
}
