/**
 * One connection to a broker: keeps what is retained there equal to the cameras, and hears what Home Assistant sends.
 *
 *   connect → status online, discovery + state of every camera → changes as they come
 *           ← birth of Home Assistant: all of it again
 *           ← discovery messages of ours that no camera has: cleared, so that devices of deleted cameras go
 *
 * The broker's last will says `offline` when this server is gone. mqtt.js reconnects by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import type { Logger } from '../../util/log.ts';
import { discoveryPayload, type MqttCamera, ringPayload, statePayload } from './payloads.ts';
import type { Topics } from './topics.ts';

/** Where a broker is, and as whom to go there. */
export interface MqttBroker {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface PublisherSettings {
  readonly broker: MqttBroker;
  readonly topics: Topics;
  readonly log: Logger;
  /** The connection stands, for the first time or again. */
  readonly onConnect: () => void;
  /** Someone pressed, or switched, in Home Assistant. */
  readonly onCommand: (cameraId: string, command: MqttCommand) => void;
}

export type MqttCommand = { readonly kind: 'enable'; readonly on: boolean } | { readonly kind: 'restart' };

export interface Publisher {
  readonly connected: boolean;
  /** Tells of a camera that is new or changed. */
  show(camera: MqttCamera): void;
  /** Takes a camera's device and values away. */
  remove(id: string): void;
  ring(id: string): void;
  still(id: string, jpeg: Buffer): void;
  /** Says goodbye; `forget`: takes every device away first. Resolves when the broker has it, or is not there. */
  close(options?: { readonly forget?: boolean }): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const RETRY_MS = 5000;
const CLOSE_TIMEOUT_MS = 2000;
const RETAINED = { qos: 1, retain: true } as const;
/** Home Assistant subscribes to what it discovers a moment after its birth message. */
const BIRTH_DELAY_MS = 500;

/** Connects; what is shown before the connection stands is told when it does. */
export async function openPublisher({
  broker,
  topics,
  log,
  onConnect,
  onCommand,
}: PublisherSettings): Promise<Publisher> {
  const { connect } = await import('mqtt');
  const cameras = new Map<string, MqttCamera>();
  /** What the broker has, by topic: unchanged texts are not sent again. */
  const sent = new Map<string, string>();
  let failure = '';
  let birthTimer: NodeJS.Timeout | undefined;

  const client: MqttClient = connect({
    host: broker.host,
    port: broker.port,
    protocol: broker.tls ? 'mqtts' : 'mqtt',
    ...(broker.username === undefined ? {} : { username: broker.username }),
    ...(broker.password === undefined ? {} : { password: broker.password }),
    clean: true,
    reconnectPeriod: RETRY_MS,
    reconnectOnConnackError: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    queueQoSZero: false,
    will: { topic: topics.status, payload: Buffer.from('offline'), ...RETAINED },
  });

  const put = (topic: string, text: string): void => {
    if (!client.connected || sent.get(topic) === text) return;
    sent.set(topic, text);
    client.publish(topic, text, RETAINED);
  };
  const tell = (camera: MqttCamera): void => {
    put(topics.config(camera.id), JSON.stringify(discoveryPayload(camera, topics)));
    put(topics.state(camera.id), JSON.stringify(statePayload(camera)));
  };
  const tellAll = (): void => {
    sent.clear();
    for (const camera of cameras.values()) tell(camera);
    put(topics.status, 'online');
  };
  /** An empty retained message takes the retained one away (MQTT 3.1.1 §3.3.1.3). */
  const clear = (topic: string): void => {
    sent.delete(topic);
    if (client.connected) client.publish(topic, '', RETAINED);
  };
  const clearCamera = (id: string): void => {
    for (const topic of [topics.config(id), ...topics.retained(id)]) clear(topic);
  };

  client.on('connect', () => {
    failure = '';
    log.info('connected', { broker: `${broker.host}:${broker.port}` });
    client.subscribe([topics.birth, topics.devices, ...topics.commands], { qos: 1 });
    tellAll();
    onConnect();
  });
  client.on('error', (error) => report(error.message));
  client.on('offline', () => {
    if (!client.disconnecting) report('no connection');
  });
  client.on('message', (topic, payload) => {
    const text = payload.subarray(0, 100).toString();
    if (topic === topics.birth) {
      if (text !== 'online') return;
      clearTimeout(birthTimer);
      birthTimer = setTimeout(tellAll, BIRTH_DELAY_MS);
    } else if (topics.isOurs(topic)) {
      const known = [...cameras.keys()].some((id) => topics.config(id) === topic);
      if (!known && payload.length > 0) clear(topic);
    } else {
      for (const id of cameras.keys()) {
        if (topic === topics.restart(id)) onCommand(id, { kind: 'restart' });
        else if (topic === topics.enable(id) && /^(ON|OFF)$/.test(text))
          onCommand(id, { kind: 'enable', on: text === 'ON' });
      }
    }
  });

  /** The first failure of a kind is a warning: a broker that is off must not fill the log. */
  function report(message: string): void {
    if (failure === '')
      log.warn('not connected', { broker: `${broker.host}:${broker.port}`, error: message });
    failure = message;
  }

  return {
    get connected() {
      return client.connected;
    },
    show(camera) {
      cameras.set(camera.id, camera);
      tell(camera);
    },
    remove(id) {
      cameras.delete(id);
      clearCamera(id);
    },
    ring(id) {
      if (client.connected) client.publish(topics.event(id), JSON.stringify(ringPayload), { qos: 1 });
    },
    still(id, jpeg) {
      if (client.connected && cameras.has(id))
        client.publish(topics.still(id), jpeg, { qos: 0, retain: true });
    },
    async close({ forget = false } = {}) {
      clearTimeout(birthTimer);
      if (forget) for (const id of cameras.keys()) clearCamera(id);
      put(topics.status, 'offline');
      // A goodbye that the broker does not take must not keep us.
      const ended = client.endAsync(!client.connected).catch(() => undefined);
      await Promise.race([ended, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
      client.end(true);
    },
  };
}
