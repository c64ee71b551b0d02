/**
 * `fetch(url[, options])` of a program, as go2rtc has it: cookies last for the program, five seconds for an answer.
 *
 *   options   {method, headers, params: query, json: …, data: form, body: text}
 *   result    {ok, status, text, headers, json()}
 *
 * User and password of an address answer Basic and Digest. Cookies: RFC 6265, kept by host.
 */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { createClientAuth } from '../../net/digest.ts';
import { requestTarget } from '../../net/http-message.ts';
import {
  follow,
  isRedirect,
  isSameHost,
  isSecretHeader,
  MAXIMUM_REDIRECTS,
  tooManyRedirects,
} from '../../net/http-redirect.ts';
import { type HttpReply, requestHttp } from '../../net/http-request.ts';
import { type Address, parseAddress } from '../../net/url.ts';
import type { Builtin } from './evaluate.ts';
import { failure, fromJson, isMap, toJson, toText, type Value } from './value.ts';

const TIMEOUT_MS = 5000;
const MAX_BODY_BYTES = 4 << 20;
const MAX_REQUESTS = 30;
const MAX_COOKIES = 50;

interface Request {
  readonly method: string;
  readonly address: Address;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The function for one program. */
export function createFetch(signal: AbortSignal): Builtin {
  const cookies = new Map<string, Map<string, string>>();
  let requests = 0;

  const send = async (
    { method, address, headers, body }: Request,
    authorization?: string,
  ): Promise<HttpReply> => {
    if (++requests > MAX_REQUESTS) throw failure('too many requests');
    const own = [...(cookies.get(address.host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await requestHttp({
      method,
      address,
      headers: { ...(own && { cookie: own }), ...headers, ...(authorization && { authorization }) },
      body,
      timeoutMs: TIMEOUT_MS,
      maximumBytes: MAX_BODY_BYTES,
      signal,
    });
    keepCookies(cookies, address.host, reply.headers['set-cookie'] ?? []);
    return reply;
  };

  /** With the password only when it is asked for, as Digest needs it; Basic at the first 401, too. */
  const authorized = async (request: Request): Promise<HttpReply> => {
    const { credentials } = request.address;
    const reply = await send(request);
    if (reply.status !== 401 || !credentials) return reply;
    const auth = createClientAuth(credentials);
    if (auth.challenge(reply.headers['www-authenticate'] ?? []) === 'unsupported') return reply;
    return send(request, auth.authorize(request.method, requestTarget(request.address)));
  };

  return async ([url = null, options = null]) => {
    let request = readRequest(toText(url), options);
    for (let redirects = 0; redirects <= MAXIMUM_REDIRECTS; redirects++) {
      const reply = await authorized(request);
      const location = reply.headers.location?.[0];
      if (!isRedirect(reply.status) || !location) return result(reply);
      request = redirected(request, reply.status, location);
    }
    throw tooManyRedirects(request.address);
  };
}

function readRequest(url: string, options: Value): Request {
  const map = options !== null && isMap(options) ? options : new Map<string, Value>();
  const own = fields(map.get('headers')).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of own) checkHeader(name, value);
  const address = parseAddress(url);
  if (address.scheme !== 'http' && address.scheme !== 'https') throw failure(`fetch of ${address.scheme}:`);
  const { body, contentType } = readBody(map);
  const headers = { ...(contentType && { 'content-type': contentType }), ...Object.fromEntries(own) };
  const method = map.has('method') ? toText(map.get('method')!).toUpperCase() : 'GET';
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw failure(`fetch: ${method} has no body`);
  const query = new URLSearchParams(fields(map.get('params'))).toString();
  const target = withoutFragment(address.target);
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

function checkHeader(name: string, value: string): void {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw failure(`fetch: not a header: ${name}`);
  }
}

/** The password goes to the same host only; what a form asked for is fetched, not sent again. */
function redirected(request: Request, status: number, location: string): Request {
  const { address, method, headers, body } = request;
  const to = follow(address, location);
  const repeats = status === 307 || status === 308 || method === 'GET' || method === 'HEAD';
  const kept = Object.entries(headers).filter(
    ([name]) => (isSameHost(to, address) || !isSecretHeader(name)) && (repeats || name !== 'content-type'),
  );
  return {
    address: { ...to, target: withoutFragment(to.target) },
    method: repeats ? method : 'GET',
    headers: Object.fromEntries(kept),
    body: repeats ? body : undefined,
  };
}

const withoutFragment = (target: string): string => target.replace(/#.*$/, '');

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

function result({ status, reason, headers, body }: HttpReply): Value {
  const text = body.toString();
  const joined = Object.entries(headers).map(([name, values = []]) => [name, values.join(', ')] as const);
  return new Map<string, Value>([
    ['ok', status < 400],
    ['status', `${status} ${reason}`.trim()],
    ['text', text],
    ['headers', new Map(joined)],
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
