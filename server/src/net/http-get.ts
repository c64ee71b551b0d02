/**
 * One HTTP GET as cameras need it: Basic and Digest, redirects, certificates of their own making, the body as a stream.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { StreamError } from '../core/errors.ts';
import { type ClientAuth, createClientAuth } from './digest.ts';
import { type GetAnswer, get } from './http-answer.ts';
import { type Address, formatAddress, parseAddress } from './url.ts';

export interface HttpGetOptions {
  /** Header lines, `Name: value`. */
  readonly headers?: readonly string[];
  /** Accept any certificate; also done for a host that is an IP address. */
  readonly insecure?: boolean;
  /** Until the head of the answer is there. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Kept for the next request to the same place: it answers the challenge before it is asked. */
  readonly session?: HttpSession;
}

/** What a server asked for, by host. */
export type HttpSession = Map<string, ClientAuth>;

export interface HttpAnswer {
  readonly status: 200 | 206;
  readonly headers: IncomingHttpHeaders;
  /** The body, decoded; destroy it to end the request. */
  readonly body: Readable;
  /** Where the answer came from, after redirects, without credentials. */
  readonly url: string;
  /** `host:port` of the other end. */
  readonly remoteAddress: string;
}

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

const MAXIMUM_REDIRECTS = 5;
const MAXIMUM_ATTEMPTS = 3;
/** Headers of the user's that another host must not see. */
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'x-api-key']);

/** Resolves with status 200 (or 206, where a range was asked for) only; all else rejects with StreamError (`unauthorized`, `not_found`, `unreachable`, …). */
export async function httpGet(url: string, options: HttpGetOptions): Promise<HttpAnswer> {
  const start = parseAddress(url);
  const session = options.session ?? new Map();
  let address = start;
  for (let redirects = 0; redirects <= MAXIMUM_REDIRECTS; redirects++) {
    const headers = requestHeaders(options.headers ?? [], sameHost(address, start));
    const { status, body, ...answer } = await authorizedGet(address, headers, { ...options, session });
    if (status === 200 || status === 206) {
      const { remoteAddress } = answer;
      return { status, headers: answer.headers, body, url: formatAddress(address), remoteAddress };
    }
    body.destroy();
    if (!isRedirect(status) || !answer.headers.location) throw statusError(status, address);
    address = follow(address, answer.headers.location);
  }
  throw new StreamError('protocol', `${formatAddress(address)}: too many redirects`);
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

const sameHost = (a: Address, b: Address): boolean => a.host === b.host;

function requestHeaders(lines: readonly string[], withSecrets: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'Porthole',
  };
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name && (withSecrets || !SECRET_HEADERS.has(name))) headers[name] = line.slice(colon + 1).trim();
  }
  return headers;
}

/** The new address keeps the credentials on the same host only. */
function follow(from: Address, location: string): Address {
  const base = formatAddress(from);
  if (!URL.canParse(location, base)) throw new StreamError('protocol', `${base}: redirect to no address`);
  const target = new URL(location, base);
  if (target.protocol !== 'http:' && target.protocol !== 'https:')
    throw new RedirectedElsewhere(base, location);
  const to = parseAddress(target.href);
  return to.credentials || !sameHost(to, from) ? to : { ...to, credentials: from.credentials };
}

async function authorizedGet(
  address: Address,
  headers: Readonly<Record<string, string>>,
  { insecure = false, timeoutMs, signal, session }: HttpGetOptions & { readonly session: HttpSession },
): Promise<GetAnswer> {
  const where = formatAddress(address);
  const target = address.target || '/';
  const auth = authOf(address, session);
  let authorization = auth?.authorize('GET', target);
  let answeredHere = false;
  for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt++) {
    const sent = authorization === undefined ? headers : { ...headers, authorization };
    const answer = await get({ address, headers: sent, insecure, timeoutMs, signal });
    if (answer.status !== 401) return answer;
    answer.body.destroy();
    if (!auth) throw new StreamError('unauthorized', `${where}: user and password needed`);
    // Some cameras do not say what they want: Basic.
    const outcome = auth.challenge(answer.challenges.length > 0 ? answer.challenges : ['Basic realm=""']);
    if (outcome === 'unsupported')
      throw new StreamError('unauthorized', `${where}: asks for a kind of login that is not known`);
    if (answeredHere && outcome !== 'stale') break;
    authorization = auth.authorize('GET', target);
    answeredHere = true;
  }
  throw new StreamError('unauthorized', `${where}: wrong user or password`);
}

function authOf({ credentials, host, port }: Address, session: HttpSession): ClientAuth | undefined {
  if (!credentials) return undefined;
  const key = `${host}:${port ?? ''}:${credentials.username}`;
  const auth = session.get(key) ?? createClientAuth(credentials);
  session.set(key, auth);
  return auth;
}

function statusError(status: number, address: Address): StreamError {
  const where = formatAddress(address);
  if (status === 403) return new StreamError('unauthorized', `${where}: forbidden (403)`);
  if (status === 404 || status === 410)
    return new StreamError('not_found', `${where}: not found (${status})`);
  return new StreamError('protocol', `${where}: answered with status ${status}`);
}
