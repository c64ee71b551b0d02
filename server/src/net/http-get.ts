/**
 * One HTTP GET as cameras need it: Basic and Digest, redirects, certificates of their own making, the body as a stream.
 */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { StreamError } from '../core/errors.ts';
import { createClientAuth } from './digest.ts';
import { connectionError } from './tcp.ts';
import { type Address, formatAddress, parseAddress } from './url.ts';

export interface HttpGetOptions {
  /** Header lines, `Name: value`. */
  readonly headers?: readonly string[];
  /** Accept any certificate; also done for a host that is an IP address. */
  readonly insecure?: boolean;
  /** Until the head of the answer is there. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly headers: IncomingHttpHeaders;
  /** The body; destroy it to end the request. */
  readonly body: IncomingMessage;
  /** Where the answer came from, after redirects, without credentials. */
  readonly url: string;
}

const MAXIMUM_REDIRECTS = 5;
const MAXIMUM_ATTEMPTS = 3;

/** Resolves with status 200 only; all else rejects with StreamError (`unauthorized`, `not_found`, `unreachable`, …). */
export async function httpGet(url: string, options: HttpGetOptions): Promise<HttpAnswer> {
  let address = parseAddress(url);
  for (let redirects = 0; redirects <= MAXIMUM_REDIRECTS; redirects++) {
    const answer = await authorizedGet(address, options);
    const { statusCode = 0, headers } = answer;
    if (statusCode === 200) return { headers, body: answer, url: formatAddress(address) };
    answer.destroy();
    if (!isRedirect(statusCode) || !headers.location) throw statusError(statusCode, address);
    address = follow(address, headers.location);
  }
  throw new StreamError('protocol', `${formatAddress(address)}: too many redirects`);
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** The new address keeps the credentials on the same host only. */
function follow(from: Address, location: string): Address {
  const target = new URL(location, formatAddress(from));
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new StreamError('unsupported', `${formatAddress(from)}: redirect to ${target.protocol} refused`);
  }
  const to = parseAddress(target.href);
  return to.credentials || to.host !== from.host ? to : { ...to, credentials: from.credentials };
}

async function authorizedGet(address: Address, options: HttpGetOptions): Promise<IncomingMessage> {
  const auth = address.credentials && createClientAuth(address.credentials);
  let authorization: string | undefined;
  for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt++) {
    const answer = await get(address, authorization, options);
    if (answer.statusCode !== 401) return answer;
    const challenges = answer.headersDistinct['www-authenticate'] ?? [];
    answer.destroy();
    if (!auth) throw new StreamError('unauthorized', `${formatAddress(address)}: user and password needed`);
    const outcome = auth.challenge(challenges);
    if (outcome === 'unsupported' || (authorization && outcome !== 'stale')) break;
    authorization = auth.authorize('GET', address.target || '/');
  }
  throw new StreamError('unauthorized', `${formatAddress(address)}: wrong user or password`);
}

function get(
  address: Address,
  authorization: string | undefined,
  options: HttpGetOptions,
): Promise<IncomingMessage> {
  const { scheme, host, port, target } = address;
  const secure = scheme === 'https';
  const headers: Record<string, string> = { accept: '*/*', 'user-agent': 'Porthole' };
  for (const line of options.headers ?? []) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  if (authorization) headers.authorization = authorization;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (secure ? httpsRequest : httpRequest)({
    host,
    port: port ?? (secure ? 443 : 80),
    path: target.startsWith('/') ? target : `/${target}`,
    headers,
    agent: false,
    insecureHTTPParser: true,
    signal: options.signal,
    ...(secure && (options.insecure || isIP(host)) ? { rejectUnauthorized: false } : {}),
  });
  const where = formatAddress(address);
  const timer = setTimeout(
    () => request.destroy(new StreamError('timeout', `${where}: no answer`)),
    options.timeoutMs,
  );
  request.once('response', (answer) => {
    clearTimeout(timer);
    answer.on('error', () => {});
    resolve(answer);
  });
  request.on('error', (error) => {
    clearTimeout(timer);
    reject(error instanceof StreamError ? error : named(connectionError(error), where));
  });
  request.end();
  return promise;
}

/** The error says which address it is about. */
function named({ code, message, cause }: StreamError, where: string): StreamError {
  return new StreamError(code, `${where}: ${message}`, cause);
}

function statusError(status: number, address: Address): StreamError {
  const where = formatAddress(address);
  if (status === 403) return new StreamError('unauthorized', `${where}: forbidden (403)`);
  if (status === 404 || status === 410)
    return new StreamError('not_found', `${where}: not found (${status})`);
  return new StreamError('protocol', `${where}: answered with status ${status}`);
}
