import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startSupervisor } from '../../../test/fakes/supervisor.ts';
import { freePort } from '../../../test/helpers/ports.ts';
import { StreamError } from '../core/errors.ts';
import { askCore } from './core-socket.ts';
import { brokerOf, connectSupervisor, type Supervisor, whenReachable } from './supervisor.ts';

const failsWith = (code: string) => (error: unknown) => error instanceof StreamError && error.code === code;

async function open() {
  const actions: [string, unknown][] = [];
  const fake = await startSupervisor({
    ingressPort: 62345,
    core: {
      command(type, command) {
        if (type === 'echo') return command;
        throw new Error('not_found');
      },
      action: (name, data) => void actions.push([name, data]),
    },
  });
  const supervisor = connectSupervisor({ host: fake.host, token: fake.addonToken });
  return { fake, supervisor, actions, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

describe('the Supervisor', () => {
  test('tells of the add-on', async () => {
    await using opened = await open();
    const info = await opened.supervisor.addonInfo();
    assert.deepEqual([info.ingress_port, info.ip_address], [62345, '127.0.0.1']);
    await opened.supervisor.setPorts({ ...info.network, '1984/tcp': 1985 });
    assert.equal((await opened.supervisor.addonInfo()).network?.['1984/tcp'], 1985);
  });

  test('takes an announcement, and a changed one in its place', async () => {
    await using opened = await open();
    const first = await opened.supervisor.announce('porthole', { port: 1 });
    assert.equal(await opened.supervisor.announce('porthole', { port: 1 }), first);
    assert.equal(await opened.supervisor.announce('porthole', { port: 2 }), first);
    assert.deepEqual(
      opened.fake.messages.map(({ config }) => config),
      [{ port: 2 }],
    );
    await assert.rejects(opened.supervisor.announce('other', {}), failsWith('unauthorized'));
  });

  test('knows a broker, or none, or one that came later', async () => {
    await using opened = await open();
    assert.equal(await brokerOf(opened.supervisor), undefined);
    opened.fake.mqtt = { host: 'core-mosquitto', port: 1883, username: 'addons', password: 'broker-secret' };
    assert.deepEqual(await brokerOf(opened.supervisor), {
      host: 'core-mosquitto',
      port: 1883,
      tls: false,
      username: 'addons',
      password: 'broker-secret',
    });
    opened.fake.down = true;
    assert.equal(await brokerOf(opened.supervisor), undefined);
    await assert.rejects(opened.supervisor.mqttBroker(), failsWith('unreachable'));
  });

  test("passes core's actions on", async () => {
    await using opened = await open();
    await opened.supervisor.callAction('persistent_notification.create', { message: 'hello' });
    assert.deepEqual(opened.actions, [['persistent_notification.create', { message: 'hello' }]]);
  });

  test('is waited for while it starts, not when it refuses', async () => {
    await using opened = await open();
    opened.fake.down = true;
    setTimeout(() => {
      opened.fake.down = false;
    }, 30);
    assert.equal((await whenReachable(opened.supervisor.addonInfo, [20, 50, 100, 200])).ingress_port, 62345);
    const stranger = connectSupervisor({ host: opened.fake.host, token: 'wrong-token' });
    const began = performance.now();
    await assert.rejects(whenReachable(stranger.addonInfo, [10_000]), failsWith('unauthorized'));
    assert.ok(performance.now() - began < 2000);
  });

  test('that is not there, or says nonsense, is an error with its reason', async () => {
    const nowhere = connectSupervisor({ host: `127.0.0.1:${await freePort()}`, token: 'token' });
    await assert.rejects(nowhere.addonInfo(), failsWith('unreachable'));
    const nonsense: Pick<Supervisor, 'mqttBroker'> = { mqttBroker: () => Promise.reject(new Error('x')) };
    assert.equal(await brokerOf(nonsense), undefined);
  });
});

describe('core, through the Supervisor', () => {
  test('answers a command', async () => {
    await using opened = await open();
    assert.deepEqual(await askCore(opened.supervisor, { type: 'echo', word: 'x' }), {
      id: 1,
      type: 'echo',
      word: 'x',
    });
  });

  test('says what is not there, refuses, or is not reached', async () => {
    await using opened = await open();
    await assert.rejects(askCore(opened.supervisor, { type: 'nothing' }), failsWith('not_found'));
    const stranger = { host: opened.fake.host, token: 'wrong' };
    await assert.rejects(askCore(stranger, { type: 'echo' }), failsWith('unauthorized'));
    opened.fake.down = true;
    await assert.rejects(askCore(opened.supervisor, { type: 'echo' }), failsWith('unreachable'));
  });
});
