/**
 * Packets of an input that talks before anybody runs it: a client that publishes, another stream.
 *
 *   write ─→ held … held │ run ─→ the held ones in order, then each at once │ ended
 */
import type { Packet, Track, WritePacket } from './model.ts';

export interface HeldInputOptions {
  /** Called when more than `maximumBytes` are held: to be run now or never. */
  readonly onFull?: () => void;
  readonly maximumBytes?: number;
}

const MAXIMUM_BYTES = 16 << 20;

export class HeldInput {
  readonly #options: HeldInputOptions;
  readonly #ended = Promise.withResolvers<void>();
  #held: Packet[] = [];
  #heldBytes = 0;
  #forward: WritePacket = (packet) => this.#hold(packet);

  constructor(options: HeldInputOptions = {}) {
    this.#options = options;
    this.#ended.promise.catch(() => {});
  }

  /** Takes the next packet of the input. */
  readonly write: WritePacket = (packet) => this.#forward(packet);

  /** The input is over: `run` rejects with the reason, or resolves without one. */
  end(reason?: Error): void {
    this.#held = [];
    if (reason) this.#ended.reject(reason);
    else this.#ended.resolve();
  }

  /** As Producer.run, for packets of these tracks. */
  async run(tracks: readonly Track[], write: WritePacket, signal: AbortSignal): Promise<void> {
    const known = new Set(tracks.map(({ id }) => id));
    this.#forward = (packet) => {
      if (known.has(packet.track.id)) write(packet);
    };
    for (const packet of this.#held.splice(0)) this.#forward(packet);
    const stopped = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => stopped.resolve(), { once: true });
    if (signal.aborted) stopped.resolve();
    try {
      await Promise.race([this.#ended.promise, stopped.promise]);
    } finally {
      this.#forward = () => {};
    }
  }

  #hold(packet: Packet): void {
    this.#held.push(packet);
    this.#heldBytes += packet.data.length;
    const { onFull, maximumBytes = MAXIMUM_BYTES } = this.#options;
    if (this.#heldBytes <= maximumBytes) return;
    if (onFull) onFull();
    else this.#heldBytes -= this.#held.shift()?.data.length ?? 0;
  }
}
