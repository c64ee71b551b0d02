/**
 * One HTTP request whose answer is small: the body is read to its end, within a limit and a time. For protocols that
 * talk in requests (SOAP); any status resolves, and who asks for credentials is the caller's to answer. For streams: http-get.ts.
 */
import { StreamError, toStreamError } from '../core/errors.ts';
import { collectBody } from './http-body.ts';
import { exchange } from './http-exchange.ts';
import type { HttpHead, HttpRequest } from './http-message.ts';
import { formatAddress } from './url.ts';

/** An answer with its body. */
export interface HttpReply extends HttpHead {
  readonly body: Buffer;
}

/** Sends the request; `timeoutMs` is for the whole answer. Rejects with StreamError: `unreachable`, `timeout`, `limit`, `aborted` … */
export async function requestHttp(
  request: HttpRequest & { readonly maximumBytes: number },
): Promise<HttpReply> {
  const { maximumBytes, timeoutMs, address } = request;
  const startMs = performance.now();
  const { status, reason, headers, body } = await exchange(request);
  try {
    const leftMs = Math.max(1, timeoutMs - (performance.now() - startMs));
    return { status, reason, headers, body: await collectBody(body, { maximumBytes, timeoutMs: leftMs }) };
  } catch (error) {
    const { code, message, cause } = toStreamError(error);
    throw new StreamError(code, `${formatAddress(address)}: ${message}`, cause);
  }
}
