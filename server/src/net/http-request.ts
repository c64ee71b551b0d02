/**
 * One HTTP request whose answer is small: the body is read to its end, within a limit and a time. For protocols that
 * talk in requests (SOAP); any status resolves, and who asks for credentials is the caller's to answer. For streams: http-get.ts.
 */
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { StreamError, toStreamError } from '../core/errors.ts';
import { connectionError } from './tcp.ts';
import { type Address, formatAddress } from './url.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Its credentials are not sent. */
  readonly address: Address;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Accept any certificate; also done for a host that is an IP address. */
  readonly insecure?: boolean;
  /** Until the whole answer is there. */
  readonly timeoutMs: number;
  readonly maximumBytes: number;
  readonly signal: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  /** Values by lower-case name. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** Sends the request. Rejects with StreamError: `unreachable`, `timeout`, `limit`, `aborted` … */
export function requestHttp(options: HttpRequest): Promise<HttpReply> {
  const { method, address, body, timeoutMs, maximumBytes, signal } = options;
  const where = formatAddress(address);
  const secure = address.scheme === 'https';
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const request = (secure ? httpsRequest : httpRequest)({
    method,
    host: address.host,
    port: address.port ?? (secure ? 443 : 80),
    path: address.target.startsWith('/') ? address.target : `/${address.target}`,
    headers: {
      'user-agent': 'Porthole',
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      ...options.headers,
    },
    agent: false,
    insecureHTTPParser: true,
    signal,
    ...(secure && (options.insecure || isIP(address.host)) ? { rejectUnauthorized: false } : {}),
  });
  const fail = (error: Error): void => {
    clearTimeout(timer);
    request.destroy();
    const { code, message, cause } =
      error instanceof StreamError || signal.aborted ? toStreamError(error) : connectionError(error);
    reject(new StreamError(code, message.includes('://') ? message : `${where}: ${message}`, cause));
  };
  const timer = setTimeout(() => fail(new StreamError('timeout', 'no answer')), timeoutMs);
  request.on('error', fail);
  request.once('response', (answer) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    answer.on('error', fail);
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maximumBytes) fail(new StreamError('limit', `answer of more than ${maximumBytes} bytes`));
    });
    answer.once('end', () => {
      clearTimeout(timer);
      const { statusCode = 0, headersDistinct } = answer;
      resolve({ status: statusCode, headers: headersDistinct, body: Buffer.concat(chunks, bytes) });
    });
  });
  request.end(body);
  return promise;
}
