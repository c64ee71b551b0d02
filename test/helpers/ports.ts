/** Ports for servers under test. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { until } from './wait.ts';

const LOOPBACK = '127.0.0.1';

/** A port that nothing used a moment ago, neither TCP nor UDP. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = createSocket('udp4');
  try {
    socket.bind(port, LOOPBACK);
    await once(socket, 'listening');
    return port;
  } catch {
    return await freePort();
  } finally {
    socket.close();
    server.close();
  }
}

const TCP_LISTEN = '0A';

/** Waits until some process listens on this TCP port; a program that takes one client only is not connected to. */
export async function untilListening(port: number): Promise<void> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const isListening = (table: string): boolean =>
    readFileSync(table, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .some(([, address = '', , state]) => address.endsWith(local) && state === TCP_LISTEN);
  await until(
    `a listener on port ${port}`,
    () => isListening('/proc/net/tcp') || isListening('/proc/net/tcp6'),
  );
}
