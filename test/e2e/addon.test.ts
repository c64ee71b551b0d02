/** The built server as an add-on of a stand-in Supervisor, on this machine: from its options to Home Assistant and back. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { type FakeSupervisor, startSupervisor } from '../fakes/supervisor.ts';
import { freePort } from '../helpers/ports.ts';
import { runOk, spawnTied } from '../helpers/run.ts';
import { until } from '../helpers/wait.ts';

const ROOT = join(import.meta.dirname, '../..');
const VERSION = '9.9.9';
const USER = { uid: 61_984, gid: 61_985 };
/** As long as the Supervisor waits before it kills. */
const STOP_TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 20_000;
const isRoot = process.getuid!() === 0;

const ADMINISTRATOR = { id: 'a1', name: 'anna', displayName: 'Anna' };
const GUEST = { id: 'b2', name: 'ben', displayName: 'Ben' };

/** Core as far as this test needs one. */
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
class Machine implements AsyncDisposable {
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

  /** A line of /proc/PID/status. */
  status(name: string): number[] {
    const text = readFileSync(`/proc/${this.#process!.pid}/status`, 'utf8');
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

interface ServerState {
  readonly id: string;
  readonly addon: boolean;
  readonly integration: Readonly<Record<string, unknown>>;
  readonly conflicts: readonly { readonly port: number; readonly by: string; readonly instead: number }[];
  readonly import?: { readonly path: string };
  readonly role: string;
}

describe('the add-on', () => {
  let folder: string;
  let program: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-bundle-'));
    program = join(folder, 'server.cjs');
    const script = `
      import { bundleServer } from '${ROOT}/scripts/build.mjs';
      await bundleServer('${ROOT}/server/src/main.ts', '${program}');`;
    await runOk(process.execPath, ['--input-type=module', '-e', script]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('puts its integration in place, announces itself, and asks for a restart until the integration says hello', async () => {
    await using machine = await Machine.open(program);
    const { supervisor, core } = machine;
    await machine.start();

    const installed = JSON.parse(machine.read('homeassistant/custom_components/porthole/manifest.json'));
    assert.equal(installed.version, VERSION);
    const [message] = supervisor.messages;
    const { id, password, ...rest } = message!.config;
    assert.deepEqual(rest, { host: '127.0.0.1', port: machine.port, username: 'homeassistant' });
    assert.match(String(id), /^[0-9a-f-]{36}$/);
    assert.match(String(password), /^[0-9a-f]{64}$/);
    assert.ok(!machine.log.includes(String(password)) && !machine.log.includes(supervisor.addonToken));

    await until('a notice', () => core.actions.includes('persistent_notification.create'));
    const server = await machine.server();
    assert.deepEqual([server.id, server.addon, server.conflicts], [id, true, []]);
    assert.deepEqual(server.integration, {
      connected: false,
      installed: VERSION,
      bundled: VERSION,
      restart_required: true,
    });

    const socket = new WebSocket(`ws://127.0.0.1:${machine.port}/api/events`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'hello', client: 'home-assistant', version: VERSION }));
    await until('the notice to go', () => core.actions.includes('persistent_notification.dismiss'));
    const { connected, restart_required } = (await machine.server()).integration;
    assert.deepEqual([connected, restart_required], [true, false]);
    socket.terminate();
  });

  test('runs as a user of its own, and its folders are of that user alone', {
    skip: isRoot ? false : 'only root can become another user',
  }, async () => {
    await using machine = await Machine.open(program);
    await machine.start();
    assert.deepEqual(machine.status('Uid'), Array(4).fill(USER.uid));
    assert.deepEqual(machine.status('Gid'), Array(4).fill(USER.gid));
    assert.ok(!machine.status('Groups').includes(0));
    assert.deepEqual(machine.status('CapEff'), [0]);
    for (const path of ['data', 'data/state.json', 'config', 'config/porthole.yaml']) {
      const { uid, mode } = statSync(join(machine.root, path));
      assert.deepEqual([uid, path.includes('.yaml') ? 0 : mode & 0o077], [USER.uid, 0], path);
    }
    const { uid } = statSync(join(machine.root, 'homeassistant/custom_components/porthole'));
    assert.equal(uid, 0, "what is Home Assistant's stays root's");
    // A change of the config reaches the file though the process is nobody special.
    const added = await machine.fetch('/api/streams?name=garden&src=rtsp://192.0.2.9/', { method: 'PUT' });
    assert.equal(added.status, 200, await added.text());
    assert.match(machine.read('config/porthole.yaml'), /garden/);
  });

  test('is the same for core after a restart, also with another address', async () => {
    await using machine = await Machine.open(program);
    await machine.start();
    const before = machine.supervisor.messages[0]!;
    const { code, ms } = await machine.stop();
    assert.equal(code, 0);
    assert.ok(ms < 5000, `${ms} ms`);
    const port = await freePort();
    machine.write('config/porthole.yaml', `api: {listen: "127.0.0.1:${port}"}\nrtsp: {listen: ""}\n`);
    await machine.start({ webrtc_port: await freePort() });
    const [after, ...more] = machine.supervisor.messages;
    assert.deepEqual(after, { ...before, config: { ...before.config, port } });
    assert.deepEqual(more, []);
    await until('the watchdog to be told', () => machine.supervisor.network['1984/tcp'] === port);
  });

  test('through ingress, administrators administer and others watch', async () => {
    await using machine = await Machine.open(program);
    await machine.start();
    const as = async (user: typeof GUEST, path: string, init: RequestInit = {}) => {
      const { url, headers } = machine.supervisor.openIngress(user);
      return fetch(url + path, { ...init, headers });
    };
    const roleOf = async (user: typeof GUEST) =>
      ((await (await as(user, 'api/cameras')).json()) as { server: ServerState }).server.role;
    assert.deepEqual([await roleOf(ADMINISTRATOR), await roleOf(GUEST)], ['admin', 'viewer']);
    assert.equal(await roleOf({ id: 'nobody', name: '', displayName: '' }), 'viewer');
    assert.equal((await as(ADMINISTRATOR, 'api/config')).status, 200);
    assert.equal((await as(GUEST, 'api/config')).status, 403);
    assert.equal(
      (await as(GUEST, 'api/streams?name=x&src=rtsp://192.0.2.9/', { method: 'PUT' })).status,
      403,
    );
  });

  test('from elsewhere only the key of its integration opens it', async () => {
    await using machine = await Machine.open(program);
    await machine.start();
    // A request that was passed on is not from this machine.
    const elsewhere = { 'x-forwarded-for': '192.0.2.7' };
    const { username, password } = machine.supervisor.messages[0]!.config;
    const basic = (name: unknown, word: unknown) => ({
      authorization: `Basic ${Buffer.from(`${name}:${word}`).toString('base64')}`,
    });
    const status = async (headers: Record<string, string>, path = '/api/config') =>
      (await machine.fetch(path, { headers: { ...elsewhere, ...headers } })).status;
    assert.equal(await status({}), 401);
    assert.equal(await status(basic(username, 'wrong')), 401);
    assert.equal(await status(basic(username, password)), 200);
    assert.equal(await status({}, '/api/health'), 200, 'the watchdog has no key');
  });

  test('whose port somebody has names them and takes the next one', async () => {
    await using machine = await Machine.open(program);
    const other = createServer((_, response) =>
      response.end('{"version": "1.9.9", "config_path": "/config/go2rtc.yaml", "rtsp": {"listen": ":8554"}}'),
    ).listen(machine.port, '127.0.0.1');
    await once(other, 'listening');
    try {
      await machine.start();
      const { port } = machine.supervisor.messages[0]!.config as { port: number };
      assert.ok(port > machine.port);
      const { conflicts } = await machine.server(port);
      assert.deepEqual([conflicts[0]!.port, conflicts[0]!.instead], [machine.port, port]);
      assert.match(conflicts[0]!.by, /^go2rtc 1\.9\.9 of the WebRTC integration/);
      assert.match(machine.log, /WRN \[addon\] port in use .*go2rtc 1\.9\.9/);
      await until('the watchdog to be told', () => machine.supervisor.network['1984/tcp'] === port);
    } finally {
      other.close();
    }
  });

  test('offers the streams of a go2rtc.yaml, until they are taken over', async () => {
    await using machine = await Machine.open(program);
    await machine.start();
    assert.deepEqual((await machine.server()).import, {
      path: join(machine.root, 'homeassistant/go2rtc.yaml'),
    });
    const answer = await machine.fetch('/api/import', { method: 'POST' });
    assert.deepEqual(await answer.json(), { added: ['old'], skipped: [] });
    assert.equal((await machine.server()).import, undefined);
    assert.match(machine.read('config/porthole.yaml'), /old:\s+- rtsp/);
  });

  test('with mistakes in its options says which, and runs', async () => {
    await using machine = await Machine.open(program);
    await machine.start({ log_level: 'shout', username: 'anna', password: '', install_integration: false });
    assert.match(machine.log, /WRN \[addon\] options .*log_level/);
    assert.match(machine.log, /WRN \[addon\] options .*password: missing/);
    assert.ok(!existsSync(join(machine.root, 'homeassistant/custom_components')));
    assert.equal((await machine.server()).integration.restart_required, false);
  });

  test('is started anew by the Supervisor', async () => {
    await using machine = await Machine.open(program);
    await machine.start();
    assert.equal((await machine.fetch('/api/restart', { method: 'POST' })).status, 200);
    await until('the Supervisor to be asked', () => machine.supervisor.restarts === 1);
  });

  test('starts though the Supervisor is slow', async () => {
    await using machine = await Machine.open(program);
    machine.supervisor.down = true;
    setTimeout(() => {
      machine.supervisor.down = false;
    }, 700);
    await machine.start();
    assert.equal((await machine.server()).addon, true);
  });
});

test('without a Supervisor the same program is no add-on', async () => {
  const { findSurroundings } = await import('../../server/src/homeassistant/surroundings.ts');
  assert.equal(findSurroundings({ SUPERVISOR_TOKEN: 'x', ADDON_ROOT: '/nowhere' }), undefined);
  assert.equal(findSurroundings({}), undefined);
});
