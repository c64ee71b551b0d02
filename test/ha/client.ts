/** Home Assistant's go2rtc client, in the Python of the core that uses it, as an object of the tests. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawnTied } from '../helpers/run.ts';
import { CORE_HOME, installCore } from './core.ts';

const PYTHON = join(CORE_HOME, 'venv/bin/python');
const BRIDGE = join(import.meta.dirname, 'client.py');

/** What the client made of a websocket message: `kind` is its class. */
export interface HaMessage {
  readonly kind: string;
  readonly sdp?: string;
  readonly candidate?: string;
  readonly error?: string;
}

export class HaClient {
  /** Everything that came over the websocket. */
  readonly messages: HaMessage[] = [];
  onMessage: (message: HaMessage) => void = () => {};
  /** Everything it logged: unknown messages are errors there. */
  log = '';
  readonly #process: ChildProcess;
  readonly #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #lastId = 0;

  constructor(process: ChildProcess) {
    this.#process = process;
    process.stderr!.on('data', (bytes) => {
      this.log += bytes;
    });
    createInterface({ input: process.stdout! }).on('line', (line) => this.#read(line));
  }

  /** Calls the REST client (`streams.list`) or the websocket (`ws.connect`, `ws.offer`, `ws.candidate`, `ws.close`). */
  call(name: string, args: readonly unknown[] = [], options: object = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    this.#process.stdin!.write(`${JSON.stringify({ id, call: name, args, options })}\n`);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
  }

  #read(line: string): void {
    const { id, result, error, message } = JSON.parse(line) as {
      id?: number;
      result?: unknown;
      error?: string;
      message?: HaMessage;
    };
    if (message) {
      this.messages.push(message);
      this.onMessage(message);
    }
    if (id === undefined) return;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(result);
    else pending?.reject(new Error(`${error}\n${this.log}`));
  }
}

/** Installs core when it is missing (about a minute, once), and starts its client against a server. */
export async function startHaClient(url: string): Promise<HaClient> {
  await installCore();
  return new HaClient(spawnTied(PYTHON, [BRIDGE, url], { stdio: ['pipe', 'pipe', 'pipe'] }));
}
