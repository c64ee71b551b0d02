/**
 * What the camera sends before anybody reads it: kept until `run`, so that the first key frame after PLAY is not lost.
 *
 * Cameras that tell their parameter sets in band make `open` wait for them; their packets since PLAY are here, too.
 */
import type { Packet, WritePacket } from '../../core/model.ts';

const MAX_BYTES = 16 << 20;
const MAX_PACKETS = 4096;

export class Intake {
  /** Called after each packet. */
  onPacket: (() => void) | undefined;
  #kept: Packet[] = [];
  #bytes = 0;
  #write: WritePacket | undefined;

  /** Where receivers write to. Beyond the limit, what comes is left out: the start of what is kept can be decoded. */
  readonly write: WritePacket = (packet) => {
    if (this.#write) this.#write(packet);
    else if (this.#bytes + packet.data.length <= MAX_BYTES && this.#kept.length < MAX_PACKETS) {
      this.#bytes += packet.data.length;
      this.#kept.push(packet);
    }
    this.onPacket?.();
  };

  /** Delivers what was kept, then whatever comes. */
  drainTo(write: WritePacket): void {
    const kept = this.#kept;
    this.close();
    this.#write = write;
    for (const packet of kept) write(packet);
  }

  /** Whatever comes is thrown away. */
  close(): void {
    this.#kept = [];
    this.#bytes = 0;
    this.#write = () => {};
  }
}
