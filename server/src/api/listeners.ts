/** The servers of `api.listen`, `api.tls_listen` and `api.unix_listen`: one application behind all of them. */
import { chmodSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { formatListen, isLoopbackHost, type ListenAddress, parseListen } from '../config/listen.ts';
import type { Config } from '../config/schema.ts';
import { StreamError, toStreamError } from '../core/errors.ts';
import type { Logger } from '../util/log.ts';
import type { ApiSettings } from './context.ts';

export interface Handlers {
  readonly request: RequestListener;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** Which addresses, and who needs credentials there. */
export interface ListenSettings extends Pick<ApiSettings, 'extraListen' | 'keys' | 'requireCredentials'> {
  readonly api: Config['api'];
}

export interface Listeners {
  /** Where it really listens, such as `:1984`, `127.0.0.1:1984`, `/run/porthole.sock`. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

export const SERVER_OPTIONS = {
  headersTimeout: 5000,
  /** Clients may push video for days. */
  requestTimeout: 0,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 << 10,
  noDelay: true,
  /** Some clients ask for h2c with every request, and take an ordinary answer. */
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
};

/** Starts to listen. What cannot be listened on is logged as an error; rejects with StreamError if nothing is left. */
export async function openListeners(
  settings: ListenSettings,
  handlers: Handlers,
  log: Logger,
): Promise<Listeners> {
  const { api } = settings;
  const servers: Server[] = [];
  const addresses: string[] = [];
  const failures: StreamError[] = [];
  const open = async (create: () => Server, place: ListenAddress | string, kind: string): Promise<void> => {
    try {
      const server = create().on('request', handlers.request).on('upgrade', handlers.upgrade);
      server.on('clientError', (_, socket) => socket.destroy());
      const address = await listen(server, place);
      servers.push(server);
      addresses.push(address);
      log.info(kind, { addr: address });
    } catch (error) {
      const failure = toStreamError(error);
      failures.push(failure);
      log.error(kind, { error: failure.message });
    }
  };
  const plain = parseListen(api.listen);
  if (plain) await open(() => createServer(SERVER_OPTIONS), plain, 'listen');
  for (const text of settings.extraListen ?? []) {
    const place = parseListen(text);
    if (place) await open(() => createServer(SERVER_OPTIONS), place, 'listen');
  }
  const secure = parseListen(api.tls_listen);
  if (secure) {
    const create = () =>
      createTlsServer({
        ...SERVER_OPTIONS,
        cert: pem(api.tls_cert, 'api.tls_cert'),
        key: pem(api.tls_key, 'api.tls_key'),
      }) as unknown as Server;
    await open(create, secure, 'tls listen');
  }
  if (api.unix_listen) await open(() => createServer(SERVER_OPTIONS), api.unix_listen, 'unix listen');
  if (servers.length === 0 && failures[0]) throw failures[0];
  if (openToNetwork(settings)) {
    log.warn(
      'open to the network without a password: set api.username and api.password, or listen on 127.0.0.1',
    );
  }
  return {
    addresses,
    async close() {
      if (addresses.includes(api.unix_listen)) removeSocket(api.unix_listen);
      await Promise.all(
        servers.map((server) => {
          const closed = new Promise((resolve) => server.close(resolve));
          server.closeAllConnections();
          return closed;
        }),
      );
    },
  };
}

/** Whether other machines reach the API and nobody asks them for a password. */
export function openToNetwork({ api, extraListen, keys, requireCredentials }: ListenSettings): boolean {
  if (api.username !== undefined || api.password !== undefined) return false;
  if (requireCredentials ?? (keys !== undefined && keys.length > 0)) return false;
  return [api.listen, api.tls_listen, ...(extraListen ?? [])].some((text) => {
    const address = parseListen(text);
    return address !== undefined && !isLoopbackHost(address.host);
  });
}

async function listen(server: Server, place: ListenAddress | string): Promise<string> {
  if (typeof place === 'string') removeSocket(place);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const options = typeof place === 'string' ? { path: place } : { host: place.host, port: place.port };
    server.listen(options, () => resolve());
  });
  server.on('error', () => {});
  if (typeof place === 'string') {
    chmodSync(place, 0o660);
    return place;
  }
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : place.port;
  return formatListen({ ...place, port });
}

/** What a server before us left; never a file that is no socket. */
function removeSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
}

/** PEM text, or the name of a file with it. */
function pem(value: string | undefined, key: string): string {
  if (!value) throw new StreamError('invalid', `${key} is missing`);
  return value.includes('\n') ? value : readFileSync(value, 'utf8');
}
