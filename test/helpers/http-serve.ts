/** A bare HTTP server for outputs that write to a raw response. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Served {
  /** `http://127.0.0.1:port` */
  readonly base: string;
  close(): void;
}

/** Answers each request with `answer`; what it rejects with becomes status 500 with the message. */
export async function serve(
  answer: (response: ServerResponse, request: IncomingMessage) => Promise<unknown>,
): Promise<Served> {
  const server = createServer((request, response) => {
    answer(response, request).catch((error: Error) => {
      if (!response.headersSent) response.statusCode = 500;
      response.end(error.message);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
