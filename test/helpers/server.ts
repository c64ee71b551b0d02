/** Porthole itself as a child process, on free ports of the loopback interface. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { spawnTied } from './run.ts';
import { until } from './wait.ts';

const ENTRY = join(import.meta.dirname, '../../server/src/main.ts');
/** Another program that speaks the same API and reads the same config, to be judged in Porthole's place. */
const { PEER } = process.env;
const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 8_000;

/** What `/api/streams?src=` tells, as far as tests look. */
export interface StreamInfo {
  readonly producers: readonly {
    readonly url?: string;
    readonly id?: number;
    readonly medias?: readonly string[];
    readonly receivers?: readonly {
      readonly codec: { readonly codec_name: string };
      readonly bytes: number;
    }[];
    readonly [more: string]: unknown;
  }[];
  readonly consumers: readonly { readonly format_name?: string; readonly bytes_send?: number }[] | null;
}

export class TestServer {
  readonly apiPort: number;
  readonly rtspPort: number;
  readonly webrtcPort: number;
  /** Everything printed so far, both streams. */
  log = '';
  readonly #folder: string;
  readonly #process: ChildProcess;

  constructor(folder: string, ports: readonly number[], process: ChildProcess) {
    this.#folder = folder;
    [this.apiPort, this.rtspPort, this.webrtcPort] = ports as [number, number, number];
    this.#process = process;
    for (const stream of [process.stdout!, process.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
      });
    }
  }

  get pid(): number {
    return this.#process.pid!;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  get configPath(): string {
    return join(this.#folder, 'porthole.yaml');
  }

  /** `/api/streams` → `http://127.0.0.1:PORT/api/streams` */
  url(path: string): string {
    return `http://127.0.0.1:${this.apiPort}${path}`;
  }

  rtsp(name: string): string {
    return `rtsp://127.0.0.1:${this.rtspPort}/${name}`;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url(path), { signal: AbortSignal.timeout(20_000), ...init });
  }

  async stream(name: string): Promise<StreamInfo> {
    const response = await this.fetch(`/api/streams?src=${encodeURIComponent(name)}`);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as StreamInfo;
  }

  /** Viewers of a stream. */
  async viewers(name: string): Promise<number> {
    return (await this.stream(name)).consumers?.length ?? 0;
  }

  /** Resident memory in MiB. */
  memory(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
  }

  /** Open sockets. */
  sockets(): number {
    return readdirSync(`/proc/${this.pid}/fd`).filter((fd) => {
      try {
        return readlinkSync(`/proc/${this.pid}/fd/${fd}`).startsWith('socket:');
      } catch {
        return false;
      }
    }).length;
  }

  /** Process ids of its children. */
  children(): number[] {
    return readdirSync(`/proc/${this.pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${this.pid}/task/${task}/children`, 'latin1')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    );
  }

  /** How the process ended; undefined while it runs. */
  get exitCode(): number | NodeJS.Signals | undefined {
    return this.#process.exitCode ?? this.#process.signalCode ?? undefined;
  }

  /** SIGTERM, as a service manager would; fails when the server does not end by itself. */
  async stop(): Promise<void> {
    if (this.running) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.#folder, { recursive: true, force: true });
    if (this.#process.signalCode === 'SIGKILL') throw new Error(`the server ignored SIGTERM\n${this.log}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/**
 * Starts the server with a config file of this text (or the JSON of this object; undefined = without a file) and waits
 * until its API listens. Ports and addresses are set beside it.
 */
export async function startServer(
  config: string | Readonly<Record<string, unknown>> | undefined,
  {
    env = {},
    command = [process.execPath, ENTRY],
    args = [],
  }: { env?: NodeJS.ProcessEnv; command?: readonly string[]; args?: readonly string[] } = {},
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-test-'));
  const file = join(folder, 'porthole.yaml');
  if (config !== undefined) {
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  }
  const ports = [await freePort(), await freePort(), await freePort()];
  const [api, rtsp, webrtc] = ports.map((port) => `127.0.0.1:${port}`);
  const listen = {
    api: { listen: api },
    rtsp: { listen: rtsp },
    webrtc: { listen: webrtc, candidates: [webrtc], ice_servers: [], filters: { loopback: true } },
  };
  const [program = '', ...words] = PEER ? [PEER] : command;
  const configs = [...(config === undefined ? [] : ['-c', file]), '-c', JSON.stringify(listen)];
  const child = spawnTied(program, [...words, ...configs, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const server = new TestServer(folder, ports, child);
  try {
    await until(
      'the API to listen',
      () => {
        if (!server.running) throw new Error('the server ended at once');
        return server.log.includes('INF [api] listen addr=');
      },
      START_TIMEOUT_MS,
    );
  } catch (error) {
    await server.stop().catch(() => {});
    throw new Error(`${(error as Error).message}\n${server.log}`);
  }
  return server;
}
