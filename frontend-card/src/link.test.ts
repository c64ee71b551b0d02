import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Hass, Message } from './hass.ts';
import { linkTo } from './link.ts';

const ANSWER = {
  available: true,
  tier: 'auto',
  control: true,
  camera: { id: 'door', sub: 'door_sub' },
  paths: {
    base: '/api/porthole/1/',
    main: { ws: '/api/porthole/1/ws?src=door&authSig=a', frame: '/api/porthole/1/frame?src=door&authSig=b' },
    sub: { ws: '/api/porthole/1/ws?src=door_sub&authSig=c' },
  },
  ice_servers: [{ urls: 'stun:x' }],
};

/** Answers by `respond`, and keeps what was asked. */
function fakeHass(respond: (message: Message) => unknown) {
  const asked: Message[] = [];
  const hass: Hass = {
    states: {},
    hassUrl: (path) => `https://ha.local${path}`,
    callService: async () => undefined,
    connection: {
      async sendMessagePromise<T>(message: Message) {
        asked.push(message);
        return respond(message) as T;
      },
      subscribeMessage: async () => () => undefined,
    },
  };
  return { asked, hass };
}

before(() => {
  Object.assign(globalThis, { document: { baseURI: 'https://ha.local/lovelace' } });
});

test('paths become addresses', async () => {
  const { hass } = fakeHass(() => ANSWER);
  const link = linkTo({ entity: 'camera.door' }, () => hass);
  assert.deepEqual(await link.connect('main'), {
    socket: 'wss://ha.local/api/porthole/1/ws?src=door&authSig=a',
    base: 'https://ha.local/api/porthole/1/',
    poster: 'https://ha.local/api/porthole/1/frame?src=door&authSig=b&width=960',
    iceServers: [{ urls: 'stun:x' }],
  });
  const { socket, poster } = await link.connect('sub');
  assert.deepEqual([socket.includes('door_sub'), poster], [true, undefined]);
  assert.equal((await link.info())?.hasSub, true);
});

test('first connections share one answer; later ones ask again, for paths expire', async (context) => {
  context.mock.timers.enable({ apis: ['Date'] });
  const { hass, asked } = fakeHass(() => ANSWER);
  const link = linkTo({ entity: 'camera.door' }, () => hass);
  await link.info();
  context.mock.timers.tick(30_000);
  await link.connect('sub');
  await link.connect('main');
  assert.equal(asked.length, 1);
  await link.connect('main');
  assert.equal(asked.length, 2);
});

test("Home Assistant's errors in words", async () => {
  const failing = (code: string) =>
    linkTo(
      { entity: 'camera.door' },
      () => fakeHass(() => Promise.reject({ code, message: 'own words' })).hass,
    );
  await assert.rejects(failing('not_ready').connect('main'), /The Porthole server is not connected/);
  await assert.rejects(failing('unauthorized').connect('main'), /not allowed/);
  await assert.rejects(failing('failed').connect('main'), /own words/);
});

test('a stream by name is the entity that has it', async () => {
  const { hass, asked } = fakeHass(({ type }) =>
    type === 'porthole/cameras' ? [{ entity_id: 'camera.door' }] : ANSWER,
  );
  await linkTo({ stream: 'door_sub' }, () => hass).connect('main');
  assert.equal(asked.at(-1)?.entity_id, 'camera.door');
  await assert.rejects(
    linkTo({ stream: 'attic' }, () => hass).connect('main'),
    /No camera of Porthole has the stream attic/,
  );
  await assert.rejects(linkTo({ stream: 'rtsp://cam/1' }, () => hass).connect('main'), /address of a camera/);
});

test('a server by its address is spoken to directly', async () => {
  const { hass, asked } = fakeHass(() => ANSWER);
  assert.equal(await linkTo({ stream: 'a', server: 'http://x:1984/' }, () => hass).info(), undefined);
  assert.equal(asked.length, 0);
});
