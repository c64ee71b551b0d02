/**
 * Addresses of cameras, as people write them and cameras expect them back.
 *
 *   rtsp://admin:p@ss/word@192.168.1.10:554/Streaming/Channels/101?transportmode=unicast
 *          └user    └password             └port └──────────── target ─────────────────┘
 *
 * The WHATWG URL would not do: passwords hold `@ : /` unescaped, and Digest wants the target byte by byte.
 */
import { StreamError } from '../core/errors.ts';
import type { Credentials } from './digest.ts';

export interface Address {
  /** Lower case, without the colon. */
  readonly scheme: string;
  /** Percent-decoded; undefined when the address has no user info. */
  readonly credentials: Credentials | undefined;
  /** Name or IP address; IPv6 without brackets. */
  readonly host: string;
  /** Undefined where the address does not say. */
  readonly port: number | undefined;
  /** Path and query as written; '' or begins with `/` or `?`. */
  readonly target: string;
}

/** Splits an address. Throws StreamError `invalid_source` when it has no host or the port is not a number. */
export function parseAddress(text: string): Address {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text);
  if (!match) throw new StreamError('invalid_source', `not an address: ${text}`);
  const [, scheme = '', rest = ''] = match;
  const { userInfo, host, port, target } = splitAuthority(rest, text);
  const colon = userInfo?.indexOf(':') ?? -1;
  const credentials =
    userInfo === undefined
      ? undefined
      : {
          username: decode(colon < 0 ? userInfo : userInfo.slice(0, colon)),
          password: colon < 0 ? '' : decode(userInfo.slice(colon + 1)),
        };
  return { scheme: scheme.toLowerCase(), credentials, host, port, target };
}

const HOST = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^\s:@/?#[\]]+))(?::(\d{0,5}))?$/i;

/** User info ends at the last `@` of the authority; where no host results, the password holds a `/` and ends at a later `@`. */
function splitAuthority(rest: string, text: string) {
  const authority = authorityOf(rest);
  for (let at = authority.lastIndexOf('@'); ; at = rest.indexOf('@', Math.max(at + 1, authority.length))) {
    const after = rest.slice(at + 1);
    const [, ipv6, name = ipv6, digits] = HOST.exec(authorityOf(after)) ?? [];
    const port = digits ? Number(digits) : undefined;
    if (name && (port ?? 0) <= 65535) {
      const userInfo = at < 0 ? undefined : rest.slice(0, at);
      return { userInfo, host: name, port, target: after.slice(authorityOf(after).length) };
    }
    if (!rest.includes('@', Math.max(at + 1, authority.length)))
      throw new StreamError('invalid_source', `address without a usable host: ${text}`);
  }
}

const authorityOf = (text: string): string => /^[^/?#]*/.exec(text)?.[0] ?? '';

/** `%40` becomes `@`; a `%` that is not an escape stays. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return text;
  }
}

/** The address without credentials, as it goes on the wire. */
export function formatAddress({ scheme, host, port, target }: Omit<Address, 'credentials'>): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}${target}`;
}
