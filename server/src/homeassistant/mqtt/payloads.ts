/**
 * What is said over MQTT, as pure functions from a camera's state to texts.
 *
 * One retained device message per camera (Home Assistant, MQTT device discovery):
 *
 *   { device, origin, availability, components: { "<key>": { platform, unique_id, … } } }
 *
 * and one retained JSON state, from which the entities take their values by template.
 */
import { VERSION } from '../../util/version.ts';
import type { Topics } from './topics.ts';

/** What of a camera's state (docs/api.md) is told. */
export interface MqttCamera {
  readonly id: string;
  readonly name: string;
  readonly area?: string | undefined;
  readonly enabled: boolean;
  readonly doorbell: boolean;
  readonly status: string;
  readonly error?: { readonly message: string } | undefined;
  readonly tracks: readonly {
    readonly kind: string;
    readonly codec: string;
    readonly width?: number | undefined;
    readonly height?: number | undefined;
  }[];
  readonly viewers: number;
  readonly bitrate?: number | undefined;
  readonly events: readonly string[];
  readonly motion?: boolean | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** Texts of Home Assistant's states are at most this long. */
const MAXIMUM_STATE = 255;

/** The discovery message: the device and its entities. Changes only when there are other entities, or other names. */
export function discoveryPayload(camera: MqttCamera, topics: Topics): Json {
  const { id, name, area } = camera;
  const device = topics.device(id);
  const state = topics.state(id);
  const components = Object.entries(entities(camera, topics)).map(([key, { usesState = true, ...rest }]) => [
    key,
    { unique_id: `${device}_${key}`, ...(usesState ? { state_topic: state } : {}), ...rest },
  ]);
  return {
    device: {
      identifiers: [device],
      name,
      manufacturer: 'Porthole',
      model: 'Camera stream',
      sw_version: VERSION,
      ...(area ? { suggested_area: area } : {}),
    },
    origin: { name: 'Porthole', sw_version: VERSION },
    availability: [{ topic: topics.status }],
    components: Object.fromEntries(components),
  };
}

interface Entity extends Json {
  readonly platform: string;
  /** False: it has no value in the camera's state. */
  readonly usesState?: boolean;
}

const DIAGNOSTIC = { entity_category: 'diagnostic' };
const ON_OFF = { payload_on: 'ON', payload_off: 'OFF' };

function entities(camera: MqttCamera, topics: Topics): Readonly<Record<string, Entity>> {
  const { id, events, doorbell } = camera;
  return {
    // Without a name of its own an entity has that of its device.
    camera: { platform: 'camera', name: null, topic: topics.still(id), usesState: false },
    connectivity: {
      platform: 'binary_sensor',
      device_class: 'connectivity',
      value_template: '{{ value_json.connectivity }}',
      ...ON_OFF,
      ...DIAGNOSTIC,
    },
    viewers: {
      platform: 'sensor',
      name: 'Viewers',
      icon: 'mdi:eye',
      state_class: 'measurement',
      value_template: '{{ value_json.viewers }}',
      ...DIAGNOSTIC,
    },
    bitrate: {
      platform: 'sensor',
      name: 'Bitrate',
      device_class: 'data_rate',
      unit_of_measurement: 'kbit/s',
      state_class: 'measurement',
      value_template: '{{ value_json.bitrate }}',
      ...DIAGNOSTIC,
    },
    status: {
      platform: 'sensor',
      name: 'Status',
      icon: 'mdi:cctv',
      value_template: '{{ value_json.status }}',
      json_attributes_topic: topics.state(id),
      json_attributes_template: '{{ {"error": value_json.error, "codecs": value_json.codecs} | tojson }}',
      ...DIAGNOSTIC,
    },
    enabled: {
      platform: 'switch',
      name: 'Enabled',
      icon: 'mdi:video',
      command_topic: topics.enable(id),
      value_template: '{{ value_json.enabled }}',
      ...ON_OFF,
      entity_category: 'config',
    },
    restart: {
      platform: 'button',
      name: 'Restart',
      device_class: 'restart',
      command_topic: topics.restart(id),
      usesState: false,
      ...DIAGNOSTIC,
    },
    ...(events.includes('motion')
      ? {
          motion: {
            platform: 'binary_sensor',
            device_class: 'motion',
            value_template: '{{ value_json.motion }}',
            ...ON_OFF,
          },
        }
      : {}),
    ...(doorbell || events.includes('ring')
      ? {
          ring: {
            platform: 'event',
            name: 'Doorbell',
            device_class: 'doorbell',
            event_types: ['ring'],
            state_topic: topics.event(id),
          },
        }
      : {}),
  };
}

/** The values of a camera's entities. */
export function statePayload(camera: MqttCamera): Json {
  const { status, enabled, viewers, bitrate = 0, motion, error, tracks } = camera;
  return {
    status,
    connectivity: onOff(isConnected(status)),
    enabled: onOff(enabled),
    viewers,
    bitrate: Math.round(bitrate / 1000),
    motion: onOff(motion ?? false),
    error: error ? error.message.slice(0, MAXIMUM_STATE) : null,
    codecs: tracks.map(({ codec, width, height }) =>
      width && height ? `${codec} ${width}x${height}` : codec,
    ),
  };
}

/** A camera that nobody watches counts as there until it fails; one that sleeps does, too. */
function isConnected(status: string): boolean {
  return status === 'live' || status === 'idle' || status === 'asleep';
}

export const ringPayload: Json = { event_type: 'ring' };

const onOff = (value: boolean): 'ON' | 'OFF' => (value ? 'ON' : 'OFF');
