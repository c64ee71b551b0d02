/** The built server as an add-on of a stand-in Supervisor, on this machine: from its options to Home Assistant and back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { bundleProgram, Machine, type ServerState, USER, VERSION } from '../helpers/addon-machine.ts';
import { freePort } from '../helpers/ports.ts';
import { until } from '../helpers/wait.ts';

const isRoot = process.getuid!() === 0;

const ADMINISTRATOR = { id: 'a1', name: 'anna', displayName: 'Anna' };
const GUEST = { id: 'b2', name: 'ben', displayName: 'Ben' };

describe('the add-on', () => {
  let folder: string;
  let program: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-bundle-'));
    program = await bundleProgram(folder);
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

  test('starts without a Supervisor, which finds it when it comes', async () => {
    await using machine = await Machine.open(program);
    machine.supervisor.down = true;
    const told = machine.start();
    const health = () =>
      machine
        .fetch('/api/health')
        .then(({ ok }) => ok)
        .catch(() => false);
    await until('the server', health, 15_000);
    machine.supervisor.down = false;
    await told;
    const { url, headers } = machine.supervisor.openIngress(ADMINISTRATOR);
    assert.equal((await fetch(`${url}api/config`, { headers })).status, 200);
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
