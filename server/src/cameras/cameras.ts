/**
 * All cameras: which streams they are, what they are doing, and who is told when that changes.
 *
 *   streams ─ onChange ─┐
 *   counters ─ 2 s ─────┼→ look at one camera → change-gate.ts → listeners (WebSocket, MQTT)
 *   events ─────────────┘                        at most once a second each
 *
 * What is told last is kept, so that who comes later is given that and misses nothing.
 */
import { type ConfigChange, keepChanges } from '../config/keep.ts';
import type { Config } from '../config/schema.ts';
import type { ConfigStore } from '../config/store.ts';
import { StreamError } from '../core/errors.ts';
import type { Stream } from '../core/stream.ts';
import type { Streams } from '../core/streams.ts';
import type { CameraEvent, Services } from '../formats/format.ts';
import { Listeners } from '../util/listeners.ts';
import { createLogger } from '../util/log.ts';
import { Camera } from './camera.ts';
import type { CameraState } from './camera-state.ts';
import { isNews, lookInMs } from './change-gate.ts';
import { INTERVAL_MS } from './history.ts';
import {
  type CameraSettings,
  cameraSettings,
  DEFAULT_SETTINGS,
  isCamera,
  patchSettings,
  type SettingsPatch,
  settingsChanges,
  subStreamOwners,
} from './settings.ts';

/** As the WebSocket `/api/events` sends it. */
export type CameraChange =
  | { readonly type: 'camera'; readonly camera: CameraState }
  | { readonly type: 'removed'; readonly id: string }
  | {
      readonly type: 'event';
      readonly id: string;
      readonly event: CameraEvent['type'];
      readonly active: boolean;
      /** ms since 1970. */
      readonly time: number;
    };

interface Entry {
  readonly camera: Camera;
  /** What listeners know of it. */
  told: CameraState | undefined;
  toldAtMs: number;
  timer: NodeJS.Timeout | undefined;
}

export class Cameras {
  readonly #streams: Streams;
  readonly #store: ConfigStore;
  readonly #services: Services;
  readonly #log = createLogger('cameras');
  readonly #listeners = new Listeners<CameraChange>();
  readonly #settings: Map<string, CameraSettings>;
  /** In the order of the streams. */
  #entries: ReadonlyMap<string, Entry> = new Map();
  /** Cameras by the names of their sub streams. */
  #owners: ReadonlyMap<string, string> = new Map();
  #arranging = false;
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;

