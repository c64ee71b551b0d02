/**
 * Requests to the server. All addresses are relative to the document, so that the page works behind an ingress
 * prefix that changes. A failure is an ApiError, whose message can be shown.
 */
import { apiUrl } from '../../../frontend-card/src/player/url.ts';

const TIMEOUT_MS = 15_000;

/** Why there is no answer: nobody there, too slow, or refused with a status. */
export type Failure = 'offline' | 'timeout' | 'refused';

/** A request that failed. `message` is the server's own sentence where it gave one. */
export class ApiError extends Error {
  readonly failure: Failure;
  /** HTTP status; 0 without an answer. */
  readonly status: number;

  constructor(failure: Failure, message: string, status = 0) {
    super(message);
    this.name = 'ApiError';
    this.failure = failure;
    this.status = status;
  }
}

/** Whether it failed because we ended it ourselves: nothing to tell anybody. */
export const isEnded = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError';

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Scans and probes take longer than the usual 15 s. */
  readonly timeoutMs?: number;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Sends `GET api/cameras` and its like (`path` without a leading slash), and resolves with a good answer. */
export async function request(method: Method, path: string, options: RequestOptions = {}): Promise<Response> {
  const { query = {}, body, signal, timeoutMs = TIMEOUT_MS } = options;
  const given = Object.entries(query).filter((entry) => entry[1] !== undefined);
  const url = apiUrl(
    document.baseURI,
    path,
    Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
  );
  const timeout = AbortSignal.timeout(timeoutMs);
  const isText = body === undefined || typeof body === 'string';
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body: isText ? (body as string) : JSON.stringify(body) }),
      ...(isText ? {} : { headers: { 'content-type': 'application/json' } }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw timeout.aborted ? new ApiError('timeout', 'timeout') : new ApiError('offline', 'offline');
  }
  if (response.ok) return response;
  const text = (await response.text().catch(() => '')).trim().slice(0, 500);
  // A proxy in between answers with a page of its own.
  const said = text.startsWith('<') ? '' : text;
  if (!said && response.status >= 502) throw new ApiError('offline', 'offline', response.status);
  throw new ApiError('refused', said || `${response.status} ${response.statusText}`, response.status);
}

/** As `request`, and reads the answer as JSON. */
export async function getJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await (await request('GET', path, options)).json()) as T;
}

/** As `request`, and reads the answer as text. */
export async function getText(path: string, options: RequestOptions = {}): Promise<string> {
  return (await request('GET', path, options)).text();
}

/** As `request`, and reads the answer as JSON, if it is any. */
export async function sendJson<T>(
  method: Exclude<Method, 'GET'>,
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const text = await (await request(method, path, options)).text();
  return parseAnswer(text) as T;
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
