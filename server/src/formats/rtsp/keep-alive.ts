/**
 * Keeps a session from expiring (RFC 2326 §12.37): a request now and then.
 *
 * OPTIONS, until the camera has announced GET_PARAMETER, which some insist on; a method that is refused makes way for
 * the other one.
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { RtspClient } from './client.ts';
import { isOk } from './message.ts';

export interface KeepAliveOptions {
  readonly intervalMs: number;
  /** Whether anything came at all, when a request was not answered. */
  readonly bytesReceived: () => number;
  /** The session is gone, the credentials are not good any more, or the connection is dead. */
  readonly fail: (error: StreamError) => void;
}

/** Begins one interval from now; returns what ends it. */
export function keepAlive(client: RtspClient, url: string, options: KeepAliveOptions): () => void {
  const { intervalMs, bytesReceived, fail } = options;
  let method: 'OPTIONS' | 'GET_PARAMETER' = 'OPTIONS';
  let settled = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const ask = async (): Promise<void> => {
    const response = await client.request(method, url);
    if (response.status === 454) throw new StreamError('closed', 'the camera has ended the session');
    if (settled) return;
    const better = method === 'OPTIONS' && client.publicMethods.has('GET_PARAMETER');
    const refused = !isOk(response);
    settled = refused || !better;
    if (!refused && !better) return;
    method = method === 'OPTIONS' ? 'GET_PARAMETER' : 'OPTIONS';
    await ask();
  };

  const beat = async (): Promise<void> => {
    const before = bytesReceived();
    try {
      await ask();
    } catch (error) {
      const failure = toStreamError(error);
      const alive = failure.code === 'timeout' && bytesReceived() > before;
      if (!alive) fail(failure);
    }
    if (!stopped) timer = setTimeout(beat, intervalMs);
  };

  timer = setTimeout(beat, intervalMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
