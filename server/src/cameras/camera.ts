/** One camera while it is configured: its streams, what is measured of them, its events and its motors. */
import { inspectStream } from '../core/inspect.ts';
import type { Stream } from '../core/stream.ts';
import type { CameraEvent, Format, OpenContext, Services } from '../formats/format.ts';
import { isModuleOn } from '../formats/modules.ts';
import { formatOfScheme, resolveSourceText } from '../formats/open.ts';
import type { Logger } from '../util/log.ts';
import { type CameraState, cameraState, runningTracks, totals, viewersOf } from './camera-state.ts';
import { CameraEvents } from './events.ts';
import { History } from './history.ts';
import { type Rate, RateMeter } from './rates.ts';
import { type CameraSettings, DEFAULT_SETTINGS } from './settings.ts';
import { Steering } from './steering.ts';

export interface CameraParts {
  readonly stream: Stream;
  readonly services: Services;
  readonly log: Logger;
  readonly onEvent: (event: CameraEvent) => void;
  readonly onChange: () => void;
}

/** Rates that are shown are those of this time. */
const SHOWN_RATES_MS = 10_000;

export class Camera {
  readonly stream: Stream;
  readonly history = new History();
  readonly events: CameraEvents;
  readonly steering: Steering;
  readonly #parts: CameraParts;
  readonly #meter = new RateMeter();
  #rates: ReadonlyMap<number, Rate> = new Map();
  #settings = DEFAULT_SETTINGS;
  #sub: Stream | undefined;
  #playing = false;

  constructor(parts: CameraParts) {
    const { stream, log, onEvent, onChange } = parts;
    this.stream = stream;
    this.#parts = parts;
    this.events = new CameraEvents({ camera: stream.name, log, onEvent, onChange });
    this.steering = new Steering({ camera: stream.name, log, onChange });
    this.followSource();
  }

  get settings(): CameraSettings {
    return this.#settings;
  }

  /** The main stream, and the sub stream where there is one. */
  get streams(): readonly Stream[] {
    return this.#sub ? [this.stream, this.#sub] : [this.stream];
  }

  /** Takes settings over, with the stream that `settings.sub` names, where it has that. */
  configure(settings: CameraSettings, sub: Stream | undefined): void {
    if (settings === this.#settings && sub === this.#sub) return;
    if (this.#sub && this.#sub !== sub) this.#sub.setEnabled(true);
    this.#settings = settings;
    this.#sub = sub;
    for (const stream of this.streams) stream.setEnabled(settings.enabled);
    this.followSource();
    this.#parts.onChange();
  }

  /** Events and motors are those of the first source; to be called when that may be another one. */
  followSource(): void {
    const text = this.#settings.enabled ? this.stream.sources[0]?.text : undefined;
    const row = text ? this.#rowOf(text) : undefined;
    this.events.follow(
      row?.events && text ? { text, module: row.events, context: this.#context } : undefined,
    );
    this.steering.follow(row?.ptz && text ? { text, module: row.ptz, context: this.#context } : undefined);
  }

  /** Whether a sound that a client gave is heard on its loudspeaker. */
  setPlaying(playing: boolean): void {
    if (playing === this.#playing) return;
    this.#playing = playing;
    this.#parts.onChange();
  }

  state(): CameraState {
    const [main, sub] = this.streams.map(inspectStream);
    return cameraState({
      id: this.stream.name,
      settings: this.#settings,
      main: main!,
      sub,
      rates: this.#rates,
      ptz: this.steering.capabilities,
      events: this.events.kinds,
      motion: this.events.motion,
      playing: this.#playing,
    });
  }

  /** Reads the counters; to be called every two seconds. */
  measure(time: number): void {
    const streams = this.streams.map(inspectStream);
    const running = runningTracks(streams);
    this.#meter.read(time, running);
    if (running.length > 0) {
      this.#rates = new Map([...this.#rates, ...this.#meter.over(SHOWN_RATES_MS)]);
      this.steering.learn();
    }
    const { bitrate = 0, fps = 0 } = totals(running, this.#meter.over(0));
    this.history.add({ time, bitrate, fps, viewers: viewersOf(streams).length });
  }

  /** The camera is no more; its streams may be. */
  close(): void {
    this.events.close();
    this.steering.follow(undefined);
  }

  readonly #context = (signal: AbortSignal): OpenContext => {
    const { services, log } = this.#parts;
    return { stream: this.stream.name, signal, log, services };
  };

  #rowOf(text: string): Format | undefined {
    const { services } = this.#parts;
    try {
      const { scheme } = resolveSourceText(text, (name) => services.streams.get(name) !== undefined);
      const row = formatOfScheme(scheme);
      return row && isModuleOn(row.name, services.section('app')) ? row : undefined;
    } catch {
      // What cannot be read as a source is told when it is opened.
      return undefined;
    }
  }
}
