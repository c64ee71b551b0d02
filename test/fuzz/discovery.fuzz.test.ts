/** What anybody in the network may say while we look for cameras: DVRIP answers, DNS packets, Home Assistant's lists. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { readDevice, writeSearch } from '../../server/src/formats/dvrip/message.ts';
import type { Services } from '../../server/src/formats/format.ts';
import { readEntries } from '../../server/src/formats/hass/imported.ts';
import { camerasOf as entitiesOf } from '../../server/src/formats/hass/scan.ts';
import { scan } from '../../server/src/formats/mdns/scan.ts';
import { camerasOf } from '../../server/src/formats/mdns/services.ts';
import { openMdns } from '../../server/src/net/mdns.ts';
import { createLogger } from '../../server/src/util/log.ts';
import { createRandom, mutate } from './mutate.ts';

const ROUNDS = 5000;
const random = createRandom(20261127);

test('DVRIP answers', () => {
  const body = '{"NetWork.NetCommon":{"HostIP":"0x0A01A8C0","HostName":"Yard","SN":"a1"},"Ret":100}\n\0';
  const head = writeSearch();
  head.writeUInt32LE(body.length, 16);
  const seed = Buffer.concat([head, Buffer.from(body)]);
  let read = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const device = readDevice(mutate(seed, random));
    if (!device) continue;
    read++;
    assert.match(device.address, /^(?:[\d.]{7,15})?$/);
  }
  assert.ok(read > ROUNDS / 20, `${read} read`);
});

test('services of all names', () => {
  const texts = [
    'hap',
    'rtsp',
    'HIKVISION DS-2CD',
    '/a b#c\u0000\ud800',
    '17',
    '192.168.1.5',
    '',
    '__proto__',
  ];
  const pick = (): string => mutate(Buffer.from(texts[random(texts.length)]!), random).toString('utf8');
  for (let round = 0; round < ROUNDS; round++) {
    const service = {
      ...{
        type: random(3) ? texts[random(2)]! : pick(),
        name: pick(),
        address: '192.0.2.5',
        port: random(70_000),
      },
      txt: new Map([
        ['ci', random(2) ? '17' : pick()],
        ['path', pick()],
      ]),
    };
    for (const { sources, name } of camerasOf([service])) {
      assert.ok(name.length > 0 && name.length <= 100);
      for (const { source } of sources) assert.match(source, /^(?:rtsp|onvif):\/\/192\.0\.2\.5[^\s#]*$/);
    }
  }
});

test('DNS packets, by multicast on loopback', async (t) => {
  // A real announcement as the seed.
  const packets: Buffer[] = [];
  const ear = createSocket({ type: 'udp4', reuseAddr: true });
  t.after(() => ear.close());
  ear.on('message', (bytes) => packets.push(bytes));
  ear.bind(5353);
  await once(ear, 'listening');
  ear.addMembership('224.0.0.251', '127.0.0.1');
  ear.setMulticastInterface('127.0.0.1');
  const mdns = openMdns('127.0.0.1', () => {});
  t.after(() => mdns.destroy());
  mdns.publish({ name: 'fuzz', type: 'rtsp', port: 554, probe: false, txt: { path: '/1' } });
  const context = { services: {} as Services, log: createLogger('test'), signal: AbortSignal.timeout(5000) };
  const scanning = scan(context, ['127.0.0.1']);
  const timer = setInterval(() => {
    const seed = packets[random(packets.length)];
    for (let count = 0; seed && count < 20; count++) ear.send(mutate(seed, random), 5353, '224.0.0.251');
  }, 20);
  const found = await scanning;
  clearInterval(timer);
  assert.ok(packets.length > 50, `${packets.length} packets`);
  assert.ok(found.some(({ sources }) => sources.some(({ source }) => source.endsWith('/1'))));
});

test('lists of Home Assistant', () => {
  const core = { http: 'http://ha:8123', websocket: '', token: '', bySupervisor: false };
  const states = '[{"entity_id":"camera.a","state":"idle","attributes":{"friendly_name":"A","brand":"B"}}]';
  const entries =
    '{"data":{"entries":[{"domain":"generic","title":"T","options":{"stream_source":"rtsp://x"}}]}}';
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutate(Buffer.from(random(2) ? states : entries), random).toString('utf8');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      assert.throws(() => readEntries(text), { code: 'protocol' });
      continue;
    }
    readEntries(text);
    for (const { sources } of entitiesOf(core, value, value))
      assert.match(sources[0]!.source, /^hass:\/\/ha\?entity_id=camera\.[a-z0-9_]+$/);
  }
});
