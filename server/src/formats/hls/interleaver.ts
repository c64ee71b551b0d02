/**
 * Puts the packets of several tracks in the order of the times when they end, so that a part ends with sound and picture
 * together, although a camera sends its sound later. Players take the earlier end for the end of what they have: hls.js
 * asks for a part again and again whose sound is 30 ms short.
 *
 *   in    V0 V1 V2 A0 V3 A1 A2 …        out   V0 A0 A1 V1 A2 V2 …
 */
import type { Packet, Track, WritePacket } from '../../core/model.ts';

/** A track that is silent for longer is not waited for. */
const MAXIMUM_WAIT_SECONDS = 0.3;
const MAXIMUM_HELD = 256;
const PICTURE_SECONDS = 0.06;

export class Interleaver {
  readonly #write: WritePacket;
  readonly #queues: ReadonlyMap<number, Packet[]>;
  #startSeconds: number | undefined;
  #held = 0;
  #latestSeconds = Number.NEGATIVE_INFINITY;

  constructor(tracks: readonly Track[], write: WritePacket) {
    this.#write = write;
    this.#queues = new Map(tracks.map(({ id }) => [id, []]));
  }

  push(packet: Packet): void {
    const queue = this.#queues.get(packet.track.id);
    if (!queue || this.#queues.size === 1) {
      this.#write(packet);
      return;
    }
    if (this.#startSeconds === undefined) {
      // The first is a key frame, where there is video: nothing may come before it.
      this.#startSeconds = packet.dts / packet.track.codec.timeBase;
      this.#write(packet);
      return;
    }
    if (packet.dts / packet.track.codec.timeBase < this.#startSeconds) return;
    queue.push(packet);
    this.#held++;
    this.#latestSeconds = Math.max(this.#latestSeconds, secondsOf(packet));
    while (this.#held > 0) {
      let earliest: Packet[] | undefined;
      let isWaiting = false;
      for (const candidate of this.#queues.values()) {
        if (candidate.length === 0) isWaiting = true;
        else if (!earliest || secondsOf(candidate[0]!) < secondsOf(earliest[0]!)) earliest = candidate;
      }
      const isLate = this.#latestSeconds - secondsOf(earliest![0]!) > MAXIMUM_WAIT_SECONDS;
      if (isWaiting && !isLate && this.#held < MAXIMUM_HELD) break;
      this.#held--;
      this.#write(earliest!.shift()!);
    }
  }
}

/** A picture lasts a while: the sound of that time belongs in front of it. */
const secondsOf = ({ dts, track: { codec } }: Packet): number =>
  dts / codec.timeBase + (codec.kind === 'video' ? PICTURE_SECONDS : 0);
