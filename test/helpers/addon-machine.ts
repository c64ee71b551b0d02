/** The add-on on this machine, in folders and with a Supervisor of its own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeSupervisor, startSupervisor } from '../fakes/supervisor.ts';
import { freePort } from './ports.ts';
import { runOk, spawnTied } from './run.ts';
import { until } from './wait.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Of the integration that comes with it. */
export const VERSION = '9.9.9';
export const USER = { uid: 61_984, gid: 61_985 };
/** As long as the Supervisor waits before it kills. */
const STOP_TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 20_000;

/** The program as the add-on has it, in this folder. Resolves with its path. */
export async function bundleProgram(folder: string): Promise<string> {
  const program = join(folder, 'server.cjs');
  const script = `
    import { bundleServer } from '${ROOT}/scripts/build.mjs';
    await bundleServer('${ROOT}/server/src/main.ts', '${program}');`;
  await runOk(process.execPath, ['--input-type=module', '-e', script]);
  return program;
}

/** Core as far as the add-on needs one. */
function createCore() {
  const user = (id: string, groups: string[]) => ({
    id,
    is_owner: false,
    is_active: true,
    group_ids: groups,
  });
  const core = {
    actions: [] as string[],
    command(type: string): unknown {
      if (type === 'config/auth/list') return [user('a1', ['system-admin']), user('b2', ['system-users'])];
      throw new Error('not_found');
    },
    action: (name: string) => void core.actions.push(name),
  };
  return core;
}

/** A machine with the add-on's folders, and the program in it. */
export class Machine implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'porthole-addon-'));
  readonly core: ReturnType<typeof createCore>;
  readonly supervisor: FakeSupervisor;
  readonly port: number;
  log = '';
  readonly #program: string;
  #process: ChildProcess | undefined;

  static async open(program: string): Promise<Machine> {
    const core = createCore();
    const supervisor = await startSupervisor({ ingressPort: await freePort(), core });
    return new Machine(program, supervisor, core, [await freePort(), await freePort(), await freePort()]);
  }

  constructor(
    program: string,
    supervisor: FakeSupervisor,
    core: ReturnType<typeof createCore>,
    [api, rtsp, webrtc]: readonly number[],
  ) {
    this.#program = program;
    this.supervisor = supervisor;
    this.core = core;
    this.port = api!;
    // Anybody may pass through; what lies inside says who may read it.
    chmodSync(this.root, 0o755);
    for (const folder of ['data', 'config', 'homeassistant', 'etc', 'dev', 'opt/porthole/integration']) {
      mkdirSync(join(this.root, folder), { recursive: true });
    }
    const manifest = { domain: 'porthole', name: 'Porthole', version: VERSION };
    this.write('opt/porthole/integration/manifest.json', JSON.stringify(manifest));
    this.write('etc/passwd', `porthole:x:${USER.uid}:${USER.gid}::/:/bin/false\n`);
    this.write('homeassistant/go2rtc.yaml', 'streams: {old: "rtsp://192.0.2.1/"}\n');
    // The ports of the options are those of real machines: another server of this one may have them.
    this.write(
      'config/porthole.yaml',
      `api: {listen: "127.0.0.1:${api}"}\nrtsp: {listen: "127.0.0.1:${rtsp}"}\nwebrtc: {listen: "127.0.0.1:${webrtc}"}\n`,
    );
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  /** Starts the add-on with these options; resolves when core was told. */
  async start(options: object = {}): Promise<void> {
    this.write('data/options.json', JSON.stringify(options));
    const told = this.supervisor.calls.length;
    const child = spawnTied(process.execPath, [this.#program], {
      cwd: '/',
      env: { PATH: process.env.PATH, ADDON_ROOT: this.root, ...this.supervisor.addonEnv },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
      });
    }
    const calls = () => this.supervisor.calls.slice(told);
    await until(
      'core to be told',
      () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
        return calls().some(({ path, status }) => path === '/discovery' && status === 200);
      },
      START_TIMEOUT_MS,
    ).catch((error) => {
      throw new Error(`${error.message}\n${this.log}`);
    });
  }

  /** SIGTERM, as `docker stop` sends it; resolves with the exit code and how long it took. */
  async stop(): Promise<{ code: number | null; ms: number }> {
    const child = this.#process;
    if (!child || child.exitCode !== null) return { code: child?.exitCode ?? null, ms: 0 };
    const began = performance.now();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const [code] = (await ended) as [number | null];
    clearTimeout(timer);
    return { code, ms: performance.now() - began };
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  /** A line of /proc/PID/status. */
  status(name: string): number[] {
    const text = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)![1]!.split(/\s+/).filter(Boolean).map(Number);
  }

  fetch(path: string, init: RequestInit = {}, port = this.port): Promise<Response> {
    return fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000), ...init });
  }

  /** The state of the server, as docs/api.md has it. */
  async server(port = this.port) {
    const answer = await this.fetch('/api/cameras', {}, port);
    return ((await answer.json()) as { server: ServerState }).server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.supervisor[Symbol.asyncDispose]();
    rmSync(this.root, { recursive: true, force: true });
  }
}

export interface ServerState {
  readonly id: string;
  readonly addon: boolean;
  readonly integration: Readonly<Record<string, unknown>>;
  readonly conflicts: readonly { readonly port: number; readonly by: string; readonly instead: number }[];
  readonly import?: { readonly path: string };
  readonly role: string;
}
