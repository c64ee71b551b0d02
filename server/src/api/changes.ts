/** Changes that clients make: kept in the config file, and told to those who listen for news of the server. */
import { ConfigError } from '../config/error.ts';
import { type ConfigChange, keepChanges } from '../config/keep.ts';
import type { ConfigStore } from '../config/store.ts';
import { Listeners } from '../util/listeners.ts';
import type { Logger } from '../util/log.ts';

export class Changes {
  readonly #store: ConfigStore;
  readonly #log: Logger;
  readonly #listeners = new Listeners();
  #unkept: string | undefined;

  constructor(store: ConfigStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** Why the last change holds until the next start only; undefined where it is kept. */
  get unkept(): string | undefined {
    return this.#unkept;
  }

  /**
   * Keeps changes that are made already in the config file, where there is one. A file that cannot be edited (a read-only
   * disk, a mistake in its YAML) is no reason to fail: `unkept` and the log say so.
   */
  async keep(changes: readonly ConfigChange[]): Promise<void> {
    if (changes.length === 0) return;
    const before = this.#unkept;
    try {
      await keepChanges(this.#store, changes);
      this.#unkept = undefined;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#log.warn('not kept', { key: changes[0]![0].join('.'), error: error.message });
      this.#unkept = error.message;
    }
    if (this.#unkept !== before) this.serverChanged();
  }

  /** Calls the listener when the server is to be told anew. Returns the function that ends it. */
  onServerChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  serverChanged(): void {
    this.#listeners.tell();
  }
}
