/** A TCP server of ours: its clients are counted, limited, and there until their sockets are closed. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { StreamError } from '../core/errors.ts';
import type { Logger } from '../util/log.ts';

export interface TcpServer<Client> {
  /** Where it really listens: another one than asked for if that was 0. */
  readonly port: number;
  readonly clients: ReadonlySet<Client>;
  /** Takes no more clients, and resolves when the last is gone: to end them is the caller's. */
  close(): Promise<void>;
}

const MAX_CLIENTS = 1000;

/** Starts to listen. `host` undefined: on all interfaces. Rejects with StreamError `unreachable` when it can't. */
export async function listenTcp<Client>(
  { host, port }: { readonly host: string | undefined; readonly port: number },
  serve: (socket: Socket) => Client,
  log: Logger,
): Promise<TcpServer<Client>> {
  const clients = new Set<Client>();
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    const client = serve(socket);
    clients.add(client);
    socket.once('close', () => clients.delete(client));
  });
  server.maxConnections = MAX_CLIENTS;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { message } = error as Error;
    throw new StreamError('unreachable', `cannot listen on ${host ?? ''}:${port}: ${message}`, error);
  }
  server.on('error', (error) => log.error('listen', { error }));
  return {
    port: (server.address() as AddressInfo).port,
    clients,
    async close() {
      server.close();
      if (server.listening || clients.size > 0) await once(server, 'close');
    },
  };
}
