/**
 * A proxy as Home Assistant's ingress is one: everything is below a prefix that the server does not know, also WebSockets.
 *
 *   http://127.0.0.1:PORT/api/hassio_ingress/TOKEN/api/cameras  →  http://127.0.0.1:SERVER/api/cameras
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface PrefixProxy {
  /** With a slash at the end. */
  readonly url: string;
  /** Requests that came from outside the prefix. */
  readonly strays: readonly string[];
  /** Cuts all connections and refuses further ones, or lets them through again. */
  block(isBlocked: boolean): void;
  close(): void;
}

export async function startPrefixProxy(
  port: number,
  prefix = '/api/hassio_ingress/TOKEN/',
): Promise<PrefixProxy> {
  const strays: string[] = [];
  const inner = (url = ''): string | undefined => {
    if (url.startsWith(prefix)) return `/${url.slice(prefix.length)}`;
    strays.push(url);
    return undefined;
  };
  const server = createServer((incoming, answer) => {
    const path = inner(incoming.url);
    if (path === undefined) {
      answer.writeHead(404).end();
      return;
    }
    const outgoing = request(
      { host: '127.0.0.1', port, path, method: incoming.method, headers: incoming.headers },
      (response) => {
        answer.writeHead(response.statusCode!, response.headers);
        response.pipe(answer);
      },
    );
    outgoing.on('error', () => answer.destroy());
    // What is answered in full has given its connection to the next request.
    answer.on('close', () => {
      if (!answer.writableFinished) outgoing.destroy();
    });
    incoming.pipe(outgoing);
  });
  server.on('upgrade', (incoming, socket, head) => {
    const path = inner(incoming.url);
    if (path === undefined) {
      socket.destroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      const headers = incoming.rawHeaders.reduce(
        (text, value, index) => text + value + (index % 2 ? '\r\n' : ': '),
        '',
      );
      upstream.write(`GET ${path} HTTP/1.1\r\n${headers}\r\n`);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    for (const end of [socket, upstream]) {
      end.on('error', () => {
        socket.destroy();
        upstream.destroy();
      });
    }
  });
  let blocked = false;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    if (blocked) socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    strays,
    block(isBlocked) {
      blocked = isBlocked;
      if (blocked) for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