  constructor(store: ConfigStore, services: Services) {
    this.#streams = services.streams;
    this.#store = store;
    this.#services = services;
    this.#settings = cameraSettings(store.current);
    this.#arrange();
    this.#unsubscribe = this.#streams.onChange((name) => this.#streamChanged(name));
    store.onChange((now, before) => this.#configChanged(now, before));
    this.#timer = setInterval(() => this.#measure(), INTERVAL_MS).unref();
  }

  /** All of them as they are now, in the order of their streams. */
  list(): CameraState[] {
    return [...this.#entries.values()].map(({ camera }) => camera.state());
  }

  /** All of them as listeners know them. */
  told(): CameraState[] {
    return [...this.#entries.values()].flatMap(({ told }) => told ?? []);
  }

  /** The camera of this name, which may be a second name of its stream. */
  get(id: string): Camera | undefined {
    return this.#entries.get(this.#streams.get(id)?.name ?? id)?.camera;
  }

  /** Whether a sound that a client gave is heard on its loudspeaker. */
  setPlaying(id: string, playing: boolean): void {
    this.get(id)?.setPlaying(playing);
  }

  /** Throws StreamError `not_found`. */
  require(id: string): Camera {
    const camera = this.get(id);
    if (!camera) throw new StreamError('not_found', `camera not found: ${id}`);
    return camera;
  }

  /** The camera whose sub stream this is. */
  ownerOf(stream: string): string | undefined {
    return this.#owners.get(stream);
  }

  /** Calls the listener for every change until the function that it returns is called. */
  onChange(listener: (change: CameraChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  settingsOf(id: string): CameraSettings {
    return this.#settings.get(id) ?? DEFAULT_SETTINGS;
  }

  /** Gives a camera settings, until the next start; returns what the config file should say. */
  set(id: string, settings: CameraSettings): ConfigChange[] {
    const changes = settingsChanges(id, this.settingsOf(id), settings);
    if (changes.length > 0) {
      this.#settings.set(id, settings);
      this.#arrange();
    }
    return changes;
  }

  /** Its settings are those of a camera of which nothing is said. */
  forget(id: string): void {
    this.#settings.delete(id);
    this.#arrange();
  }

  /** Changes settings of a camera, and keeps them in the config file, where there is one. Rejects with ConfigError. */
  async configure(id: string, patch: SettingsPatch): Promise<void> {
    this.require(id);
    const changes = this.set(id, patchSettings(this.settingsOf(id), patch));
    await keepChanges(this.#store, changes);
  }

  /** Closes its sources and opens them anew; viewers stay. */
  restart(id: string): void {
    for (const stream of this.require(id).streams) stream.restart();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
    for (const { camera, timer } of this.#entries.values()) {
      clearTimeout(timer);
      camera.close();
    }
    this.#entries = new Map();
  }

  #configChanged(now: Config, before: Config): void {
    const [earlier, wanted] = [cameraSettings(before), cameraSettings(now)];
    for (const id of new Set([...earlier.keys(), ...wanted.keys()])) {
      const [was, is] = [earlier.get(id) ?? DEFAULT_SETTINGS, wanted.get(id) ?? DEFAULT_SETTINGS];
      // Others may have been given other settings since.
      if (settingsChanges(id, was, is).length > 0) this.set(id, is);
    }
  }

  #streamChanged(name: string): void {
    if (this.#arranging) return;
    const entry = this.#entries.get(this.#owners.get(name) ?? name);
    const stream = this.#stream(name);
    if (stream && !entry?.camera.streams.includes(stream)) {
      if (isCamera(stream)) this.#arrange();
    } else if (entry && !stream) this.#arrange();
    else if (entry) {
      entry.camera.followSource();
      this.#look(entry);
    }
  }

  /** Second names of streams are no streams. */
  #stream(name: string): Stream | undefined {
    const stream = this.#streams.get(name);
    return stream?.name === name ? stream : undefined;
  }

  /** Makes the cameras those of the streams and the settings. */
  #arrange(): void {
    this.#arranging = true;
    const owners = subStreamOwners(this.#settings, (name) => this.#stream(name) !== undefined);
    const earlier = this.#entries;
    const entries = new Map<string, Entry>();
    for (const stream of this.#streams.all()) {
      const { name } = stream;
      if (!isCamera(stream) || owners.has(name)) continue;
      const known = earlier.get(name);
      entries.set(name, known?.camera.stream === stream ? known : this.#createEntry(stream));
    }
    this.#owners = owners;
    this.#entries = entries;
    // What is gone lets go of its streams before others take them.
    for (const [id, entry] of earlier) if (entries.get(id) !== entry) this.#remove(id, entry);
    for (const [id, entry] of entries) {
      const settings = this.settingsOf(id);
      const { sub } = settings;
      const hasSub = sub !== undefined && owners.get(sub) === id;
      entry.camera.configure(settings, hasSub ? this.#stream(sub) : undefined);
    }
    this.#arranging = false;
  }

  #createEntry(stream: Stream): Entry {
    const { name: id } = stream;
    const camera = new Camera({
      stream,
      services: this.#services,
      log: this.#log,
      onEvent: ({ type, active }) =>
        this.#listeners.tell({ type: 'event', id, event: type, active, time: Date.now() }),
      onChange: () => this.#look(entry),
    });
    const entry: Entry = { camera, told: undefined, toldAtMs: Number.NEGATIVE_INFINITY, timer: undefined };
    this.#look(entry);
    return entry;
  }

  #remove(id: string, { camera, told, timer }: Entry): void {
    clearTimeout(timer);
    camera.close();
    for (const stream of camera.streams) stream.setEnabled(true);
    if (told && !this.#entries.has(id)) this.#listeners.tell({ type: 'removed', id });
  }

  #measure(): void {
    const time = Date.now();
    for (const entry of this.#entries.values()) {
      entry.camera.measure(time);
      this.#look(entry);
    }
  }

  /** Soon, or when the camera may be told again. */
  #look(entry: Entry): void {
    entry.timer ??= setTimeout(() => this.#tell(entry), lookInMs(performance.now() - entry.toldAtMs)).unref();
  }

  #tell(entry: Entry): void {
    entry.timer = undefined;
    const camera = entry.camera.state();
    const nowMs = performance.now();
    if (!isNews(entry.told, camera, nowMs - entry.toldAtMs)) return;
    entry.told = camera;
    entry.toldAtMs = nowMs;
    this.#listeners.tell({ type: 'camera', camera });
  }
}
