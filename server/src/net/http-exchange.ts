/**
 * One request and the head of its answer. Node's parser reads what servers should send and much of what they should not;
 * heads that it refuses are asked for again and read by http-loose.ts.
 *
 *   GET /video HTTP/1.1           HTTP/1.0 200 OK
 *   Host, Accept, …               Content-Type: …          gzip that nobody asked for is taken off
 *   Accept-Encoding: identity     body until the connection ends
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { constants, createGunzip, createInflate } from 'node:zlib';
import { StreamError, toStreamError } from '../core/errors.ts';
import { getLoosely } from './http-loose.ts';
import { type HttpAnswer, type HttpRequest, MAXIMUM_HEAD_BYTES, requestTarget } from './http-message.ts';
import { connectionError } from './tcp.ts';
import { formatAddress } from './url.ts';

const COMMON_HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Porthole' } as const;

/** Sends the request. Rejects with StreamError that names the address: `unreachable`, `timeout`, `protocol`, `aborted` … */
export async function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const where = formatAddress(request.address);
  const complete = { ...request, headers: { ...COMMON_HEADERS, ...request.headers } };
  try {
    return decoded(await exchangeWithNode(complete).catch((error) => retryLoosely(error, complete)));
  } catch (error) {
    if (request.signal.aborted) throw toStreamError(request.signal.reason);
    const { code, message, cause } = error instanceof StreamError ? error : connectionError(error as Error);
    throw new StreamError(code, `${where}: ${message}`, cause);
  }
}

/** Errors of Node's parser begin with HPE. Only a GET can be sent twice. */
function retryLoosely(error: Error, request: HttpRequest): Promise<HttpAnswer> {
  const isHeadRefused = String((error as NodeJS.ErrnoException).code).startsWith('HPE_');
  if (!isHeadRefused || (request.method ?? 'GET') !== 'GET') throw error;
  return getLoosely(request);
}

function exchangeWithNode(options: HttpRequest): Promise<HttpAnswer> {
  const { method = 'GET', address, headers = {}, body, insecure, timeoutMs, signal } = options;
  const { scheme, host, port } = address;
  const secure = scheme === 'https';
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const request = (secure ? httpsRequest : httpRequest)({
    method,
    host,
    port: port ?? (secure ? 443 : 80),
    path: requestTarget(address),
    headers: {
      ...headers,
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    },
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
      reason: answer.statusMessage ?? '',
      headers: answer.headersDistinct,
      body: answer,
      remoteAddress: `${remoteAddress}:${remotePort}`,
    });
  });
  request.on('error', (error) => {
    clearTimeout(timer);
    reject(error);
  });
  request.end(body);
  return promise;
}

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: () => createGunzip(AS_IT_COMES),
  'x-gzip': () => createGunzip(AS_IT_COMES),
  deflate: () => createInflate(AS_IT_COMES),
};
/** A stream that breaks off is given as far as it came. */
const AS_IT_COMES = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };

function decoded(answer: HttpAnswer): HttpAnswer {
  const coding = (answer.headers['content-encoding']?.at(-1) ?? '').trim().toLowerCase();
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
