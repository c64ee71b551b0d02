import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { loadConfig } from '../config/load.ts';
import { describeServer, planPorts } from './conflicts.ts';

const configFor = (api: string, rtsp = '', webrtc = '') =>
  loadConfig([
    {
      kind: 'document',
      text: JSON.stringify({ api: { listen: api }, rtsp: { listen: rtsp }, webrtc: { listen: webrtc } }),
    },
  ]).config;

/** Another server on a port of this machine, which answers `/api` with this. */
async function occupy(body: string) {
  const server = createServer((request, response) =>
    response.writeHead(request.url === '/api' ? 200 : 404).end(body),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.dispose]: () => void server.close().closeAllConnections() };
}

describe('ports that somebody else has', () => {
  test('free ones are left alone, and so are listeners that are off', async () => {
    assert.deepEqual(await planPorts(configFor('127.0.0.1:0'), undefined), { conflicts: [], overrides: [] });
    const free = await occupy('');
    free[Symbol.dispose]();
    const { conflicts } = await planPorts(configFor(`127.0.0.1:${free.port}`), undefined);
    assert.deepEqual(conflicts, []);
  });

  test('whoever has one is named, and the next one taken', async () => {
    using other = await occupy('{"version": "1.9.9", "config_path": "/dev/shm/go2rtc.yaml"}');
    const { conflicts, overrides } = await planPorts(configFor(`127.0.0.1:${other.port}`), undefined);
    const { port, by, instead } = conflicts[0]!;
    assert.deepEqual([port, by, conflicts.length], [other.port, 'go2rtc 1.9.9 of Frigate', 1]);
    assert.ok(instead > port);
    const { config } = loadConfig([{ kind: 'key', path: ['log', 'level'], text: 'info' }, ...overrides]);
    assert.equal(config.api.listen, `127.0.0.1:${instead}`);
  });

  test('the address of the Supervisor counts for the API', async () => {
    using other = await occupy('');
    const { conflicts } = await planPorts(configFor(`127.0.0.2:${other.port}`), '127.0.0.1');
    assert.deepEqual([conflicts[0]?.port, conflicts[0]?.by], [other.port, 'another program']);
  });

  test('UDP counts for WebRTC, and its transport stays', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    try {
      const { conflicts, overrides } = await planPorts(configFor('', '', `127.0.0.1:${port}/udp`), undefined);
      assert.equal(conflicts[0]?.port, port);
      assert.match(overrides[0]!.kind === 'key' ? overrides[0]!.text : '', /\/udp"$/);
      assert.deepEqual(
        (await planPorts(configFor('', '', `127.0.0.1:${port}/tcp`), undefined)).conflicts,
        [],
      );
    } finally {
      socket.close();
    }
  });

  test('what one has to give up costs no other one its own', async () => {
    using other = await occupy('');
    const next = other.port + 1;
    const { conflicts } = await planPorts(
      configFor('', `127.0.0.1:${other.port}`, `127.0.0.1:${next}`),
      undefined,
    );
    assert.ok(
      conflicts.every(({ port, instead }) => port !== next && instead !== next),
      JSON.stringify(conflicts),
    );
  });

  test('two of ours never get the same one', async () => {
    using other = await occupy('');
    const taken = `127.0.0.1:${other.port}`;
    const { conflicts } = await planPorts(configFor(taken, taken, taken), undefined);
    assert.equal(new Set(conflicts.map(({ instead }) => instead)).size, 3);
  });
});

describe('who answers', () => {
  for (const [body, name] of [
    ['{"version": "1.9.9", "config_path": "/tmp/tmpab12/go2rtc.yaml"}', 'go2rtc 1.9.9 of Home Assistant'],
    [
      '{"version": "1.8.5", "config_path": "/config/go2rtc.yaml"}',
      'go2rtc 1.8.5 of the WebRTC integration or the go2rtc add-on (/config/go2rtc.yaml)',
    ],
    ['{"version": "1.9.15", "config_path": "/config/porthole.yaml"}', 'go2rtc 1.9.15 (another Porthole)'],
    ['{"version": "1.9.9"}', 'go2rtc 1.9.9'],
    ['{"version": 1}', undefined],
    ['null', undefined],
    ['<html>', undefined],
  ] as const) {
    test(name ?? `not ${body}`, () => assert.equal(describeServer(body)?.name, name));
  }

  test('its RTSP port is known, too', () => {
    assert.deepEqual(describeServer('{"version": "1", "rtsp": {"listen": ":18554"}}')?.ports, [18554, 8555]);
  });
});
