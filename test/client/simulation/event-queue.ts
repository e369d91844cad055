interface Event {
  readonly at: number;
  /** What was added first happens first at the same time. */
  readonly order: number;
  readonly callback: () => void;
}

/** A binary heap: the earliest first. */
export class EventQueue {
  readonly #heap: Event[] = [];
  readonly #cancelled = new Set<number>();
  #added = 0;

  /** Returns what takes it out again. */
  add(at: number, callback: () => void): () => void {
    this.#added += 1;
    const order = this.#added;
    this.#heap.push({ at, order, callback });
    this.#rise(this.#heap.length - 1);
    return () => {
      this.#cancelled.add(order);
    };
  }

  /** Takes out the earliest, unless it lies after `until`. */
  next(until: number): Event | undefined {
    for (;;) {
      const [first] = this.#heap;
      if (!first || first.at > until) {
        return undefined;
      }
      this.#remove();
      if (!this.#cancelled.delete(first.order)) {
        return first;
      }
    }
  }

  #remove(): void {
    const last = this.#heap.pop();
    if (last && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
  }

  #rise(index: number): void {
    const parent = (index - 1) >> 1;
    if (index > 0 && this.#swapIfEarlier(index, parent)) {
      this.#rise(parent);
    }
  }

  #sink(index: number): void {
    const left = 2 * index + 1;
    const earlier = this.#isEarlier(left + 1, left) ? left + 1 : left;
    if (this.#swapIfEarlier(earlier, index)) {
      this.#sink(earlier);
    }
  }

  #isEarlier(index: number, other: number): boolean {
    const a = this.#heap[index];
    const b = this.#heap[other];
    return a !== undefined && b !== undefined && (a.at - b.at || a.order - b.order) < 0;
  }

  #swapIfEarlier(index: number, other: number): boolean {
    const a = this.#heap[index];
    const b = this.#heap[other];
    if (!a || !b || !this.#isEarlier(index, other)) {
      return false;
    }
    this.#heap[index] = b;
    this.#heap[other] = a;
    return true;
  }
}
