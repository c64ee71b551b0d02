/**
 * One HTTP GET as cameras need it: Basic and Digest, redirects, certificates of their own making, the body as a stream.
 */
import { StreamError } from '../core/errors.ts';
import { type ClientAuth, createClientAuth } from './digest.ts';
import { exchange } from './http-exchange.ts';
import { type HttpAnswer, requestTarget } from './http-message.ts';
import {
  follow,
  isRedirect,
  isSameHost,
  isSecretHeader,
  MAXIMUM_REDIRECTS,
  tooManyRedirects,
} from './http-redirect.ts';
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

/** The answer after all redirects. */
export interface FinalAnswer extends HttpAnswer {
  readonly status: 200 | 206;
  /** Where the answer came from, without credentials. */
  readonly url: string;
}

const MAXIMUM_ATTEMPTS = 3;
/** Resolves with status 200 (or 206, where a range was asked for) only; all else rejects with StreamError (`unauthorized`, `not_found`, `unreachable`, …). */
export async function httpGet(url: string, options: HttpGetOptions): Promise<FinalAnswer> {
  const start = parseAddress(url);
  const session = options.session ?? new Map();
  let address = start;
  for (let redirects = 0; redirects <= MAXIMUM_REDIRECTS; redirects++) {
    const headers = requestHeaders(options.headers ?? [], isSameHost(address, start));
    const answer = await authorizedGet(address, headers, { ...options, session });
    const { status, body } = answer;
    if (status === 200 || status === 206) return { ...answer, status, url: formatAddress(address) };
    body.destroy();
    const location = answer.headers.location?.[0];
    if (!isRedirect(status) || !location) throw statusError(status, address);
    address = follow(address, location);
  }
  throw tooManyRedirects(address);
}

function requestHeaders(lines: readonly string[], withSecrets: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name && (withSecrets || !isSecretHeader(name))) headers[name] = line.slice(colon + 1).trim();
  }
  return headers;
}

async function authorizedGet(
  address: Address,
  headers: Readonly<Record<string, string>>,
  { insecure = false, timeoutMs, signal, session }: HttpGetOptions & { readonly session: HttpSession },
): Promise<HttpAnswer> {
  const where = formatAddress(address);
  const target = requestTarget(address);
  const auth = authOf(address, session);
  let authorization = auth?.authorize('GET', target);
  let answeredHere = false;
  for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt++) {
    const sent = authorization === undefined ? headers : { ...headers, authorization };
    const answer = await exchange({ address, headers: sent, insecure, timeoutMs, signal });
    if (answer.status !== 401) return answer;
    answer.body.destroy();
    if (!auth) throw new StreamError('unauthorized', `${where}: user and password needed`);
    // Some cameras do not say what they want: Basic.
    const outcome = auth.challenge(answer.headers['www-authenticate'] ?? ['Basic realm=""']);
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
