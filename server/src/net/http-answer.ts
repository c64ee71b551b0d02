/**
 * One GET and the head of its answer. Node's parser reads what servers should send and much of what they should not;
 * heads that it refuses are asked for again and read by loose-http.ts.
 *
 *   GET /video HTTP/1.1           HTTP/1.0 200 OK
 *   Host, Accept, …               Content-Type: …          gzip that nobody asked for is taken off
 *   Accept-Encoding: identity     body until the connection ends
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { constants, createGunzip, createInflate } from 'node:zlib';
import { StreamError, toStreamError } from '../core/errors.ts';
import { getLoosely } from './loose-http.ts';
import { connectionError } from './tcp.ts';
import { type Address, formatAddress } from './url.ts';

/** What is asked. */
export interface GetRequest {
  readonly address: Address;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Accept any certificate; also done for a host that is an IP address. */
  readonly insecure: boolean;
  /** Until the head of the answer is there. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The head of an answer, and its body to come. */
export interface GetAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Values of WWW-Authenticate, one a header. */
  readonly challenges: readonly string[];
  /** Decoded; destroy it to end the request. */
  readonly body: Readable;
  /** `host:port` of the other end. */
  readonly remoteAddress: string;
}

const MAXIMUM_HEAD_BYTES = 64 << 10;

/** Sends the request. Rejects with StreamError that names the address: `unreachable`, `timeout`, `protocol`, `aborted` … */
export async function get(request: GetRequest): Promise<GetAnswer> {
  const where = formatAddress(request.address);
  try {
    return decoded(await getWithNode(request).catch((error) => retryLoosely(error, request)));
  } catch (error) {
    if (request.signal.aborted) throw toStreamError(request.signal.reason);
    const { code, message, cause } = error instanceof StreamError ? error : connectionError(error as Error);
    throw new StreamError(code, `${where}: ${message}`, cause);
  }
}

/** Errors of Node's parser begin with HPE. */
function retryLoosely(error: Error, request: GetRequest): Promise<GetAnswer> {
  const isHeadRefused = String((error as NodeJS.ErrnoException).code).startsWith('HPE_');
  if (!isHeadRefused) throw error;
  return getLoosely(request, MAXIMUM_HEAD_BYTES);
}

function getWithNode({ address, headers, insecure, timeoutMs, signal }: GetRequest): Promise<GetAnswer> {
  const { scheme, host, port, target } = address;
  const secure = scheme === 'https';
  const { promise, resolve, reject } = Promise.withResolvers<GetAnswer>();
  const request = (secure ? httpsRequest : httpRequest)({
    host,
    port: port ?? (secure ? 443 : 80),
    path: target.startsWith('/') ? target : `/${target}`,
    headers,
    agent: false,
    insecureHTTPParser: true,
    maxHeaderSize: MAXIMUM_HEAD_BYTES,
    signal,
    ...(secure && (insecure || isIP(host)) ? { rejectUnauthorized: false } : {}),
  });
  const timer = setTimeout(() => request.destroy(new StreamError('timeout', 'no answer')), timeoutMs);
  request.once('response', (answer) => {
    clearTimeout(timer);
    answer.on('error', () => {});
    const { remoteAddress = '', remotePort = '' } = answer.socket;
    resolve({
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      challenges: answer.headersDistinct['www-authenticate'] ?? [],
      body: answer,
      remoteAddress: `${remoteAddress}:${remotePort}`,
    });
  });
  request.on('error', (error) => {
    clearTimeout(timer);
    reject(error);
  });
  request.end();
  return promise;
}

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: () => createGunzip(AS_IT_COMES),
  'x-gzip': () => createGunzip(AS_IT_COMES),
  deflate: () => createInflate(AS_IT_COMES),
};
/** A stream that breaks off is given as far as it came. */
const AS_IT_COMES = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };

function decoded(answer: GetAnswer): GetAnswer {
  const coding = String(answer.headers['content-encoding'] ?? '')
    .trim()
    .toLowerCase();
  const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding]!() : undefined;
  if (!decoder) return answer;
  const { body } = answer;
  body.once('error', (error) => decoder.destroy(error));
  body.once('close', () => decoder.end());
  decoder.once('close', () => body.destroy());
  decoder.on('error', () => {});
  body.pipe(decoder);
  return { ...answer, body: decoder };
}
