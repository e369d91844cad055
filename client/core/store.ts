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
    const next = { ...this.#state, ...fields };
    if (sameFields(this.#state, next)) {
      return;
    }
    this.#state = next;
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

function sameFields<T extends object>(a: T, b: T): boolean {
  return (Object.keys(b) as (keyof T)[]).every((key) => Object.is(a[key], b[key]));
}
