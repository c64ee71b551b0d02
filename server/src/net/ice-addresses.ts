/**
 * Which of our own addresses are offered to peers (config `webrtc.filters`), and what `webrtc.candidates` names.
 */
import { isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

export interface AddressFilters {
  /** Keep only these; an empty list keeps none. */
  readonly candidates?: readonly string[] | undefined;
  readonly loopback?: boolean | undefined;
  readonly interfaces?: readonly string[] | undefined;
  /** Keep only these, Docker's ranges too. */
  readonly ips?: readonly string[] | undefined;
}

const MAX_ADDRESSES = 16;
const LINK_LOCAL = /^fe[89ab]/i;
/** 172.16.0.0/12, where Docker puts its bridges. */
const DOCKER_LIKE = /^172\.(1[6-9]|2\d|3[01])\./;

/** Our addresses to offer, IPv4 first. Docker-like ones only where there are no others, because nobody outside reaches them. */
export function localAddresses(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
  filters: AddressFilters,
): string[] {
  const all = Object.entries(interfaces)
    .filter(([name]) => !filters.interfaces || filters.interfaces.includes(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal }) => !internal || filters.loopback)
    .filter(({ address }) => !LINK_LOCAL.test(address));
  const outside = all.filter(({ address, internal }) => !internal && !DOCKER_LIKE.test(address));
  const usable =
    filters.ips || outside.length === 0 ? all : all.filter(({ address }) => !DOCKER_LIKE.test(address));
  return [...new Set(usable.map(({ address }) => address))]
    .filter((address) => !filters.ips || filters.ips.includes(address))
    .filter((address) => !filters.candidates || filters.candidates.includes(address))
    .sort((a, b) => isIP(a) - isIP(b))
    .slice(0, MAX_ADDRESSES);
}

/** An address to announce: `host:port`, `[ip6]:port`, or `stun:port`, which stands for our public address. */
export interface AnnouncedAddress {
  /** IP address or name; undefined: the public address. */
  readonly host: string | undefined;
  readonly port: number;
}

const FORM = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/]{1,253})):(\d{1,5})$/i;

/** Reads an entry of `webrtc.candidates`; undefined if it is none. */
export function parseAnnounced(text: string): AnnouncedAddress | undefined {
  const [, bracketed, name, digits] = FORM.exec(text.trim()) ?? [];
  const host = bracketed ?? name;
  const port = Number(digits);
  if (!host || port < 1 || port > 65535 || (bracketed && isIP(bracketed) !== 6)) return undefined;
  return { host: host === 'stun' ? undefined : host, port };
}
