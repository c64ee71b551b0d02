/** The watches of a socket: one of each type; a second message of a type takes the place of the first. */
import type { Watch } from '../../core/broadcast.ts';
import { toStreamError } from '../../core/errors.ts';
import type { SocketSession } from './session.ts';

const watches = new WeakMap<SocketSession, Map<string, () => void>>();

/** Begins to watch; `begin` gets what to call when the stream leaves the viewer, and a signal that ends it. */
export async function beginWatch(
  session: SocketSession,
  type: string,
  begin: (onClose: (reason?: Error) => void, signal: AbortSignal) => Promise<Watch>,
): Promise<void> {
  const { signal, connection } = session;
  const ended = new AbortController();
  let watch: Watch | undefined;
  const end = (): void => {
    if (ended.signal.aborted) return;
    ended.abort();
    signal.removeEventListener('abort', end);
    watch?.close();
  };
  endWatch(session, type);
  watchesOf(session).set(type, end);
  signal.addEventListener('abort', end);
  const onClose = (reason?: Error): void => {
    // The viewer is gone already: nothing is left to close.
    watch = undefined;
    end();
    const failure = toStreamError(reason ?? new Error('stream ended'));
    // A socket that doesn't take media will not take a message either.
    if (failure.code === 'timeout') connection.websocket.terminate();
    else session.fail(type, failure);
  };
  try {
    watch = await begin(onClose, ended.signal);
  } catch (error) {
    if (ended.signal.aborted) return;
    end();
    throw error;
  }
  if (ended.signal.aborted) watch.close();
}

/** Ends the watch of a type, if there is one. */
export function endWatch(session: SocketSession, type: string): void {
  watchesOf(session).get(type)?.();
}

function watchesOf(session: SocketSession): Map<string, () => void> {
  let map = watches.get(session);
  if (!map) {
    map = new Map();
    watches.set(session, map);
  }
  return map;
}
