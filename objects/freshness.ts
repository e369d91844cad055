// How old something may be that the index knows better: within half a minute it is good, within a minute it is asked for
// behind whoever goes by it, and after that ahead of them. With the index down, the last word holds, and it is asked again
// a little later.
import { log } from "../src/log.ts";
import { IndexError } from "../src/session-index/errors.ts";
import { within } from "../src/session-index/timeout.ts";

const REFRESH_AFTER_MS = 30_000;

/** Nobody goes by what was confirmed longer ago. */
const STALE_AFTER_MS = 60_000;

/** Whoever has to wait waits this long for the index at most … */
const PATIENCE_MS = 1_000;

/** … and after that goes on for this long before it is asked again. */
const RETRY_AFTER_MS = 10_000;

export interface Known {
  /** When the index was last asked and answered, epoch milliseconds; kept through an eviction. 0 when nobody knows. */
  confirmedAt(): number;
  /** Asks the index and goes by its answer; false where it had none. Throws `IndexError`. */
  ask(askedAt: number): Promise<boolean>;
}

export class Freshness {
  readonly #known: Known;
  #asking: Promise<void> | undefined;
  /** What all wait for who came while it was stale, in the order in which they came. */
  #gate: Promise<void> | undefined;
  #askAgainAt = 0;

  constructor(known: Known) {
    this.#known = known;
  }

  /** Asks the index; while that is down, the last word holds. Never fails. */
  renew(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      if (await this.#known.ask(Date.now())) return;
    } catch (error) {
      if (!(error instanceof IndexError))
        log.error({ event: "index_word_lost", error: String(error) });
    }
    this.#askAgainAt = Date.now() + RETRY_AFTER_MS;
  }

  /** What whoever goes by it has to wait for first, if for anything. */
  before(now: number): Promise<void> | undefined {
    if (this.#gate !== undefined) return this.#gate;
    const age = now - this.#known.confirmedAt();
    if (age < REFRESH_AFTER_MS || now < this.#askAgainAt) return undefined;
    const asking = this.renew();
    if (age < STALE_AFTER_MS) return undefined;
    this.#gate = within(PATIENCE_MS, asking)
      .catch(() => {
        this.#askAgainAt = Date.now() + RETRY_AFTER_MS;
      })
      .finally(() => {
        this.#gate = undefined;
      });
    return this.#gate;
  }
}
