/**
 * The packets since the last key packet of a source, by reference: what a late viewer is shown at once.
 *
 * Bounded in bytes and in seconds; a group of pictures over either limit is dropped whole, because a part of it
 * cannot be decoded, and the cache fills again from the next key packet.
 */
import type { Packet } from './model.ts';

const MAXIMUM_BYTES = 16 << 20;
const MAXIMUM_SECONDS = 30;

export class GopCache {
  #packets: Packet[] = [];
  #bytes = 0;
  #trackId: number | undefined;
  /** Of the last key packet. */
  #startSeconds: number | undefined;
  #open = false;
  #seconds = 0;

  get packets(): readonly Packet[] {
    return this.#packets;
  }

  /** Seconds between the last two key packets; 0 where not known. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Forgets all packets; from now on groups begin at key packets of this video track (none = cache nothing). */
  reset(videoTrackId: number | undefined): void {
    this.#trackId = videoTrackId;
    this.#startSeconds = undefined;
    this.#seconds = 0;
    this.#clear();
  }

  push(packet: Packet): void {
    if (packet.key && packet.track.id === this.#trackId) {
      const seconds = packet.dts / packet.track.codec.timeBase;
      this.#clear();
      this.#open = true;
      if (this.#startSeconds !== undefined) this.#seconds = seconds - this.#startSeconds;
      this.#startSeconds = seconds;
    }
    if (!this.#open) return;
    this.#packets.push(packet);
    this.#bytes += packet.data.length;
    const seconds = packet.dts / packet.track.codec.timeBase - (this.#startSeconds ?? 0);
    if (this.#bytes > MAXIMUM_BYTES || seconds > MAXIMUM_SECONDS) this.#clear();
  }

  #clear(): void {
    this.#packets = [];
    this.#bytes = 0;
    this.#open = false;
  }
}
