/**
 * Who may ask. Pure rules on one request; server.ts and ws/upgrade.ts apply them before anything else runs.
 *
 *   1. Host      A browser can be tricked into sending a page's requests here under the page's own name (DNS
 *                rebinding). So the Host must be a name that nobody outside can own: an IP address, localhost, a name
 *                without a dot, *.local and the other private domains, or one of `api.allow_hosts`. Requests with the
 *                right password pass: a tricked browser doesn't have it for that name.
 *   2. Password  `api.username` and `api.password` by HTTP Basic. This machine itself needs none, unless `local_auth`;
 *                a request that a proxy passed on is not from this machine.
 *   3. Origin    What changes something, and every WebSocket, must not come from another web site: Origin, where there
 *                is one, names our Host (for WebSockets: any port of it). `api.origin: "*"` switches 1 and 3 off.
 *   4. Trust     Administration (the config file, restart, exit) is for this machine and for those with the password.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Config } from '../config/schema.ts';
import { HttpError } from './errors.ts';

export interface Client {
  /** The same for all requests of one client: a user, this machine, or an address. */
  readonly identity: string;
  /** On this machine, and not passed on by a proxy. */
  readonly local: boolean;
  /** May administrate. */
  readonly trusted: boolean;
  /** Has yet to show the password: only on routes that ask for it in a way of their own. */
  readonly lacksPassword: boolean;
  /** `ip:port`, with what a proxy says. */
  readonly remoteAddress: string;
  readonly userAgent: string | undefined;
}

type AccessRules = Pick<Config['api'], 'username' | 'password' | 'local_auth' | 'origin' | 'allow_hosts'>;

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
/** Domains that no public name server answers for (RFC 6761, 6762, 8375, 9476, and the usual ones of home routers). */
const PRIVATE_DOMAIN = /\.(?:local|localhost|localdomain|internal|home\.arpa|lan|home|intranet|test)$/;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The client of a request that may go on; throws HttpError 401 or 403. With `asksItself` a missing password is the
 * route's to ask for (`lacksPassword`).
 */
export function admit(
  request: IncomingMessage,
  rules: AccessRules,
  { asksItself = false }: { asksItself?: boolean | undefined } = {},
): Client {
  const { headers } = request;
  const isLocal = isFromHere(request);
  const needsPassword = rules.username !== undefined || rules.password !== undefined;
  const hasPassword = needsPassword && passwordMatches(headers.authorization, rules);
  const isOpen = rules.origin === '*';
  if (!hasPassword && !isOpen && !isPrivateHost(headers.host, rules.allow_hosts)) {
    throw new HttpError(403, `host ${hostName(headers.host)} is not allowed: name it in api.allow_hosts`);
  }
  const lacksPassword = needsPassword && !hasPassword && (!isLocal || rules.local_auth);
  if (lacksPassword && !asksItself) throw new HttpError(401, 'Unauthorized');
  if (!isOpen) checkOrigin(request);
  return {
    identity: hasPassword ? 'user' : isLocal ? 'local' : describeAddress(request).replace(/:\d+(?= |$)/, ''),
    local: isLocal,
    trusted: hasPassword || (isLocal && !lacksPassword),
    lacksPassword,
    remoteAddress: describeAddress(request),
    userAgent: headers['user-agent'],
  };
}

/** A request over the unix socket or from a loopback address, not passed on by a proxy. */
function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const isForwarded = headers['x-forwarded-for'] ?? headers.forwarded ?? headers['x-real-ip'];
  const address = socket.remoteAddress;
  return isForwarded === undefined && (!address || LOOPBACK.test(address));
}

function passwordMatches(header: string | undefined, { username = '', password = '' }: AccessRules): boolean {
  const [, encoded] = /^basic +([a-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return false;
  return sameText(Buffer.from(encoded, 'base64').toString(), `${username}:${password}`);
}

/** Takes the same time wherever the texts differ. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** The name of a Host header without its port, lower case; '' if it is none. */
export function hostName(host: string | undefined): string {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host ?? '') ?? [];
  return (bracketed ?? plain ?? '').toLowerCase().replace(/\.$/, '');
}

function isPrivateHost(host: string | undefined, allowed: readonly string[] = []): boolean {
  const name = hostName(host);
  if (name === '') return false;
  if (isIP(name) !== 0 || !name.includes('.') || PRIVATE_DOMAIN.test(name)) return true;
  return allowed.some((entry) => entry.toLowerCase() === name);
}

function checkOrigin({ method = 'GET', headers }: IncomingMessage): void {
  const isWebSocket = headers.upgrade?.toLowerCase() === 'websocket';
  if (SAFE_METHODS.has(method) && !isWebSocket) return;
  const { origin, host } = headers;
  if (origin === undefined) {
    if (headers['sec-fetch-site'] !== 'cross-site') return;
  } else {
    // A page cannot set X-Forwarded-Host for another site without asking first: it comes from a proxy of ours.
    const hosts = [host, headers['x-forwarded-host']].flat();
    const from = URL.parse(origin);
    if (from && hosts.some((ours) => ours !== undefined && ours.toLowerCase() === from.host)) return;
    if (from && isWebSocket && hostName(from.host) !== '' && hostName(from.host) === hostName(host)) return;
  }
  throw new HttpError(403, `requests of another web site are refused: ${origin ?? 'cross-site'}`);
}

/** As the API shows clients: `192.0.2.1:50000`, with ` forwarded 198.51.100.7` behind a proxy. */
function describeAddress({ socket, headers }: IncomingMessage): string {
  const { remoteAddress, remotePort } = socket;
  if (!remoteAddress) return 'unix';
  const address = remoteAddress.replace(/^::ffff:/, '');
  const peer = `${address.includes(':') ? `[${address}]` : address}:${remotePort}`;
  const forwarded = [headers['x-forwarded-for']].flat().join(', ').slice(0, 100);
  return forwarded ? `${peer} forwarded ${forwarded.replace(/[^\w.:,[\] -]/g, '')}` : peer;
}
