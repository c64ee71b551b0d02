/** Which Home Assistant integrations listen to this server: they say so with a `hello` on `/api/events`. */

export class IntegrationPresence {
  readonly #versions = new Map<symbol, string>();
  readonly #listeners = new Set<() => void>();
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
    this.#tell();
    return () => {
      if (!this.#versions.delete(key)) return;
      this.#seenAt = Date.now();
      this.#tell();
    };
  }

  /** Calls the listener when one comes or leaves. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
