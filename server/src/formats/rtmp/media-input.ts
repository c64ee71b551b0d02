/** Audio and video messages of a connection as a producer: the tracks as soon as they are known, what came until then kept. */
import { StreamError } from '../../core/errors.ts';
import { HeldInput } from '../../core/held-input.ts';
import type { Peer, Producer, Track, WritePacket } from '../../core/model.ts';
import { TagReader } from '../flv/tag-reader.ts';
import type { Message } from './message.ts';

/** From the first track on, for the other one. */
const SECOND_TRACK_MS = 2000;
const FIRST_TRACK_MS = 10_000;

export class MediaInput {
  /** Resolves when the tracks are known; rejects with StreamError when there are none in time, or the input ends. */
  readonly known: Promise<void>;
  readonly #known = Promise.withResolvers<void>();
  readonly #peer: Peer;
  readonly #reader = new TagReader();
  readonly #input = new HeldInput();
  #timer: NodeJS.Timeout;
  #sawTrack = false;

  constructor(peer: Peer) {
    this.#peer = peer;
    this.known = this.#known.promise;
    this.known.catch(() => {});
    this.#timer = setTimeout(
      () => this.#known.reject(new StreamError('timeout', 'no audio or video that we know within 10 s')),
      FIRST_TRACK_MS,
    );
  }

  push({ type, timestamp, body }: Message): void {
    this.#reader.push(type, timestamp, body, this.#input.write);
    this.#peer.corrupt = this.#reader.corrupt;
    if (this.#reader.ready) this.#settle();
    else if (!this.#sawTrack && this.#reader.tracks.length > 0) {
      this.#sawTrack = true;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#settle(), SECOND_TRACK_MS);
    }
  }

  /** Without a reason: it ended as it should. */
  end(reason?: StreamError): void {
    clearTimeout(this.#timer);
    this.#known.reject(reason ?? new StreamError('closed', 'ended before audio or video came'));
    this.#input.end(reason);
  }

  /** With the tracks known so far; `close` is called when it has run. */
  producer(close: () => void): Producer {
    const tracks: readonly Track[] = this.#reader.tracks;
    return {
      peer: this.#peer,
      tracks,
      run: async (write: WritePacket, signal: AbortSignal) => {
        try {
          await this.#input.run(tracks, write, signal);
        } finally {
          close();
        }
      },
    };
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#known.resolve();
  }
}
