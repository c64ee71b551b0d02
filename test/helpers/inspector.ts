/** Looks into a Node process that runs with `--inspect=127.0.0.1:PORT`: what is still alive after a garbage collection. */
import { once } from 'node:events';

export interface Alive {
  readonly heapMiB: number;
  /** Buffers and other memory outside the heap. */
  readonly externalMiB: number;
  /** Sockets, servers, timers, child processes that keep the process running, sorted by name. */
  readonly handles: readonly string[];
}

const SNAPSHOT = `({
  heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
  externalMiB: process.memoryUsage().external / 2 ** 20,
  handles: process.getActiveResourcesInfo().sort(),
})`;

/** Collects garbage in the process and tells what is left. */
export async function inspectAlive(port: number): Promise<Alive> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(target!.webSocketDebuggerUrl);
  await once(socket, 'open');
  let lastId = 0;
  const call = async (method: string, params: object = {}): Promise<{ result: { value: unknown } }> => {
    const id = ++lastId;
    socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [{ data }] = (await once(socket, 'message')) as [{ data: string }];
      const message = JSON.parse(data) as { id?: number; result: { result: { value: unknown } } };
      if (message.id === id) return message.result;
    }
  };
  try {
    for (let round = 0; round < 3; round++) await call('HeapProfiler.collectGarbage');
    const { result } = await call('Runtime.evaluate', { expression: SNAPSHOT, returnByValue: true });
    return result.value as Alive;
  } finally {
    socket.close();
  }
}
