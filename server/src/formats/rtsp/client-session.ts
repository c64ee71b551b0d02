/**
 * What the sessions of a client have in common, whether it plays (session.ts) or records (publisher.ts): how it
 * connects, what it makes of statuses, redirects and the `Session` header, and how it leaves. RFC 2326 §10, §11, §12.37.
 */
import { isIP } from 'node:net';
import { StreamError } from '../../core/errors.ts';
import { connectTcp } from '../../net/tcp.ts';
import { type Address, formatAddress, parseAddress } from '../../net/url.ts';
import { connectWebSocket } from '../../net/websocket-stream.ts';
import type { Logger } from '../../util/log.ts';
import { RtspClient, type RtspClientOptions } from './client.ts';
import { header, isOk, type RtspResponse } from './message.ts';

export interface ConnectSettings {
  readonly address: Address;
  /** For rtsps: any certificate is accepted. */
  readonly insecureTls: boolean;
  /** RTSP goes through a WebSocket at this address. */
  readonly webSocket: Address | undefined;
  /** To connect, and for each answer. */
  readonly timeoutMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export const MAX_REDIRECTS = 5;
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 305, 307, 308]);
/** RFC 2326 §12.37. */
export const DEFAULT_SESSION_SECONDS = 60;

const DEFAULT_PORT = 554;
const MAX_KEEP_ALIVE_SECONDS = 25;
const TEARDOWN_MS = 500;

/** A client for this address, over TCP, TLS or a WebSocket; not connected yet. */
export function createClient(
  { address, insecureTls, webSocket, timeoutMs, log, signal }: ConnectSettings,
  handlers: Pick<RtspClientOptions, 'onFrame' | 'onClose'>,
): RtspClient {
  const { scheme, host, port = DEFAULT_PORT, credentials } = address;
  const verified = insecureTls || isIP(host) ? 'insecure' : 'verify';
  const tls = scheme === 'rtsps' ? verified : undefined;
  return new RtspClient({
    connect: (streamHandlers) => {
      if (!webSocket) return connectTcp({ host, port, tls, timeoutMs, signal }, streamHandlers);
      const own = webSocket.credentials ?? credentials;
      return connectWebSocket({ address: webSocket, credentials: own, timeoutMs, signal }, streamHandlers);
    },
    credentials,
    timeoutMs,
    log,
    ...handlers,
  });
}

/** Takes the session over from `Session: 7116520596809429228;timeout=60`. Returns its time-out in seconds, if it is told. */
export function readSession(client: RtspClient, response: RtspResponse): number | undefined {
  const [id = '', ...parameters] = (header(response, 'session') ?? '').split(';');
  if (id.trim()) client.session = id.trim();
  const seconds = Number(/timeout\s*=\s*(\d+)/i.exec(parameters.join(';'))?.[1]);
  return seconds > 0 ? seconds : undefined;
}

/** How often a session that expires after so long is kept alive. */
export function keepAliveMs(sessionSeconds: number): number {
  return Math.min(sessionSeconds / 2, MAX_KEEP_ALIVE_SECONDS) * 1000;
}

/** Ends the session, if there is one, and the connection; the other side has a moment to answer. Never rejects. */
export async function tearDown(client: RtspClient, url: string): Promise<void> {
  if (client.session) {
    const moment = new Promise((resolve) => setTimeout(resolve, TEARDOWN_MS).unref());
    await Promise.race([client.request('TEARDOWN', url).catch(() => {}), moment]);
  }
  client.close();
}

/** Throws StreamError unless the status is 2xx; the code tells which kind of refusal it is. */
export function expectOk(response: RtspResponse, method: string): void {
  if (isOk(response)) return;
  const { status, reason } = response;
  const text = `${method} answered ${status}${reason ? ` ${reason}` : ''}`;
  if (status === 403) throw new StreamError('unauthorized', text);
  if (status === 404) throw new StreamError('not_found', text);
  if (status === 408) throw new StreamError('timeout', text);
  if (status === 454) throw new StreamError('closed', text);
  if (status === 461 || status === 551) throw new StreamError('unsupported', text);
  throw new StreamError('protocol', text);
}

/** The address that a camera sends us to: RTSP only, and not from TLS to plain text. Its credentials, or those we have. */
export function redirected(from: Address, location: string | undefined): Address {
  const url = location?.startsWith('/') ? formatAddress({ ...from, target: location }) : location;
  if (!url) throw new StreamError('protocol', 'redirect without a location');
  const to = parseAddress(url);
  const allowed = to.scheme === 'rtsps' || (to.scheme === 'rtsp' && from.scheme === 'rtsp');
  if (!allowed) throw new StreamError('unsupported', `redirect to ${to.scheme} is not followed`);
  return { ...to, credentials: to.credentials ?? from.credentials };
}
