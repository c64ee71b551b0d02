/** Sounds that the API plays on the loudspeakers of streams: one at a time each. */
import { StreamError } from '../core/errors.ts';
import type { Producer } from '../core/model.ts';
import { play } from '../core/play.ts';
import type { Stream } from '../core/stream.ts';
import type { Services } from '../formats/format.ts';
import type { Logger } from '../util/log.ts';

export class Players {
  readonly #services: Services;
  readonly #log: Logger;
  readonly #playing = new Map<string, AbortController>();

  constructor(services: Services, log: Logger) {
    this.#services = services;
    this.#log = log;
  }

  /**
   * Plays a source on the stream's loudspeaker, instead of what plays there. Resolves when it is heard, and goes on
   * until the source ends; rejects with StreamError.
   */
  async start(stream: Stream, source: string): Promise<void> {
    this.stop(stream);
    const controller = new AbortController();
    this.#playing.set(stream.name, controller);
    const { signal } = controller;
    const context = { stream: stream.name, signal, log: this.#log, services: this.#services };
    const heard = Promise.withResolvers<void>();
    const ended = this.#services
      .open(source, context)
      .then((producer) => play(stream, announcing(producer, heard.resolve), signal))
      .then(() => heard.reject(new StreamError('aborted', 'stopped before it was heard')))
      .finally(() => {
        if (this.#playing.get(stream.name) === controller) this.#playing.delete(stream.name);
      });
    ended.catch((error: Error) => {
      this.#log.debug('play', { stream: stream.name, error: error.message });
      heard.reject(error);
    });
    await heard.promise;
  }

  stop(stream: Stream): void {
    this.#playing.get(stream.name)?.abort();
    this.#playing.delete(stream.name);
  }

  close(): void {
    for (const controller of this.#playing.values()) controller.abort();
    this.#playing.clear();
  }
}

/** Tells when the producer really runs: `play` also runs one that it gives up, with a signal aborted already. */
function announcing(producer: Producer, onRun: () => void): Producer {
  return {
    peer: producer.peer,
    tracks: producer.tracks,
    run(write, signal) {
      if (!signal.aborted) onRun();
      return producer.run(write, signal);
    },
  };
}
