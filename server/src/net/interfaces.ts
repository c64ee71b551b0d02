/** The IPv4 interfaces of this machine, for searches that have to go out of each of them. */
import { networkInterfaces } from 'node:os';

export interface Ipv4Interface {
  readonly address: string;
  /** Of its network; the address itself where the network has but one. */
  readonly broadcast: string;
  /** Loopback. */
  readonly internal: boolean;
}

/** Those that are up now. */
export function ipv4Interfaces(all = networkInterfaces()): Ipv4Interface[] {
  return Object.values(all)
    .flatMap((list) => list ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address, netmask, internal }) => ({
      address,
      broadcast: broadcastOf(address, netmask),
      internal,
    }));
}

/** 192.168.1.10/255.255.255.0 → 192.168.1.255 */
export function broadcastOf(address: string, netmask: string): string {
  const mask = netmask.split('.').map(Number);
  return address
    .split('.')
    .map((part, index) => Number(part) | (~(mask[index] ?? 255) & 0xff))
    .join('.');
}
