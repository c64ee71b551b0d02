/**
 * The one error type of the streaming core, and the one table of its codes.
 *
 * `core/retry.ts` maps a code to a delay, `api/errors.ts` to an HTTP status. Messages are redacted when made:
 * no credential reaches a log, an answer or another error by way of a StreamError.
 */
import { redact } from '../util/redact.ts';

export const ERROR_CODES = {
  /** The address does not parse, or its scheme is not known. */
  invalid_source: 'invalid source',
  /** Sources that run programs come from the config file only. */
  unsafe_source: 'unsafe source',
  /** The other side wants credentials, or refused the ones it got. */
  unauthorized: 'unauthorized',
  /** The other side has no such path, device or stream. */
  not_found: 'not found',
  /** Nothing listens there, the host is not reachable, or the name does not resolve. */
  unreachable: 'unreachable',
  /** No answer, or no data, within the time allowed. */
  timeout: 'timeout',
  /** Connected, but a track stopped delivering. */
  stalled: 'stalled',
  /** The other side closed, or the connection was reset. */
  closed: 'closed',
  /** The bytes are not the protocol they should be. */
  protocol: 'protocol error',
  /** A valid message asks for something that is not supported. */
  unsupported: 'unsupported',
  /** No track of the stream is among what the viewer accepts. */
  no_match: 'codecs not matched',
  /** A limit of ours is reached (viewers, bytes, processes). */
  limit: 'limit reached',
  /** A program that a source runs failed or is missing. */
  process: 'process failed',
  /** A camera on a battery sleeps; it wakes by itself, or when its app is asked. */
  asleep: 'asleep',
  /** The user has switched the camera off. */
  disabled: 'switched off',
  /** Stopped by us: the signal was aborted, the stream removed, the server closes. */
  aborted: 'aborted',
  /** Input of a user that cannot be used: a query, a body, a config value. */
  invalid: 'invalid',
  internal: 'internal error',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A failure with a code that policies act on and a message that a user can read. */
export class StreamError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(redact(message), cause === undefined ? undefined : { cause });
    this.name = 'StreamError';
    this.code = code;
  }
}

const SYSTEM_CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'closed',
  ECONNABORTED: 'closed',
  EPIPE: 'closed',
  ENOENT: 'not_found',
  EACCES: 'process',
};

/**
 * Turns anything thrown into a StreamError; a StreamError passes as it is, Node's system errors get their code,
 * an AbortError becomes `aborted` (or the abort reason, when that is a StreamError).
 * `context` is put before the message: "rtsp://***@camera: connection refused".
 */
export function toStreamError(error: unknown, context?: string): StreamError {
  if (error instanceof StreamError) return error;
  const prefix = context ? `${context}: ` : '';
  if (!(error instanceof Error)) return new StreamError('internal', prefix + String(error), error);
  if (error.cause instanceof StreamError) return error.cause;
  if (error.name === 'AbortError') return new StreamError('aborted', `${prefix}aborted`, error);
  if (error.name === 'TimeoutError') return new StreamError('timeout', `${prefix}timed out`, error);
  const systemCode = (error as NodeJS.ErrnoException).code ?? '';
  return new StreamError(SYSTEM_CODES[systemCode] ?? 'internal', prefix + error.message, error);
}
