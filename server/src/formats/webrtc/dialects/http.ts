/** Signalling by HTTP: small requests with credentials of the address or a token, redirects followed with their body. */
import { StreamError } from '../../../core/errors.ts';
import { createClientAuth } from '../../../net/digest.ts';
import { requestTarget } from '../../../net/http-message.ts';
import { follow, isRedirect, MAXIMUM_REDIRECTS, tooManyRedirects } from '../../../net/http-redirect.ts';
import { type HttpReply, requestHttp } from '../../../net/http-request.ts';
import { type Address, formatAddress, parseAddress } from '../../../net/url.ts';
import type { Call } from './dialect.ts';

export interface SignalingRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of `Authorization: Bearer`. */
  readonly token?: string | undefined;
}

export interface SignalingReply {
  readonly status: number;
  /** All values of a header. */
  header(name: string): readonly string[];
  readonly body: string;
  /** Where it came from, after redirects; with credentials. */
  readonly url: string;
}

const MAX_BYTES = 512 << 10;

/** Resolves with status 2xx; all else rejects with StreamError. `httpx` accepts any certificate. */
export async function requestSignaling(
  { timeoutMs, signal }: Pick<Call, 'timeoutMs' | 'signal'>,
  request: SignalingRequest,
): Promise<SignalingReply> {
  let address = parseAddress(request.url);
  const { host } = address;
  for (let redirects = 0; redirects <= MAXIMUM_REDIRECTS; redirects++) {
    const allowed = address.host === host ? request : withoutSecrets(request);
    const reply = await authorized(address, allowed, { timeoutMs, signal });
    const { status, headers } = reply;
    const header = (name: string): readonly string[] => headers[name] ?? [];
    const body = reply.body.toString();
    if (status >= 200 && status < 300) return { status, header, body, url: textOf(address) };
    const [location] = header('location');
    if (!isRedirect(status) || !location) throw statusError(status, body, address);
    address = followInKind(address, location);
  }
  throw tooManyRedirects(address);
}

const HARMLESS_HEADERS: ReadonlySet<string> = new Set(['content-type', 'accept']);

/** The request as another host may see it. */
function withoutSecrets({ token: _, headers = {}, ...request }: SignalingRequest): SignalingRequest {
  const harmless = Object.entries(headers).filter(([name]) => HARMLESS_HEADERS.has(name));
  return { ...request, headers: Object.fromEntries(harmless) };
}

/** Whether what one may know the other may, too. */
export const isSameHost = (a: string, b: string): boolean => parseAddress(a).host === parseAddress(b).host;

/** Resolves an address of the other side against ours; credentials stay on the same host. */
export function resolveUrl(base: string, location: string): string {
  return textOf(followInKind(parseAddress(base), location));
}

/** An address whose certificate does not matter leads to one that is like it. */
function followInKind(from: Address, location: string): Address {
  const insecure = from.scheme === 'httpx';
  const to = follow(insecure ? { ...from, scheme: 'https' } : from, location);
  return insecure && to.scheme === 'https' ? { ...to, scheme: 'httpx' } : to;
}

function textOf({ credentials, ...address }: Address): string {
  if (!credentials) return formatAddress(address);
  const { username, password } = credentials;
  const userInfo = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
  return formatAddress(address).replace('://', `://${userInfo}`);
}

async function authorized(
  address: Address,
  { method, headers, body, token }: SignalingRequest,
  { timeoutMs, signal }: Pick<Call, 'timeoutMs' | 'signal'>,
): Promise<HttpReply> {
  const { scheme, credentials } = address;
  const send = (authorization: string | undefined): Promise<HttpReply> =>
    requestHttp({
      method,
      address: { ...address, scheme: scheme === 'httpx' ? 'https' : scheme },
      headers: { ...headers, ...(authorization ? { authorization } : {}) },
      ...(body === undefined ? {} : { body }),
      insecure: scheme === 'httpx',
      timeoutMs,
      maximumBytes: MAX_BYTES,
      signal,
    });
  const reply = await send(token ? `Bearer ${token}` : undefined);
  if (reply.status !== 401 || token || !credentials) return reply;
  const auth = createClientAuth(credentials);
  const outcome = auth.challenge(reply.headers['www-authenticate'] ?? []);
  const { username, password } = credentials;
  // Servers that do not say what they want mean Basic.
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return send(outcome === 'unsupported' ? basic : auth.authorize(method, requestTarget(address)));
}

const MAX_REASON = 200;

function statusError(status: number, body: string, address: Address): StreamError {
  const where = formatAddress(address);
  const reason = body.replace(/\s+/g, ' ').trim().slice(0, MAX_REASON);
  const text = `${where}: ${status}${reason && !reason.startsWith('<') ? ` ${reason}` : ''}`;
  if (status === 401 || status === 403) return new StreamError('unauthorized', text);
  if (status === 404 || status === 410) return new StreamError('not_found', text);
  if (status === 429 || status === 503) return new StreamError('unreachable', text);
  return new StreamError('protocol', text);
}
