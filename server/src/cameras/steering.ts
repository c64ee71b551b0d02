/** Moves a camera that can be moved: opened when first needed, and never left moving. */
import { StreamError, toStreamError } from '../core/errors.ts';
import type { OpenContext, Ptz, PtzModule } from '../formats/format.ts';
import type { Logger } from '../util/log.ts';

/** A source whose camera may be movable. */
export interface PtzSource {
  readonly text: string;
  readonly module: () => Promise<PtzModule>;
  readonly context: (signal: AbortSignal) => OpenContext;
}

export type Velocity = Parameters<Ptz['move']>[0];

export interface SteeringSettings {
  readonly camera: string;
  readonly log: Logger;
  /** `capabilities` are known now. */
  readonly onChange: () => void;
}

/** Who moves a camera and is not heard of any more has let go of it. */
const STOP_AFTER_MS = 5000;

/** The motors of one camera. */
export class Steering {
  readonly #settings: SteeringSettings;
  #source: PtzSource | undefined;
  #controller = new AbortController();
  #opened: Promise<Ptz | undefined> | undefined;
  #capabilities: Ptz['capabilities'] | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: SteeringSettings) {
    this.#settings = settings;
  }

  /** Undefined where nothing can be moved, or nothing is known. */
  get capabilities(): Ptz['capabilities'] | undefined {
    return this.#capabilities;
  }

  /** Moves the camera of this source from now on; undefined: none. */
  follow(source: PtzSource | undefined): void {
    if (source?.text === this.#source?.text) return;
    clearTimeout(this.#timer);
    this.#controller.abort(new StreamError('aborted', 'the source was replaced'));
    this.#controller = new AbortController();
    this.#source = source;
    this.#opened = undefined;
    this.#know(undefined);
  }

  /** Finds out what can be moved, if that was not asked yet. */
  learn(): void {
    if (!this.#source || this.#opened) return;
    const { camera, log } = this.#settings;
    this.#open().catch((error) => log.debug('no ptz', { stream: camera, error }));
  }

  /** Moves until the next call, for five seconds at most; stops where nothing is to move. Rejects with StreamError. */
  async move(velocity: Velocity): Promise<void> {
    const ptz = await this.#require();
    clearTimeout(this.#timer);
    const { pan, tilt, zoom } = velocity;
    if (pan === 0 && tilt === 0 && zoom === 0) return ptz.stop();
    this.#timer = setTimeout(() => ptz.stop().catch(() => {}), STOP_AFTER_MS).unref();
    return ptz.move(velocity);
  }

  /** Goes to a place that the camera knows. Rejects with StreamError. */
  async preset(name: string): Promise<void> {
    const ptz = await this.#require();
    if (!ptz.capabilities.presets.includes(name)) throw new StreamError('not_found', `no preset ${name}`);
    clearTimeout(this.#timer);
    return ptz.preset(name);
  }

  async #require(): Promise<Ptz> {
    const ptz = this.#source && (await this.#open());
    if (!ptz) throw new StreamError('unsupported', `${this.#settings.camera} cannot be moved`);
    return ptz;
  }

  /** Asked once; after a failure the next call asks again. */
  #open(): Promise<Ptz | undefined> {
    this.#opened ??= this.#ask(this.#source!, this.#controller.signal);
    return this.#opened;
  }

  async #ask({ text, module, context }: PtzSource, signal: AbortSignal): Promise<Ptz | undefined> {
    try {
      const ptz = await (await module()).open(text, context(signal));
      if (!signal.aborted) this.#know(ptz?.capabilities);
      return ptz;
    } catch (error) {
      if (!signal.aborted) this.#opened = undefined;
      throw toStreamError(error);
    }
  }

  #know(capabilities: Ptz['capabilities'] | undefined): void {
    if (capabilities === this.#capabilities) return;
    this.#capabilities = capabilities;
    this.#settings.onChange();
  }
}
