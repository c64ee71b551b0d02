/**
 * One session of ours from signalling to its end, for sources and publications: what failed is said by its phase.
 *
 *   signalling ─▶ ICE, DTLS ─▶ connected … over ─▶ the peer is told, as far as its signalling can
 */
import { StreamError, toStreamError } from '../../core/errors.ts';
import type { SourceText } from '../source-text.ts';
import type { ClientOptions, WebrtcClient } from './client.ts';
import type { Signaling } from './dialects/dialect.ts';
import type { ChosenDialect } from './dialects.ts';
import type { WebrtcServer } from './server.ts';

export interface PlacedCall {
  readonly client: WebrtcClient;
  /** Ends it. Resolves when the peer was told. */
  end(): Promise<void>;
}

export interface CallSettings extends Omit<ClientOptions, 'protocol'> {
  readonly server: WebrtcServer | undefined;
  readonly source: SourceText;
  readonly dialect: ChosenDialect;
  /** Gives up while connecting. */
  readonly signal: AbortSignal;
}

/** For one step of signalling; a whole exchange has twice as long. */
const STEP_TIMEOUT_MS = 10_000;

/** Resolves when media can flow. Rejects with StreamError; nothing is left open then. */
export async function placeCall(settings: CallSettings): Promise<PlacedCall> {
  const { server, source, dialect, signal } = settings;
  if (!server) throw new StreamError('unsupported', 'WebRTC is not running: see the log');
  signal.throwIfAborted();
  const over = new AbortController();
  let signaling: Signaling = {};
  const client = server.createClient(
    {
      ...settings,
      protocol: dialect.protocol,
      onClosed: (reason) => {
        over.abort();
        settings.onClosed(reason);
      },
    },
    dialect.offers,
  );
  const end = async (): Promise<void> => {
    client.close();
    over.abort();
    await signaling.hangUp?.();
  };
  const stop = Promise.withResolvers<never>();
  stop.promise.catch(() => {});
  const giveUp = (): void => stop.reject(toStreamError(signal.reason));
  signal.addEventListener('abort', giveUp, { once: true });
  const timer = setTimeout(
    () => stop.reject(new StreamError('timeout', 'webrtc signalling: not done in time')),
    2 * STEP_TIMEOUT_MS,
  );
  try {
    const { url, exchange } = dialect;
    const { options } = source;
    const call = { url, options, client, timeoutMs: STEP_TIMEOUT_MS, signal: over.signal };
    signaling = await Promise.race([exchange(call), stop.promise]);
    clearTimeout(timer);
    await Promise.race([client.connected, stop.promise]);
    signaling.connected?.();
    return { client, end };
  } catch (error) {
    await end();
    throw toStreamError(error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
