/** Where a redirect leads (RFC 9110 §15.4), and what another host must not learn by it. */
import { StreamError } from '../core/errors.ts';
import { type Address, formatAddress, parseAddress } from './url.ts';

export const MAXIMUM_REDIRECTS = 5;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers of the user's that another host must not see. */
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'x-api-key']);

/** The server sends us to an address that is not HTTP. */
export class RedirectedElsewhere extends StreamError {
  /** May hold credentials. */
  readonly location: string;

  constructor(from: string, location: string) {
    super('unsupported', `${from}: redirect to ${/^[\w+.-]*:?/.exec(location)?.[0]} refused`);
    this.name = 'RedirectedElsewhere';
    this.location = location;
  }
}

/** Whether a status sends us elsewhere, if a location comes with it. */
export const isRedirect = (status: number): boolean => REDIRECTS.has(status);

/** Whether what one may know the other may, too. */
export const isSameHost = (a: Address, b: Address): boolean => a.host === b.host;

/** Whether a header, by its name in any case, is for the host alone that it was meant for. */
export const isSecretHeader = (name: string): boolean => SECRET_HEADERS.has(name.toLowerCase());

/**
 * The address that a `Location` means. Credentials stay on the same host. Throws StreamError `protocol` for no address,
 * RedirectedElsewhere for one that is not HTTP.
 */
export function follow(from: Address, location: string): Address {
  const base = formatAddress(from);
  const target = URL.parse(location, base);
  if (!target) throw new StreamError('protocol', `${base}: redirect to no address`);
  if (target.protocol !== 'http:' && target.protocol !== 'https:')
    throw new RedirectedElsewhere(base, location);
  const to = parseAddress(target.href);
  return to.credentials || !isSameHost(to, from) ? to : { ...to, credentials: from.credentials };
}

/** The error of a chain that is longer than MAXIMUM_REDIRECTS. */
export function tooManyRedirects(address: Address): StreamError {
  return new StreamError('protocol', `${formatAddress(address)}: too many redirects`);
}
