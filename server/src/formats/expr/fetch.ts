/**
 * `fetch(url[, options])` of a program, as go2rtc has it: cookies last for the program, five seconds for an answer.
 *
 *   options   {method, headers, params: query, json: …, data: form, body: text}
 *   result    {ok, status, text, headers, json()}
 *
 * User and password of an address answer Basic and Digest. Cookies: RFC 6265, kept by host.
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import { createClientAuth } from '../../net/digest.ts';
import { type Address, formatAddress, parseAddress } from '../../net/url.ts';
import type { Builtin } from './evaluate.ts';
import { failure, fromJson, isMap, toJson, toText, type Value } from './value.ts';

const TIMEOUT_MS = 5000;
const MAX_BODY_BYTES = 4 << 20;
const MAX_REDIRECTS = 5;
const MAX_REQUESTS = 30;
const MAX_COOKIES = 50;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

interface Request {
  readonly method: string;
  readonly address: Address;
  readonly headers: Headers;
  readonly body: string | undefined;
}

/** The function for one program. */
export function createFetch(signal: AbortSignal): Builtin {
  const cookies = new Map<string, Map<string, string>>();
  let requests = 0;

  const send = async (
    { method, address, headers, body }: Request,
    authorization?: string,
  ): Promise<Response> => {
    if (++requests > MAX_REQUESTS) throw failure('too many requests');
    const all = new Headers(headers);
    const own = cookies.get(address.host);
    if (own && !all.has('cookie'))
      all.set('cookie', [...own].map(([name, value]) => `${name}=${value}`).join('; '));
    if (authorization) all.set('authorization', authorization);
    const response = await fetch(formatAddress(address), {
      method,
      headers: all,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(body !== undefined && { body }),
    });
    keepCookies(cookies, address.host, response.headers.getSetCookie());
    return response;
  };

  /** With the password only when it is asked for, as Digest needs it; Basic at the first 401, too. */
  const authorized = async (request: Request): Promise<Response> => {
    const { credentials, target } = request.address;
    const response = await send(request);
    if (response.status !== 401 || !credentials) return response;
    const auth = createClientAuth(credentials);
    const asked = response.headers.get('www-authenticate');
    if (!asked || auth.challenge([asked]) === 'unsupported') return response;
    await response.body?.cancel();
    return send(request, auth.authorize(request.method, target || '/'));
  };

  return async ([url = null, options = null]) => {
    let request = readRequest(toText(url), options);
    try {
      for (let redirects = 0; ; redirects++) {
        const response = await authorized(request);
        const location = response.headers.get('location');
        if (!REDIRECTS.has(response.status) || !location) return await result(response);
        if (redirects === MAX_REDIRECTS) throw failure('too many redirects');
        await response.body?.cancel();
        request = redirected(request, response.status, location);
      }
    } catch (error) {
      throw describe(error, request.address);
    }
  };
}

function readRequest(url: string, options: Value): Request {
  const map = options !== null && isMap(options) ? options : new Map<string, Value>();
  const headers = new Headers();
  for (const [name, value] of fields(map.get('headers'))) setHeader(headers, name, value);
  const address = parseAddress(url);
  if (address.scheme !== 'http' && address.scheme !== 'https') throw failure(`fetch of ${address.scheme}:`);
  const { body, contentType } = readBody(map);
  if (contentType && !headers.has('content-type')) headers.set('content-type', contentType);
  const method = map.has('method') ? toText(map.get('method')!).toUpperCase() : 'GET';
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw failure(`fetch: ${method} has no body`);
  const query = new URLSearchParams(fields(map.get('params'))).toString();
  const target = address.target.replace(/#.*$/, '');
  const withQuery = query ? `${target}${target.includes('?') ? '&' : '?'}${query}` : target;
  return { method, headers, body, address: { ...address, target: withQuery } };
}

function readBody(options: ReadonlyMap<string, Value>): { body: string | undefined; contentType?: string } {
  const [json, data, body] = ['json', 'data', 'body'].map((key) => options.get(key));
  if (json !== undefined) return { body: JSON.stringify(toJson(json)), contentType: 'application/json' };
  if (data !== undefined && data !== null && isMap(data)) {
    const form = new URLSearchParams(fields(data)).toString();
    return { body: form, contentType: 'application/x-www-form-urlencoded' };
  }
  return { body: typeof body === 'string' ? body : undefined };
}

function fields(value: Value | undefined): [string, string][] {
  if (value === undefined || value === null || !isMap(value)) return [];
  return [...value].map(([name, item]) => [name, toText(item)]);
}

function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    throw failure(`fetch: not a header: ${name}`);
  }
}

/** The password goes to the same host only; what a form asked for is fetched, not sent again. */
function redirected(request: Request, status: number, location: string): Request {
  const { address, method, headers, body } = request;
  if (!URL.canParse(location, formatAddress(address))) throw failure(`redirect to ${location}`);
  const to = parseAddress(new URL(location, formatAddress(address)).href);
  if (to.scheme !== 'http' && to.scheme !== 'https') throw failure(`redirect to ${to.scheme}:`);
  const sameHost = to.host === address.host;
  const credentials = to.credentials ?? (sameHost ? address.credentials : undefined);
  const kept = new Headers(headers);
  if (!sameHost) for (const name of ['authorization', 'cookie']) kept.delete(name);
  const repeats = status === 307 || status === 308 || method === 'GET' || method === 'HEAD';
  if (!repeats) kept.delete('content-type');
  return {
    address: { ...to, credentials, target: to.target.replace(/#.*$/, '') },
    method: repeats ? method : 'GET',
    headers: kept,
    body: repeats ? body : undefined,
  };
}

function keepCookies(
  cookies: Map<string, Map<string, string>>,
  host: string,
  lines: readonly string[],
): void {
  const own = cookies.get(host) ?? new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = /^\s*([^=;]+?)\s*=\s*([^;]*)/.exec(line) ?? [];
    if (/;\s*max-age\s*=\s*(?:0|-\d+)\s*(?:;|$)/i.test(line)) own.delete(name);
    else if (name && (own.size < MAX_COOKIES || own.has(name))) own.set(name, value.trim());
  }
  if (own.size > 0) cookies.set(host, own);
}

async function result(response: Response): Promise<Value> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) throw failure(`fetch: an answer longer than ${MAX_BODY_BYTES} bytes`);
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString();
  const { status, statusText, headers } = response;
  return new Map<string, Value>([
    ['ok', status < 400],
    ['status', `${status} ${statusText}`.trim()],
    ['text', text],
    ['headers', new Map([...headers])],
    ['json', () => parse(text)],
  ]);
}

/** Nil for what is no JSON. */
function parse(text: string): Value {
  try {
    return fromJson(JSON.parse(text));
  } catch {
    return null;
  }
}

function describe(error: unknown, address: Address): StreamError {
  if (error instanceof StreamError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const failed = toStreamError(cause, formatAddress(address));
  return failed.code === 'internal' ? new StreamError('unreachable', failed.message, cause) : failed;
}
