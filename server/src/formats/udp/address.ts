/**
 * Where a `udp:` source listens.
 *
 *   udp://@:5000   udp://0.0.0.0:5000   udp://:5000          every address of this machine
 *   udp://192.168.1.2:5000                                   one of them
 *   udp://239.0.0.1:1234   udp://@239.0.0.1:1234             a multicast group
 *   udp://10.0.0.5@239.0.0.1:1234                            of one sender only (RFC 4607)
 *   …?localaddr=192.168.1.2   …#interface=eth0               joined on this interface, by its address or its name
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { StreamError } from '../../core/errors.ts';
import type { SourceText } from '../source-text.ts';

export interface UdpAddress {
  readonly family: 4 | 6;
  /** Address to bind to, or the multicast group. */
  readonly host: string;
  readonly port: number;
  readonly isMulticast: boolean;
  /** The only sender of the group that is wanted. */
  readonly sender: string | undefined;
  /** As dgram wants it: an address, or `::%eth0`; undefined: the system chooses. */
  readonly interface: string | undefined;
}

const ADDRESS = /^udp:\/\/(?:([^@/?]*)@)?(?:\[([^\]]+)\]|([^:/?[\]]*)):(\d{1,5})\/?(?:\?(.*))?$/i;

/** Reads the address. Throws StreamError `invalid_source`. */
export function parseUdpAddress({ url, options }: SourceText): UdpAddress {
  const [, sender = '', ipv6, name = '', digits, query] = ADDRESS.exec(url) ?? [];
  const port = Number(digits);
  if (!(port > 0 && port <= 65535))
    throw new StreamError('invalid_source', `${url}: udp source without a port, udp://@:5000`);
  const host = ipv6 ?? (name || '0.0.0.0');
  if (!isIP(host) && host !== 'localhost')
    throw new StreamError('invalid_source', `${url}: a udp source listens at an IP address of this machine`);
  const family = isIPv6(host) ? 6 : 4;
  const isMulticast = family === 6 ? /^ff/i.test(host) : /^2(2[4-9]|3\d)\./.test(host);
  if (sender && !(isMulticast && isIP(sender) === family))
    throw new StreamError('invalid_source', `${url}: a sender is the IP address of one of a multicast group`);
  const wanted = options.get('interface') || new URLSearchParams(query).get('localaddr') || undefined;
  return {
    family,
    host,
    port,
    isMulticast,
    sender: sender || undefined,
    interface: wanted && interfaceOf(wanted, family),
  };
}

function interfaceOf(wanted: string, family: 4 | 6): string {
  if (family === 6 && !isIP(wanted)) return `::%${wanted}`;
  if (isIP(wanted)) return wanted;
  const address = networkInterfaces()[wanted]?.find((entry) => isIPv4(entry.address))?.address;
  if (!address) throw new StreamError('unreachable', `no interface ${wanted} with an IPv4 address`);
  return address;
}
