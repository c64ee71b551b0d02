/**
 * The source of a stream that clients push into (RTSP ANNOUNCE, WHIP, HTTP POST).
 *
 * It is an ordinary Source whose `open` takes the client that publishes: when a push ends, viewers stay attached
 * and wait, and the next push resumes them. One client publishes at a time; a newer one replaces it, because it is
 * nearly always the same camera after its network came back.
 */
import { StreamError, toStreamError } from './errors.ts';
import type { Producer } from './model.ts';

export class PushSlot {
  #offered: { producer: Producer; ended: PromiseWithResolvers<void> } | undefined;
  #current: AbortController | undefined;

  /** Hands a producer in; it is taken by `open`. Resolves when it has ended, for whatever reason. */
  offer(producer: Producer, signal: AbortSignal): Promise<void> {
    const ended = Promise.withResolvers<void>();
    this.#offered?.ended.reject(replaced());
    this.#current?.abort(replaced());
    this.#offered = { producer, ended };
    signal.addEventListener('abort', () => this.#withdraw(producer), { once: true });
    return ended.promise;
  }

  /** For SourceSettings.open: the producer offered, wrapped so that the next offer ends it. */
  readonly open = async (): Promise<Producer> => {
    const offered = this.#offered;
    if (!offered) throw new StreamError('not_found', 'nobody publishes to this stream');
    this.#offered = undefined;
    const current = new AbortController();
    this.#current = current;
    const { producer, ended } = offered;
    return {
      peer: producer.peer,
      tracks: producer.tracks,
      backchannel: producer.backchannel,
      requestKeyframe: (trackId) => producer.requestKeyframe?.(trackId),
      run: async (write, signal) => {
        const stop = AbortSignal.any([signal, current.signal]);
        try {
          await producer.run(write, stop);
          // Replaced, or silent for too long: the client is told, it did not end by itself.
          if (stop.aborted) throw toStreamError(stop.reason);
          ended.resolve();
        } catch (error) {
          ended.reject(toStreamError(error));
          throw error;
        }
      },
    };
  };

  #withdraw(producer: Producer): void {
    if (this.#offered?.producer !== producer) return;
    this.#offered.ended.reject(new StreamError('aborted', 'publishing client left'));
    this.#offered = undefined;
  }
}

const replaced = (): StreamError => new StreamError('closed', 'another client publishes to this stream now');
