/** A request to a camera or a service, and the head of its answer. Sent by http-exchange.ts. */
import type { Readable } from 'node:stream';
import type { Address } from './url.ts';

export interface HttpRequest {
  /** GET if it is left out. */
  readonly method?: string;
  /** Its credentials are not sent. */
  readonly address: Address;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
  /** Accept any certificate; also done for a host that is an IP address. */
  readonly insecure?: boolean;
  /** Until the head of the answer is there. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpHead {
  readonly status: number;
  /** `Not Found` */
  readonly reason: string;
  /** All values by lower-case name. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
}

/** An answer whose body is to come. */
export interface HttpAnswer extends HttpHead {
  /** Decoded; destroy it to end the request. */
  readonly body: Readable;
  /** `host:port` of the other end. */
  readonly remoteAddress: string;
}

/** Of an answer: more is not read. */
export const MAXIMUM_HEAD_BYTES = 64 << 10;

/** Path and query as they stand in the request line: what must not stand there (RFC 9112 §3.2) is percent-encoded. */
export function requestTarget({ target }: Address): string {
  const clean = target.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  return clean.startsWith('/') ? clean : `/${clean}`;
}
