/** Which Home Assistant integrations listen to this server: they say so with a `hello` on `/api/events`. */
import { Listeners } from '../util/listeners.ts';

export class IntegrationPresence {
  readonly #versions = new Map<symbol, string>();
  readonly #listeners = new Listeners();
  #seenAt: number | undefined;

  get connected(): boolean {
    return this.#versions.size > 0;
  }

  /** Of the one that came last. */
  get version(): string | undefined {
    return [...this.#versions.values()].at(-1);
  }

  /** When one was connected last, ms since 1970; undefined: never since the start. */
  get seenAt(): number | undefined {
    return this.connected ? Date.now() : this.#seenAt;
  }

  /** One is connected, until the function that this returns is called. */
  arrive(version: string): () => void {
    const key = Symbol(version);
    this.#versions.set(key, version);
    this.#listeners.tell();
    return () => {
      if (!this.#versions.delete(key)) return;
      this.#seenAt = Date.now();
      this.#listeners.tell();
    };
  }

  /** Calls the listener when one comes or leaves. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }
}
