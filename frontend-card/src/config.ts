/**
 * What a user writes in YAML (docs/card.md), checked and completed. Pure.
 *
 *   type: custom:porthole-card          →  CardConfig { cameras: [CameraConfig], layout, … }
 *   entity: camera.front_door
 *
 * Options of one camera may stand at the card, for all, or at the camera in `entities`.
 */
import type { TierChoice } from './player/tier.ts';

export type Layout = 'grid' | 'carousel';
export type Controls = 'full' | 'minimal' | 'none';
export type Talk = 'hold' | 'open' | 'off';
export type Fit = 'contain' | 'cover' | 'fill';

/** Where a picture comes from: an entity of Home Assistant, or a stream by name (of the server at `server`, if given). */
export interface Source {
  readonly entity?: string | undefined;
  readonly stream?: string | undefined;
  readonly server?: string | undefined;
  /** What a button calls it, where there are several. */
  readonly name?: string | undefined;
  readonly mode?: string | undefined;
  readonly media?: string | undefined;
}

/** An action of Home Assistant with a face: `action`, `perform_action`, `target`, `data` as in every card. */
export interface ActionButton {
  readonly name: string;
  readonly icon?: string | undefined;
  readonly action: Readonly<Record<string, unknown>>;
}

export interface DoorbellConfig {
  /** Seconds until it stops ringing. */
  readonly answerTimeout: number;
  /** An event entity besides the camera's own doorbell. */
  readonly entity?: string | undefined;
  readonly actions: readonly ActionButton[];
}

/** Moves by services of Home Assistant, as custom:webrtc-camera has it. */
export interface PtzServices {
  readonly service: string;
  /** `left`, `right`, `up`, `down`, `zoom_in`, `zoom_out`, `home`, also with `start_` and `end_` before. */
  readonly data: Readonly<Record<string, object>>;
}

export interface CameraConfig {
  /** The first is shown; a button goes on to the next. */
  readonly sources: readonly Source[];
  /** Undefined: the entity's; empty: none. */
  readonly name?: string | undefined;
  readonly mode: string;
  readonly media: string;
  readonly tier: TierChoice;
  readonly muted: boolean;
  /** CSS ratio; undefined: as it was last time, or 16 / 9. */
  readonly aspect?: string | undefined;
  readonly fit: Fit;
  readonly ui: Controls;
  readonly ptz: boolean | PtzServices;
  readonly talk: Talk;
  readonly zoom: boolean;
  readonly background: boolean;
  /** Undefined: the last picture, or a new one; empty: none; else an address. */
  readonly poster?: string | undefined;
  readonly doorbell: DoorbellConfig | undefined;
  readonly shortcuts: readonly ActionButton[];
}

export interface CardConfig {
  readonly cameras: readonly CameraConfig[];
  readonly title?: string | undefined;
  readonly layout: Layout;
  /** 0: as many as fit. */
  readonly columns: number;
  /** Pictures that are decoded at once on the whole page; undefined: what suits the device. */
  readonly maxLive?: number | undefined;
}

export const DEFAULT_ANSWER_TIMEOUT = 30;

type Yaml = Readonly<Record<string, unknown>>;

/** Throws an Error that names the option that is wrong. */
export function parseConfig(given: unknown): CardConfig {
  if (!isRecord(given)) throw new Error('the configuration must be a map');
  const cards = listOfCameras(given);
  return {
    cameras: cards.map((camera) => parseCamera({ ...given, ...camera })),
    title: text(given, 'title'),
    layout: oneOf(given, 'layout', ['grid', 'carousel']),
    columns: number(given, 'columns', 0, 12) ?? 0,
    maxLive: number(given, 'max_live', 1, 64),
  };
}

function listOfCameras(given: Yaml): readonly Yaml[] {
  const { entity, entities } = given;
  if (entities === undefined) {
    if (typeof entity !== 'string' || !entity)
      throw new Error('entity: name a camera, such as camera.front_door');
    return [{ entity }];
  }
  if (!Array.isArray(entities) || entities.length === 0)
    throw new Error('entities: list at least one camera');
  return entities.map((item: unknown, index) => {
    const camera = typeof item === 'string' ? { entity: item } : item;
    if (!isRecord(camera) || typeof camera.entity !== 'string')
      throw new Error(`entities[${index}]: name a camera, such as camera.front_door`);
    // The name at the card is not that of each camera.
    return { name: undefined, ...camera };
  });
}

