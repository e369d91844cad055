// What may go wrong at any call of D1 or R2, by a seed: it is not made, its answer is lost, or the objects die before it
// or behind it.
import { interceptBucket } from "../../support/bucket.ts";
import { interceptIndex } from "../../support/index-database.ts";

/** How likely a call fails, of each; between 0 and 1. */
export interface Rates {
  readonly index: number;
  readonly bucket: number;
}

const CALM: Rates = { index: 0, bucket: 0 };

const KINDS = ["not made", "answer lost", "dies before", "dies behind"] as const;

/** How often `calm` looks whether what failed is over, a millisecond apart. */
const LOOKS = 20;

/** Of requests that wait for one another in other requests' promises workerd says that they hang, or lets them: they look. */
interface Death {
  isOver: boolean;
}

export class Faults {
  rates: Rates = CALM;
  readonly #random: () => number;
  /** Calls that wait until the objects are dead. */
  #deaths: Death[] = [];
  /** How many calls are failing just now, or died in it. */
  #failing = 0;
  #isInstalled = false;
  #restore: () => void = () => undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

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

  uninstall(): void {
    this.#restore();
  }

  /** Whether a call may fail for no other reason. */
  get areOn(): boolean {
    return this.rates.index + this.rates.bucket > 0;
  }

  /** Nothing fails from now on, and what failed is over. */
  async calm(): Promise<void> {
    this.rates = CALM;
    for (let looks = 0; this.#failing > 0 && looks < LOOKS; looks++) await scheduler.wait(1);
    // What died in the middle.
    this.#failing = 0;
  }

  async #around<T>(call: () => Promise<T>, rate: number, name: string): Promise<T> {
    if (rate === 0 || this.#random() >= rate) return await call();
    this.#failing++;
    try {
      return await this.#fail(call, name);
    } finally {
      this.#failing--;
    }
  }

  async #fail<T>(call: () => Promise<T>, name: string): Promise<T> {
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
    const death: Death = { isOver: false };
    this.#deaths.push(death);
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
