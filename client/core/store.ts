/** One value and those who want to hear that it changed. */
export class Store<T extends object> {
  #state: T;
  readonly #listeners = new Set<() => void>();

  constructor(initial: T) {
    this.#state = initial;
  }

  get(): T {
    return this.#state;
  }

  /** Replaces the given fields; listeners hear of it at once, and only when one of them really differs. */
  patch(fields: Partial<T>): void {
    const before = this.#state;
    const names = Object.keys(fields) as (keyof T)[];
    if (names.some((name) => !Object.is(fields[name], before[name]))) {
      this.#state = { ...before, ...fields };
      for (const listener of [...this.#listeners]) {
        listener();
      }
    }
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
