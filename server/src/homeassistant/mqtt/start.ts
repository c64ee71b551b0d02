/** MQTT on this server's cameras, config and state. */
import type { Cameras } from '../../cameras/cameras.ts';
import type { IntegrationPresence } from '../../cameras/integration-presence.ts';
import type { StateFile } from '../../config/state.ts';
import type { ConfigStore } from '../../config/store.ts';
import { Snapshots } from '../../formats/jpeg/snapshot.ts';
import { createLogger } from '../../util/log.ts';
import type { MqttBroker } from './publisher.ts';
import { startMqtt } from './service.ts';

export interface MqttSurroundings {
  readonly serverId: string;
  readonly store: ConfigStore;
  readonly state: StateFile;
  readonly cameras: Cameras;
  readonly integrations: IntegrationPresence;
  /** The broker that the Supervisor knows. */
  readonly broker: () => Promise<MqttBroker | undefined>;
}

/** In the state file once an integration was connected: after a restart of ours it is waited for. */
const SEEN = 'integration_seen';
/** Pictures are retained by the broker: larger ones are made smaller. */
const MAXIMUM_WIDTH = 1280;

/** Tells of the cameras over MQTT whenever that is wanted, until it is closed. */
export function startCameraMqtt(surroundings: MqttSurroundings): { close(): Promise<void> } {
  const { serverId, store, state, cameras, integrations, broker } = surroundings;
  const log = createLogger('mqtt');
  const startedAt = Date.now();
  const snapshots = new Snapshots({ ffmpeg: store.current.ffmpeg.bin, log });
  const mqtt = startMqtt({
    serverId,
    section: () => store.current.mqtt,
    broker,
    cameras: () => cameras.list(),
    presence: () => ({
      connected: integrations.connected,
      seenAt: integrations.seenAt ?? (state.get(SEEN) === true ? startedAt : undefined),
    }),
    async still(id, signal) {
      const camera = cameras.require(id);
      const isLarge = camera.state().tracks.some(({ width = 0 }) => width > MAXIMUM_WIDTH);
      const options = isLarge ? { width: MAXIMUM_WIDTH } : {};
      return (await snapshots.take(camera.stream, options, signal)).jpeg;
    },
    command(id, command) {
      log.info(command.kind, { stream: id });
      if (command.kind === 'restart') cameras.restart(id);
      else cameras.configure(id, { enabled: command.on }).catch((error) => log.warn('not kept', { error }));
    },
    log,
  });
  const stopNews = cameras.onChange((news) => mqtt.news(news));
  const stopPresence = integrations.onChange(() => {
    if (integrations.connected && state.get(SEEN) !== true) state.set(SEEN, true);
    mqtt.refresh();
  });
  store.onChange(() => mqtt.refresh());
  return {
    async close() {
      stopNews();
      stopPresence();
      await mqtt.close();
    },
  };
}
