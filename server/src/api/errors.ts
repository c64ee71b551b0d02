/**
 * Failures as HTTP answers: a status from the one table, and the message as a line of text.
 *
 *   HTTP/1.1 404 Not Found
 *   content-type: text/plain; charset=utf-8
 *   x-content-type-options: nosniff
 *
 *   stream not found: garden\n
 */
import { STATUS_CODES } from 'node:http';
import { ConfigError } from '../config/error.ts';
import { type ErrorCode, StreamError } from '../core/errors.ts';
import { redact } from '../util/redact.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid: 400,
  invalid_source: 400,
  unsafe_source: 400,
  not_found: 404,
  no_match: 406,
  internal: 500,
  process: 500,
  unsupported: 501,
  unauthorized: 502,
  unreachable: 502,
  closed: 502,
  protocol: 502,
  limit: 503,
  asleep: 503,
  disabled: 503,
  aborted: 503,
  timeout: 504,
  stalled: 504,
};

/** A failure that only HTTP knows: a method, a permission, a missing parameter. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** A password would help: browsers ask their user for one. */
  readonly asksForPassword: boolean;

  constructor(
    status: number,
    message = STATUS_CODES[status] ?? 'error',
    { asksForPassword = status === 401 } = {},
  ) {
    super(message);
    this.status = status;
    this.asksForPassword = asksForPassword;
  }
}

/** Status and text of anything thrown; the text is never empty and holds no credentials. */
export function describeFailure(error: unknown): { status: number; text: string } {
  const status = statusOf(error);
  const text = redact(error instanceof Error ? error.message : String(error)).trim();
  return { status, text: text || (STATUS_CODES[status] ?? 'error') };
}

function statusOf(error: unknown): number {
  if (error instanceof StreamError) return STATUS[error.code];
  if (error instanceof HttpError) return error.status;
  if (error instanceof ConfigError) return 400;
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : 500;
}
