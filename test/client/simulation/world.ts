// A world of its own: virtual time, chance from one seed, and everything that happens in one line after the other. Nothing in it
// knows the real clock, so a run of days takes milliseconds and its seed repeats it to the letter.
import { seededRandom } from "../../support/random.ts";
import { EventQueue } from "./event-queue.ts";

/** What was noted, of whom, and when; text only when somebody reads it. */
type Note = readonly [at: number, who: string, what: string];

const NOTES_SHOWN = 400;

export class World {
  readonly seed: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly #queue = new EventQueue();
  readonly #notes: Note[] = [];
  readonly #startedAt = Date.UTC(2026, 0, 1);
  #now = this.#startedAt;
  #events = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.random = seededRandom(seed);
  }

  /** Milliseconds since 1970, by the server's clock. */
  get now(): number {
    return this.#now;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** A whole number in [least, most]. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.random() * list.length)];
  }

  /** Calls back in `ms` milliseconds, unless the returned function is called first. */
  after(ms: number, callback: () => void): () => void {
    return this.#queue.add(this.#now + Math.max(0, ms), callback);
  }

  /** Lets so much time pass, and everything that falls into it happen. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await promisesSettled();
    for (;;) {
      const event = this.#queue.next(until);
      if (!event) {
        break;
      }
      this.#now = Math.max(this.#now, event.at);
      this.#events += 1;
      event.callback();
      await promisesSettled();
    }
    this.#now = Math.max(this.#now, until);
  }

  /** Time goes by and nothing happens in it: what was due is late then. */
  skip(ms: number): void {
    this.note("world", `asleep for ${Math.round(ms / 60_000)} min`);
    this.#now += ms;
  }

  note(who: string, what: string): void {
    this.#notes.push([this.#now, who, what]);
  }

  /** All that was noted, a line each. */
  history(): string[] {
    return this.#notes.map(
      ([at, who, what]) => `${((at - this.#startedAt) / 1000).toFixed(3)} ${who}: ${what}`,
    );
  }

  /** The end of it, for whoever has to find out what went wrong. */
  recent(): string {
    const lines = this.history();
    const left = lines.length - NOTES_SHOWN;
    return [...(left > 0 ? [`(${left} lines before)`] : []), ...lines.slice(-NOTES_SHOWN)].join(
      "\n",
    );
  }
}

/** Everything that waits for promises alone has happened then. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
