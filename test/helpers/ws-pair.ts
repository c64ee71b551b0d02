/** Two ends of a WebSocket over loopback: the server's, as formats write to it, and the `ws` package's client as judge. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { WsConnection } from '../../server/src/net/ws-frame.ts';
import { until } from './wait.ts';

export interface WsPair {
  readonly connection: WsConnection;
  readonly client: WebSocket;
  /** JSON messages received so far, and binary ones. */
  readonly texts: readonly { readonly type: string; readonly value?: string }[];
  readonly binaries: readonly Buffer[];
  /** Resolves when this many binary messages have come. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function wsPair(): Promise<WsPair> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const { promise: connected, resolve } = Promise.withResolvers<WsConnection>();
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (websocket) => resolve({ websocket, socket })),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const opened = once(client, 'open');
  const texts: { type: string; value?: string }[] = [];
  const binaries: Buffer[] = [];
  client.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) binaries.push(data);
    else texts.push(JSON.parse(data.toString()));
  });
  const connection = await connected;
  await opened;
  return {
    connection,
    client,
    texts,
    binaries,
    received: async (count) => {
      await until(`${count} binary messages`, () => binaries.length >= count);
    },
    async close() {
      client.terminate();
      connection.websocket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}
