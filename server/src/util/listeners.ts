/** Who wants to be told of something. */
export class Listeners<T = void> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Calls the listener from now on; returns the function that ends it. */
  add(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}
