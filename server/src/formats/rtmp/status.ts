/** Codes of `_error` and `onStatus` (RTMP §7.2.1.1, §7.2.2) as failures. */
import { type ErrorCode, StreamError } from '../../core/errors.ts';

/** Refusals that credentials may change, with what the other side said. */
export const REFUSED = new WeakMap<StreamError, string>();

const CODES: Readonly<Record<string, ErrorCode>> = {
  'NetConnection.Connect.InvalidApp': 'not_found',
  'NetConnection.Connect.AppShutdown': 'closed',
  'NetStream.Play.StreamNotFound': 'not_found',
  'NetStream.Play.NoSupportedTrackFound': 'unsupported',
  'NetStream.Publish.Denied': 'unauthorized',
};

/** What the other side's refusal means. */
export function failureOf(code: string, description = ''): StreamError {
  const text = [code || 'the other side refused', description].filter(Boolean).join(': ').slice(0, 500);
  const isAuth = /authmod=|\bauth|unauthori[sz]ed|forbidden|denied|password|credential/i.test(description);
  const failure = new StreamError(isAuth ? 'unauthorized' : (CODES[code] ?? 'closed'), text);
  if (isAuth) REFUSED.set(failure, description);
  return failure;
}
