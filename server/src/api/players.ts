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
  readonly #onChange: (stream: string, playing: boolean) => void;
  readonly #playing = new Map<string, AbortController>();

  /** `onChange` is called when a sound begins to be heard, and when it has ended. */
  constructor(services: Services, log: Logger, onChange: (stream: string, playing: boolean) => void) {
    this.#services = services;
    this.#log = log;
    this.#onChange = onChange;
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
    const begin = (): void => {
      this.#onChange(stream.name, true);
      heard.resolve();
    };
    const ended = this.#services
      .open(source, context)
      .then((producer) => play(stream, announcing(producer, begin), signal))
      .then(() => heard.reject(new StreamError('aborted', 'stopped before it was heard')))
      .finally(() => {
        if (this.#playing.get(stream.name) === controller) this.#end(stream.name);
      });
    ended.catch((error: Error) => {
      this.#log.debug('play', { stream: stream.name, error: error.message });
      heard.reject(error);
    });
    await heard.promise;
  }

  stop(stream: Stream): void {
    this.#playing.get(stream.name)?.abort();
    this.#end(stream.name);
  }

  #end(stream: string): void {
    if (this.#playing.delete(stream)) this.#onChange(stream, false);
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
