/**
 * The listener for Home Assistant's ingress: `browser → core → Supervisor → here`. Core and Supervisor have decided who the
 * user is, and say it in headers. They can be trusted on this listener only, because only the Supervisor reaches it:
 *
 *   X-Ingress-Path: /api/hassio_ingress/AbC123      where the browser sees our `/`
 *   X-Remote-User-Id: 0123…  X-Remote-User-Name: anna  X-Remote-User-Display-Name: Anna
 *
 * Source of truth: core's `hassio/ingress.py`, the Supervisor's `api/ingress.py`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { formatListen } from '../config/listen.ts';
import { StreamError } from '../core/errors.ts';
import type { Logger } from '../util/log.ts';
import type { IngressUser } from './access.ts';
import { type Handlers, SERVER_OPTIONS } from './listeners.ts';

export interface IngressSettings {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** The only address that may connect; default: the Supervisor's. */
  readonly allowFrom?: string;
  /** What this user of Home Assistant is. Who cannot be asked for is a viewer. */
  readonly roleOf: (userId: string) => Promise<'admin' | 'viewer'>;
}

/** How a request came through ingress. */
export interface IngressRequest {
  /** Undefined where the Supervisor names none. */
  readonly user: IngressUser | undefined;
  readonly role: 'admin' | 'viewer';
}

export interface Ingress {
  /** Where it listens. */
  readonly address: string;
  close(): Promise<void>;
}

export const SUPERVISOR_ADDRESS = '172.30.32.2';
const ROLE_TIMEOUT_MS = 5000;
const MAX_NAME = 100;
const REFUSAL =
  'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 41\r\n\r\nonly Home Assistant may connect to this.\n';

/** Requests that came through ingress, and nothing else. */
export class IngressRequests {
  readonly #arrived = new WeakMap<IncomingMessage, IngressSettings['roleOf']>();

  /** `roleOf`: of the listener that it came by. */
  note(request: IncomingMessage, roleOf: IngressSettings['roleOf']): void {
    this.#arrived.set(request, roleOf);
  }

  /** Undefined for a request of another listener. Never rejects: whoever cannot be told is a viewer. */
  async identify(request: IncomingMessage): Promise<IngressRequest | undefined> {
    const roleOf = this.#arrived.get(request);
    if (!roleOf) return undefined;
    const user = userOf(request);
    return { user, role: user ? await roleWithin(ROLE_TIMEOUT_MS, () => roleOf(user.id)) : 'viewer' };
  }
}

/** Starts to listen. Rejects with StreamError. */
export async function openIngress(
  { host, port, allowFrom = SUPERVISOR_ADDRESS, roleOf }: IngressSettings,
  requests: IngressRequests,
  basePath: string,
  handlers: Handlers,
  log: Logger,
): Promise<Ingress> {
  const arrive = (request: IncomingMessage): void => {
    requests.note(request, roleOf);
    // Home Assistant knows our `/` only.
    request.url = `${basePath}${request.url}`;
  };
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    arrive(request);
    keepRedirectsInside(request, response, basePath);
    handlers.request(request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    arrive(request);
    handlers.upgrade(request, socket, head);
  });
  server.on('clientError', (_, socket) => socket.destroy());
  server.prependListener('connection', (socket: Socket) => {
    if (sameAddress(socket.remoteAddress, allowFrom)) return;
    log.warn('refused', { from: socket.remoteAddress });
    socket.on('error', () => {});
    socket.pause();
    socket.end(REFUSAL, () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new StreamError('unreachable', error.message, error)));
    server.listen({ host, port }, resolve);
  });
  server.on('error', () => {});
  const bound = server.address();
  const address = formatListen({ host, port: typeof bound === 'object' && bound ? bound.port : port });
  log.info('listen', { addr: address });
  return {
    address,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function userOf({ headers }: IncomingMessage): IngressUser | undefined {
  const id = first(headers['x-remote-user-id']);
  if (!id) return undefined;
  const name = first(headers['x-remote-user-display-name']) || first(headers['x-remote-user-name']);
  return { id, name: name ?? '' };
}

/** A header of people's making: as text, without control characters. */
function first(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'string' ? value : value?.[0];
  // Node reads header bytes as Latin-1; names are UTF-8.
  const decoded = text && Buffer.from(text, 'latin1').toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not get into logs
  return decoded?.replace(/[\x00-\x1f\x7f\ufffd]/g, '').slice(0, MAX_NAME);
}

async function roleWithin(
  timeoutMs: number,
  ask: () => Promise<'admin' | 'viewer'>,
): Promise<'admin' | 'viewer'> {
  const late = Promise.withResolvers<'viewer'>();
  const timer = setTimeout(() => late.resolve('viewer'), timeoutMs);
  try {
    const role = await Promise.race([ask(), late.promise]);
    return role === 'admin' ? 'admin' : 'viewer';
  } catch {
    return 'viewer';
  } finally {
    clearTimeout(timer);
  }
}

/** A redirect to a path of ours is one below the path that the browser knows us by. */
function keepRedirectsInside(request: IncomingMessage, response: ServerResponse, basePath: string): void {
  const outside = request.headers['x-ingress-path'];
  if (typeof outside !== 'string' || !/^(?:\/[\w.-]+)+$/.test(outside)) return;
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) =>
    name.toLowerCase() === 'location' && typeof value === 'string' && /^\/(?!\/)/.test(value)
      ? setHeader(name, outside + (value.startsWith(basePath) ? value.slice(basePath.length) : value))
      : setHeader(name, value);
}

function sameAddress(remote: string | undefined, allowed: string): boolean {
  return remote?.replace(/^::ffff:/, '') === allowed;
}