function parseCamera(yaml: Yaml): CameraConfig {
  const entity = String(yaml.entity);
  if (!/^[a-z_]+\.\w+$/.test(entity)) throw new Error(`entity: ${entity} is no entity id`);
  return {
    sources: [{ entity }],
    name: yaml.name === false ? '' : text(yaml, 'name'),
    mode: text(yaml, 'mode') ?? '',
    media: 'video,audio',
    tier: oneOf(yaml, 'tier', ['auto', 'main', 'sub']),
    muted: flag(yaml, 'muted', true),
    aspect: parseAspect(yaml.aspect_ratio),
    fit: oneOf(yaml, 'fit', ['contain', 'cover', 'fill']),
    ui: parseUi(yaml.ui),
    ptz: flag(yaml, 'ptz', true),
    talk: yaml.talk === false ? 'off' : oneOf(yaml, 'talk', ['hold', 'open', 'off']),
    zoom: flag(yaml, 'zoom', true),
    background: flag(yaml, 'background', false),
    poster: yaml.poster === false ? '' : text(yaml, 'poster'),
    doorbell: parseDoorbell(yaml.doorbell),
    shortcuts: parseActions(yaml.shortcuts, 'shortcuts'),
  };
}

/** `16/9`, `16:9`, `1.78`, `56%` (height of the width, as in core's cards) → `16 / 9`; undefined where nothing is given. */
export function parseAspect(given: unknown): string | undefined {
  if (given === undefined || given === '' || given === null || given === 'auto') return undefined;
  const words = String(given).trim();
  const [, width, height] = /^(\d+(?:\.\d+)?)\s*(?:[/:x]\s*(\d+(?:\.\d+)?))?$/.exec(words) ?? [];
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(words) ?? [];
  const ratio = percent ? [100, Number(percent)] : [Number(width), Number(height ?? 1)];
  if (!ratio.every((side) => side > 0)) throw new Error(`aspect_ratio: ${words} is none, such as 16/9`);
  return ratio.join(' / ');
}

export function parseUi(given: unknown): Controls {
  if (given === undefined || given === true) return 'full';
  if (given === false) return 'none';
  return oneOf({ ui: given }, 'ui', ['full', 'minimal', 'none']);
}

function parseDoorbell(given: unknown): DoorbellConfig | undefined {
  if (given === false) return undefined;
  if (given !== undefined && given !== true && !isRecord(given))
    throw new Error('doorbell: a map, or false for none');
  const yaml = isRecord(given) ? given : {};
  return {
    answerTimeout: number(yaml, 'answer_timeout', 5, 600) ?? DEFAULT_ANSWER_TIMEOUT,
    entity: text(yaml, 'entity'),
    actions: parseActions(yaml.actions, 'doorbell.actions'),
  };
}

/** Buttons; both `perform_action` and the older `service` are known. */
export function parseActions(given: unknown, option: string): readonly ActionButton[] {
  if (given === undefined || given === null) return [];
  const list: unknown = isRecord(given) && 'services' in given ? given.services : given;
  if (!Array.isArray(list)) throw new Error(`${option}: a list of actions`);
  return list.map((item: unknown, index) => {
    if (!isRecord(item)) throw new Error(`${option}[${index}]: a map with name and action`);
    const { name, icon, service, service_data: serviceData, ...rest } = item;
    if (typeof name !== 'string' || !name) throw new Error(`${option}[${index}].name is missing`);
    const performed = rest.perform_action ?? service;
    if (performed === undefined && typeof rest.action !== 'string')
      throw new Error(`${option}[${index}]: perform_action is missing, such as lock.unlock`);
    if (performed !== undefined && !/^\w+\.\w+$/.test(String(performed)))
      throw new Error(`${option}[${index}]: ${performed} is no action, such as lock.unlock`);
    const action =
      performed === undefined
        ? rest
        : { ...rest, action: 'perform-action', perform_action: performed, data: rest.data ?? serviceData };
    return { name, icon: typeof icon === 'string' ? icon : undefined, action };
  });
}

export function isRecord(value: unknown): value is Yaml {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** YAML numbers are texts, too. */
export function text(yaml: Yaml, option: string): string | undefined {
  const value = yaml[option];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Error(`${option}: must be a text`);
}

export function flag(yaml: Yaml, option: string, otherwise: boolean): boolean {
  const value = yaml[option];
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'boolean') return value;
  throw new Error(`${option}: must be true or false`);
}

function number(yaml: Yaml, option: string, least: number, most: number): number | undefined {
  const value = yaml[option];
  if (value === undefined || value === null || value === '') return undefined;
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed < least || parsed > most)
    throw new Error(`${option}: must be a number from ${least} to ${most}`);
  return parsed;
}

/** The first is the default. */
function oneOf<T extends string>(yaml: Yaml, option: string, known: readonly [T, ...T[]]): T {
  const value = yaml[option];
  if (value === undefined || value === null || value === '') return known[0];
  const found = known.find((item) => item === value);
  if (!found) throw new Error(`${option}: ${String(value)} is none of ${known.join(', ')}`);
  return found;
}
