/**
 * MQTT from start to end: follows the cameras, the broker (config or Supervisor) and the presence of an integration, and
 * keeps one connection when MQTT is wanted and possible, none otherwise.
 */
import type { Logger } from '../../util/log.ts';
import type { MqttCamera } from './payloads.ts';
import { type MqttBroker, type MqttCommand, openPublisher, type Publisher } from './publisher.ts';
import { createStills, type Stills } from './stills.ts';
import { createTopics } from './topics.ts';
import { type IntegrationPresence, type MqttMode, mqttWanted } from './wanted.ts';

/** The section `mqtt` of the config. */
export interface MqttSection {
  readonly mode: MqttMode;
  /** '': `MqttPorts.broker` says where. */
  readonly host: string;
  /** 0: the usual one. */
  readonly port: number;
  readonly tls: boolean;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly discovery_prefix: string;
  readonly topic_prefix: string;
  /** Seconds. */
  readonly still_interval: number;
}

export type CameraNews =
  | { readonly type: 'camera'; readonly camera: MqttCamera }
  | { readonly type: 'removed'; readonly id: string }
  | { readonly type: 'event'; readonly id: string; readonly event: string; readonly active: boolean };

/** What MQTT needs of the rest of the server. */
export interface MqttPorts {
  readonly serverId: string;
  section(): MqttSection;
  /** The broker of the Supervisor; undefined: there is none. */
  broker(): Promise<MqttBroker | undefined>;
  cameras(): readonly MqttCamera[];
  presence(): IntegrationPresence;
  /** A JPEG of a camera. */
  still(id: string, signal: AbortSignal): Promise<Buffer>;
  command(id: string, command: MqttCommand): void;
  readonly log: Logger;
}

export interface MqttService {
  /** A camera is new, changed, gone, or tells of something. */
  news(news: CameraNews): void;
  /** The section, the broker or the presence of an integration may be another: looks again. */
  refresh(): void;
  readonly connected: boolean;
  close(): Promise<void>;
}

/** A broker add-on may be installed, or start, later than we do. */
const LOOK_AGAIN_MS = 60_000;

interface Session {
  /** What it was made of: another key, another session. */
  readonly key: string;
  readonly publisher: Publisher;
  readonly stills: Stills;
}

/** Begins to follow; never rejects: what goes wrong is in the log. */
export function startMqtt(ports: MqttPorts): MqttService {
  const { log } = ports;
  let session: Session | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  /** Changes are made one after the other. */
  let turn: Promise<void> = Promise.resolve();

  const refresh = (): void => {
    turn = turn.then(apply).catch((error) => log.error('unexpected', { error }));
  };

  async function apply(): Promise<void> {
    clearTimeout(timer);
    if (closed) return;
    const section = ports.section();
    const { wanted, recheckMs = LOOK_AGAIN_MS } = mqttWanted(section.mode, ports.presence(), Date.now());
    const broker = wanted ? await findBroker(section, ports) : undefined;
    const key = broker ? JSON.stringify([broker, section]) : '';
    if (session?.key !== (key || undefined)) {
      await end(!wanted);
      if (broker && !closed) session = await begin(key, broker, section);
    }
    if (!session && !closed) timer = setTimeout(refresh, recheckMs).unref();
  }

  async function begin(key: string, broker: MqttBroker, section: MqttSection): Promise<Session> {
    const topics = createTopics(ports.serverId, section.topic_prefix, section.discovery_prefix);
    const publisher = await openPublisher({
      broker,
      topics,
      log,
      onConnect: () => stills.takeAll(),
      onCommand: ports.command,
    });
    const stills: Stills = createStills({
      isReady: () => publisher.connected,
      intervalMs: section.still_interval * 1000,
      take: (id, signal) => ports.still(id, signal),
      show: (id, jpeg) => publisher.still(id, jpeg),
      log,
    });
    for (const camera of ports.cameras()) publisher.show(camera);
    stills.follow(pictured(ports.cameras()));
    return { key, publisher, stills };
  }

  /** `forget`: the devices go, too. */
  async function end(forget: boolean): Promise<void> {
    const ending = session;
    session = undefined;
    ending?.stills.close();
    await ending?.publisher.close({ forget });
  }

  refresh();
  return {
    refresh,
    get connected() {
      return session?.publisher.connected ?? false;
    },
    news(news) {
      if (!session) return;
      const { publisher, stills } = session;
      if (news.type === 'camera') publisher.show(news.camera);
      else if (news.type === 'removed') publisher.remove(news.id);
      else {
        if (news.event === 'ring' && news.active) publisher.ring(news.id);
        if (news.active) stills.takeNow(news.id);
        return;
      }
      stills.follow(pictured(ports.cameras()));
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await turn;
      await end(false);
    },
  };
}

const PICTURED: ReadonlySet<string> = new Set(['live', 'idle', 'connecting']);

/** The cameras that are asked for pictures: none that is off, asleep or broken. */
function pictured(cameras: readonly MqttCamera[]): string[] {
  return cameras.filter(({ status }) => PICTURED.has(status)).map(({ id }) => id);
}

async function findBroker(section: MqttSection, ports: MqttPorts): Promise<MqttBroker | undefined> {
  const { host, port, tls, username, password } = section;
  if (host === '') return ports.broker();
  return { host, port: port || (tls ? 8883 : 1883), tls, username, password };
}
