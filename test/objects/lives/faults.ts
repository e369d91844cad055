// What may go wrong at any call of D1 or R2, by a seed: it is not made, its answer is lost, or the objects die before it
// or behind it.
import { interceptBucket } from "../../support/bucket.ts";
import { interceptIndex } from "../../support/index-database.ts";

/** How likely a call fails, of each; between 0 and 1. */
export interface Rates {
  readonly index: number;
  readonly bucket: number;
}

export const CALM: Rates = { index: 0, bucket: 0 };

const SETTLED_MS = 20;

const KINDS = ["not made", "answer lost", "dies before", "dies behind"] as const;

export class Faults {
  rates: Rates = CALM;
  readonly #random: () => number;
  /** Calls that wait until the objects are dead. */
  #deaths: { isOver: boolean }[] = [];
  #isInstalled = false;
  readonly #striking = new Set<Promise<unknown>>();
  #restore: () => void = () => undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** @param kill ends the objects in the middle of what they do */
  /** @param kill ends the objects in the middle of what they do */
  install(kill: () => Promise<void>): void {
    const restoreIndex = interceptIndex((call) => this.#around(call, this.rates.index, "D1_ERROR"));
    const restoreBucket = interceptBucket((call) => this.#around(call, this.rates.bucket, "R2"));
    this.#isInstalled = true;
    void this.#reap(kill);
    this.#restore = () => {
      this.#isInstalled = false;
      restoreBucket();
      restoreIndex();
    };
  }

  /** Whether a call may fail for no other reason. */
  get areOn(): boolean {
    return this.rates.index + this.rates.bucket > 0;
  }

  /** Nothing fails from now on, and what failed is over. */
  async calm(): Promise<void> {
    this.rates = CALM;
    // What died in the middle never settles.
    await Promise.race([Promise.allSettled(this.#striking), scheduler.wait(SETTLED_MS)]);
    this.#striking.clear();
  }

  uninstall(): void {
    this.#restore();
  }

  async #around<T>(call: () => Promise<T>, rate: number, name: string): Promise<T> {
    if (rate === 0 || this.#random() >= rate) return await call();
    const struck = this.#strike(call, name);
    this.#striking.add(struck);
    try {
      return await struck;
    } finally {
      this.#striking.delete(struck);
    }
  }

  async #strike<T>(call: () => Promise<T>, name: string): Promise<T> {
    const kind = KINDS[Math.floor(this.#random() * KINDS.length)];
    const lost = new Error(`${name}: Network connection lost.`);
    switch (kind) {
      case "not made":
        throw lost;
      case "answer lost":
        await call().catch(() => undefined);
        throw lost;
      case "dies before":
        await this.#death();
        return await call();
      default: {
        const answer = await call();
        await this.#death();
        return answer;
      }
    }
  }

  async #death(): Promise<void> {
    const death = { isOver: false };
    this.#deaths.push(death);
    // Not a promise: whoever waits for one of another request's counts as hung.
    while (!death.isOver) await scheduler.wait(1);
  }

  /** From outside: workerd itself dies of an object that ends itself by way of another call. */
  async #reap(kill: () => Promise<void>): Promise<void> {
    while (this.#isInstalled) {
      const deaths = this.#deaths;
      this.#deaths = [];
      if (deaths.length > 0) await kill();
      for (const death of deaths) death.isOver = true;
      await scheduler.wait(1);
    }
  }
}
