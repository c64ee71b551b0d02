/**
 * Listen addresses as go2rtc's config writes them.
 *
 *   :1984              all interfaces, IPv4 and IPv6
 *   127.0.0.1:1984     one address
 *   [::1]:1984         one IPv6 address
 *   :8555/tcp          one transport only (webrtc)
 *   (empty)            does not listen
 */
import { isIP } from 'node:net';
import { ConfigError } from './error.ts';

export interface ListenAddress {
  /** Undefined: all interfaces. */
  readonly host: string | undefined;
  readonly port: number;
  /** Undefined: both. */
  readonly transport?: 'tcp' | 'udp' | undefined;
}

const FORM = /^(?:\[([^\]]*)\]|([^:/]*)):(\d{1,5})(?:\/(tcp|udp))?$/;

/** Parses a listen address; undefined for an empty text. Throws ConfigError. */
export function parseListen(text: string): ListenAddress | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const [, bracketed, plain, digits, transport] = FORM.exec(trimmed) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535) {
    throw new ConfigError(`not a listen address: ${trimmed} (expected host:port or :port)`);
  }
  if (bracketed && isIP(bracketed) !== 6) throw new ConfigError(`not an IPv6 address: ${bracketed}`);
  return {
    host: bracketed || plain || undefined,
    port,
    transport: transport as 'tcp' | 'udp' | undefined,
  };
}

/** The address as `parseListen` reads it, with the port that it is in the end. */
export function formatListen({ host = '', port }: Pick<ListenAddress, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether only programs on this machine can connect to the address. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && (host === 'localhost' || host === '::1' || /^127\./.test(host));
}
