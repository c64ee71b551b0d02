/**
 * Who asks. Pure rules on one request; admission.ts applies them before anything else runs, and roles.ts says what the client
 * may do.
 *
 *   1. Host      A browser can be tricked into sending a page's requests here under the page's own name (DNS
 *                rebinding). So the Host must be a name that nobody outside can own: an IP address, localhost, a name
 *                without a dot, *.local and the other private domains, or one of `api.allow_hosts`. Requests with the
 *                right password pass: a tricked browser doesn't have it for that name.
 *   2. Password  `api.username` and `api.password` by HTTP Basic, or a key of a program that belongs to us. This machine
 *                itself needs none, unless `local_auth`; a request that a proxy passed on is not from this machine.
 *   3. Origin    What changes something, and every WebSocket, must not come from another web site: Origin, where there
 *                is one, names our Host (for WebSockets: any port of it). `api.origin: "*"` switches 1 and 3 off.
 *   4. Trust     Administration (the config file, restart, exit) is for this machine and for those with the password.
 *
 * Two kinds of clients come another way. A token is shown by who means it, so neither Host nor Origin matter. Through the
 * ingress of Home Assistant, who asks has been decided there: Host and Origin are those of Home Assistant, and must agree.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Config } from '../config/schema.ts';
import { HttpError } from './errors.ts';
import type { Grant } from './tokens.ts';

/** What a client is; roles.ts says what follows. */
export type Role = 'admin' | 'viewer' | 'token';

export interface Client {
  /** The same for all requests of one client: a user, this machine, or an address. */
  readonly identity: string;
  /** On this machine, and not passed on by a proxy. */
  readonly local: boolean;
  readonly role: Role;
  /** An administrator who showed that they are one: may read secrets and stop the server. */
  readonly trusted: boolean;
  /** The camera that a token opens. */
  readonly stream?: string | undefined;
  /** The token's, with the signal that ends what it opened. */
  readonly grant?: Grant | undefined;
  /** Has yet to show the password: only on routes that ask for it in a way of their own. */
  readonly lacksPassword: boolean;
  /** `ip:port`, with what a proxy says. */
  readonly remoteAddress: string;
  readonly userAgent: string | undefined;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface AccessRules
  extends Pick<Config['api'], 'username' | 'password' | 'local_auth' | 'origin' | 'allow_hosts'> {
  /** Credentials that are as good as the configured ones. */
  readonly keys?: readonly Credentials[] | undefined;
  /** Who is not on this machine needs credentials, though the config has none. */
  readonly requireCredentials?: boolean | undefined;
}

/** A user of Home Assistant, as its ingress names them. */
export interface IngressUser {
  readonly id: string;
  /** For people. */
  readonly name: string;
}

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
  const isConfigured = rules.username !== undefined || rules.password !== undefined;
  const needsPassword = isConfigured || rules.requireCredentials === true;
  const hasPassword = credentialsMatch(headers.authorization, [
    ...(isConfigured ? [{ username: rules.username ?? '', password: rules.password ?? '' }] : []),
    ...(rules.keys ?? []),
  ]);
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
    role: lacksPassword ? 'viewer' : 'admin',
    trusted: hasPassword || (isLocal && !lacksPassword),
    lacksPassword,
    remoteAddress: describeAddress(request),
    userAgent: headers['user-agent'],
  };
}

/** The token of a request: `Authorization: Bearer …`, `?token=…`, or `?auth=…`, which Home Assistant masks in its log; undefined without one. */
export function tokenOf({ headers }: IncomingMessage, query: URLSearchParams): string | undefined {
  return (
    query.get('token') ?? query.get('auth') ?? /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  );
}

/** The client of a request that showed a token. */
export function admitByToken(request: IncomingMessage, grant: Grant): Client {
  return { ...stranger(request), identity: `token ${grant.id}`, role: 'token', stream: grant.stream, grant };
}

/** The client of a request through the ingress of Home Assistant; throws HttpError 403 for one of another web site. */
export function admitThroughIngress(
  request: IncomingMessage,
  { id, name }: IngressUser,
  role: 'admin' | 'viewer',
): Client {
  checkOrigin(request, { anyPort: false });
  const { userAgent = '', ...client } = stranger(request);
  return {
    ...client,
    identity: `home assistant ${id}`,
    role,
    trusted: role === 'admin',
    userAgent: [name, userAgent].filter(Boolean).join(', '),
  };
}

/** Somebody of whom nothing is asked, and who may do nothing but that. */
export function stranger(request: IncomingMessage): Client {
  const remoteAddress = describeAddress(request);
  return {
    identity: remoteAddress.replace(/:\d+(?= |$)/, ''),
    local: false,
    role: 'viewer',
    trusted: false,
    lacksPassword: false,
    remoteAddress,
    userAgent: request.headers['user-agent'],
  };
}

/** A request over the unix socket or from a loopback address, not passed on by a proxy. */
function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const isForwarded = headers['x-forwarded-for'] ?? headers.forwarded ?? headers['x-real-ip'];
  const address = socket.remoteAddress;
  return isForwarded === undefined && (!address || LOOPBACK.test(address));
}

/** Compares with all of them, whichever is the first that matches. */
function credentialsMatch(header: string | undefined, accepted: readonly Credentials[]): boolean {
  const [, encoded] = /^basic +([a-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return false;
  const given = Buffer.from(encoded, 'base64').toString();
  const matches = accepted.map(({ username, password }) => sameText(given, `${username}:${password}`));
  return matches.includes(true);
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

/** `anyPort`: for WebSockets, pages of other servers on our host are ours. */
function checkOrigin(
  { method = 'GET', headers }: IncomingMessage,
  { anyPort = true }: { anyPort?: boolean } = {},
): void {
  const isWebSocket = headers.upgrade?.toLowerCase() === 'websocket';
  if (SAFE_METHODS.has(method) && !isWebSocket) return;
  const { origin, host } = headers;
  // The browser's own word, which no page can write: right even where a proxy changed the Host.
  if (headers['sec-fetch-site'] === 'same-origin') return;
  if (origin === undefined) {
    if (headers['sec-fetch-site'] !== 'cross-site') return;
  } else {
    // A page cannot set X-Forwarded-Host for another site without asking first: it comes from a proxy of ours.
    const hosts = [host, headers['x-forwarded-host']].flat();
    const from = URL.parse(origin);
    if (from && hosts.some((ours) => ours !== undefined && ours.toLowerCase() === from.host)) return;
    if (
      from &&
      isWebSocket &&
      anyPort &&
      hostName(from.host) !== '' &&
      hostName(from.host) === hostName(host)
    )
      return;
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
