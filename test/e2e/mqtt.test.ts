/** MQTT discovery against a real mosquitto: devices come, change, go, and come back with the broker. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import type { MqttCamera } from '../../server/src/homeassistant/mqtt/payloads.ts';
import type { MqttCommand } from '../../server/src/homeassistant/mqtt/publisher.ts';
import {
  type MqttPorts,
  type MqttSection,
  type MqttService,
  startMqtt,
} from '../../server/src/homeassistant/mqtt/service.ts';
import type { IntegrationPresence } from '../../server/src/homeassistant/mqtt/wanted.ts';
import { createLogger } from '../../server/src/util/log.ts';
import { type Mosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { until } from '../helpers/wait.ts';

const SERVER_ID = '1f0c9a2e-1111-4222-8333-444455556666';
const USER = { username: 'porthole', password: 'p"ä s' };
const ROOT = 'porthole/1f0c9a2e';
const CONFIG = 'homeassistant/device/porthole_1f0c9a2e_front_door/config';
const JPEG = Buffer.from('ffd8ffd9', 'hex');

const frontDoor: MqttCamera = {
  id: 'front_door',
  name: 'Front door',
  enabled: true,
  doorbell: true,
  status: 'idle',
  tracks: [],
  viewers: 0,
  events: ['motion'],
};

describe('MQTT discovery', { timeout: 60_000 }, () => {
  let broker: Mosquitto;
  let section: MqttSection;
  let home: MqttClient;
  let service: MqttService | undefined;
  let cameras: MqttCamera[];
  let presence: IntegrationPresence;
  let commands: [string, MqttCommand][];
  /** What a Home Assistant that is there sees: the last message of each topic. */
  let seen: Map<string, string>;
  let stills: string[];

  before(async () => {
    broker = await startMosquitto(USER);
    section = {
      mode: 'auto',
      host: '127.0.0.1',
      port: broker.port,
      tls: false,
      ...USER,
      discovery_prefix: 'homeassistant',
      topic_prefix: 'porthole',
      still_interval: 0,
    };
  });
  after(() => broker[Symbol.asyncDispose]());

  beforeEach(async () => {
    cameras = [frontDoor];
    presence = { connected: false, seenAt: undefined };
    commands = [];
    stills = [];
    home = await listen();
  });
  afterEach(async () => {
    await service?.close();
    service = undefined;
    for (const topic of seen.keys()) await home.publishAsync(topic, '', { retain: true });
    await home.endAsync();
  });

  async function listen(): Promise<MqttClient> {
    seen = new Map();
    const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { ...USER, reconnectPeriod: 200 });
    client.on('message', (topic, payload) => {
      if (payload.length > 0) seen.set(topic, payload.toString('latin1'));
      else seen.delete(topic);
    });
    await client.subscribeAsync(['porthole/#', 'homeassistant/#']);
    return client;
  }

  function start(): MqttService {
    const ports: MqttPorts = {
      serverId: SERVER_ID,
      section: () => section,
      broker: async () => undefined,
      cameras: () => cameras,
      presence: () => presence,
      async still(id) {
        stills.push(id);
        return JPEG;
      },
      command: (id, command) => commands.push([id, command]),
      log: createLogger('mqtt'),
    };
    service = startMqtt(ports);
    return service;
  }

  const has = (topic: string): Promise<string> => until(topic, () => seen.get(topic));
  const isGone = (topic: string) => until(`${topic} to go`, () => !seen.has(topic));

  test('a camera is a device with its values and a picture', async () => {
    start();
    const { device, components } = JSON.parse(await has(CONFIG));
    assert.equal(device.name, 'Front door');
    for (const key of ['camera', 'motion', 'ring', 'enabled', 'restart']) assert.ok(components[key], key);
    assert.equal(JSON.parse(await has(`${ROOT}/front_door/state`)).connectivity, 'ON');
    assert.equal(await has(`${ROOT}/status`), 'online');
    assert.equal(await has(`${ROOT}/front_door/still`), JPEG.toString('latin1'));
  });

  test('changes and events are told as they come', async () => {
    const mqtt = start();
    await has(`${ROOT}/front_door/still`);
    cameras = [{ ...frontDoor, status: 'live', viewers: 3, motion: true }];
    mqtt.news({ type: 'camera', camera: cameras[0]! });
    await until('three viewers', () => JSON.parse(seen.get(`${ROOT}/front_door/state`)!).viewers === 3);
    mqtt.news({ type: 'event', id: 'front_door', event: 'ring', active: true });
    assert.deepEqual(JSON.parse(await has(`${ROOT}/front_door/event`)), { event_type: 'ring' });
    await until('a picture of who rang', () => stills.length === 2);
  });

  test('the switch and the button of Home Assistant arrive; nonsense does not', async () => {
    start();
    await has(CONFIG);
    await home.publishAsync(`${ROOT}/front_door/enabled/set`, 'perhaps');
    await home.publishAsync(`${ROOT}/nobody/restart`, 'PRESS');
    await home.publishAsync(`${ROOT}/front_door/enabled/set`, 'OFF');
    await home.publishAsync(`${ROOT}/front_door/restart`, 'PRESS');
    await until('two commands', () => commands.length >= 2);
    assert.deepEqual(commands, [
      ['front_door', { kind: 'enable', on: false }],
      ['front_door', { kind: 'restart' }],
    ]);
  });

  test('a deleted camera takes its device along, also when it was deleted while we were away', async () => {
    await home.publishAsync('homeassistant/device/porthole_1f0c9a2e_old/config', '{"x":1}', { retain: true });
    await home.publishAsync('homeassistant/device/other/config', '{"x":1}', { retain: true });
    const mqtt = start();
    await has(`${ROOT}/front_door/still`);
    await isGone('homeassistant/device/porthole_1f0c9a2e_old/config');
    cameras = [];
    mqtt.news({ type: 'removed', id: 'front_door' });
    for (const topic of [CONFIG, `${ROOT}/front_door/state`, `${ROOT}/front_door/still`]) await isGone(topic);
    assert.ok(seen.has('homeassistant/device/other/config'));
  });

  test('the birth of Home Assistant makes everything be told again', async () => {
    start();
    await has(CONFIG);
    seen.clear();
    await home.publishAsync('homeassistant/status', 'online');
    await has(CONFIG);
    await has(`${ROOT}/front_door/state`);
  });

  test('an integration that connects ends it, and the devices go', async () => {
    const mqtt = start();
    await has(CONFIG);
    presence = { connected: true, seenAt: Date.now() };
    mqtt.refresh();
    await isGone(CONFIG);
    assert.equal(seen.get(`${ROOT}/status`), 'offline');
  });

  test('a stop says offline, and the devices stay', async () => {
    const mqtt = start();
    await has(CONFIG);
    await mqtt.close();
    await until('offline', () => seen.get(`${ROOT}/status`) === 'offline');
    assert.ok(seen.has(CONFIG));
  });

  test('a broker that restarts without its memory has everything again', async () => {
    section = { ...section, mode: 'on' };
    start();
    await has(CONFIG);
    await broker.stop();
    seen.clear();
    await sleep(300);
    await broker.start();
    await until('the device', () => seen.has(CONFIG), 20_000);
    await has(`${ROOT}/front_door/state`);
    assert.equal(await has(`${ROOT}/status`), 'online');
  });

  test('a wrong password is told once, without the password, and costs nothing else', async () => {
    section = { ...section, password: 'wrong-secret' };
    const mqtt = start();
    await sleep(500);
    assert.equal(mqtt.connected, false);
    await mqtt.close();
    section = { ...section, ...USER };
  });
});
