/**
 * Topics of one server. Names of cameras hold anything, topics must not: `+`, `#`, `/` and NUL (MQTT 5 §4.7).
 *
 *   porthole/1f0c9a2e/status                      online | offline (last will)
 *   porthole/1f0c9a2e/front_door/state            {"status":"live","viewers":2,…}     retained
 *                                /still           a JPEG                              retained
 *                                /event           {"event_type":"ring"}
 *                                /enabled/set     ON | OFF                            from Home Assistant
 *                                /restart         PRESS                               from Home Assistant
 *   homeassistant/device/porthole_1f0c9a2e_front_door/config                          retained
 */
import { createHash } from 'node:crypto';

export interface Topics {
  readonly status: string;
  /** The discovery message of a camera. */
  config(id: string): string;
  state(id: string): string;
  still(id: string): string;
  event(id: string): string;
  /** What Home Assistant sends; `#` of all cameras: `commands`. */
  enable(id: string): string;
  restart(id: string): string;
  /** Retained topics of a camera besides `config`. */
  retained(id: string): readonly string[];
  readonly commands: readonly string[];
  /** Where Home Assistant says `online` after its start. */
  readonly birth: string;
  /** Matches the discovery messages of all devices. */
  readonly devices: string;
  /** Whether a discovery topic is one of this server's. */
  isOurs(topic: string): boolean;
  /** The device's id, and the beginning of its entities' ids. */
  device(id: string): string;
}

/** `serverId` is the server's UUID; its first part is enough to tell the servers of a house apart. */
export function createTopics(serverId: string, base: string, discoveryPrefix: string): Topics {
  const server = serverId.slice(0, 8);
  const root = `${base}/${server}`;
  const own = `porthole_${server}_`;
  const of = (id: string, leaf: string): string => `${root}/${slug(id)}/${leaf}`;
  return {
    status: `${root}/status`,
    config: (id) => `${discoveryPrefix}/device/${own}${slug(id)}/config`,
    state: (id) => of(id, 'state'),
    still: (id) => of(id, 'still'),
    event: (id) => of(id, 'event'),
    enable: (id) => of(id, 'enabled/set'),
    restart: (id) => of(id, 'restart'),
    retained: (id) => [of(id, 'state'), of(id, 'still')],
    commands: [`${root}/+/enabled/set`, `${root}/+/restart`],
    birth: `${discoveryPrefix}/status`,
    devices: `${discoveryPrefix}/device/+/config`,
    isOurs: (topic) => topic.startsWith(`${discoveryPrefix}/device/${own}`) && topic.endsWith('/config'),
    device: (id) => `${own}${slug(id)}`,
  };
}

const PLAIN = /^[a-zA-Z0-9_-]{1,64}$/;

/** A name as it is where a topic and a discovery id take it ([a-zA-Z0-9_-]), else what is left of it and a hash. */
export function slug(name: string): string {
  if (PLAIN.test(name)) return name;
  const letters = name
    .normalize('NFKD')
    .replace(/[^a-zA-Z0-9_-]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return `${letters.slice(0, 40) || 'camera'}_${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
