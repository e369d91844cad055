// A cache in front of look-ups that may fail: an answer is good for a while, and serves on for as long as no new one is to
// be had ("stale-if-error", RFC 5861).
import { within } from "./session-index/timeout.ts";

export interface CacheLimits {
  /** How long an answer is good. */
  readonly ttlMs: number;
  /** After a failed look-up the old answer serves this long before it is tried again. */
  readonly retryMs: number;
  /** How long a look-up may take when there is an old answer to fall back on … */
  readonly patienceMs: number;
  /** … and when there is none. */
  readonly firstPatienceMs: number;
  /** So many answers, and so many misses: a flood of strange keys cannot fill the isolate. The oldest goes first. */
  readonly maxEntries: number;
}

interface Answer<T> {
  readonly value: T;
  readonly loadedAt: number;
  readonly askAgainAt: number;
}

/** That there is nothing, or that nobody could tell. */
interface Miss {
  readonly error: unknown;
  readonly askAgainAt: number;
}

export class StaleIfErrorCache<T> {
  readonly #limits: CacheLimits;
  readonly #answers = new Map<string | number, Answer<T>>();
  /** Apart from the answers, so that guesses push out guesses only. */
  readonly #misses = new Map<string | number, Miss>();

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  /** The answer for `key`, undefined where there is none. Throws what `load` threw when there is no older answer. */
  async get(
    key: string | number,
    now: number,
    load: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const answer = this.#answers.get(key);
    if (answer !== undefined && now < answer.askAgainAt && now >= answer.loadedAt) {
      return answer.value;
    }
    const miss = this.#misses.get(key);
    if (answer === undefined && miss !== undefined && now < miss.askAgainAt) {
      if (miss.error !== undefined) throw miss.error;
      return undefined;
    }
    return await this.#ask(key, now, load, answer);
  }

  async #ask(
    key: string | number,
    now: number,
    load: () => Promise<T | undefined>,
    answer: Answer<T> | undefined,
  ): Promise<T | undefined> {
    const { ttlMs, retryMs, patienceMs, firstPatienceMs } = this.#limits;
    try {
      const value = await within(answer === undefined ? firstPatienceMs : patienceMs, load());
      this.forget(key);
      const askAgainAt = now + ttlMs;
      if (value === undefined) this.#keep(this.#misses, key, { error: undefined, askAgainAt });
      else this.#keep(this.#answers, key, { value, loadedAt: now, askAgainAt });
      return value;
    } catch (error) {
      // From when the failure was seen: it may have taken all the patience there was.
      const askAgainAt = Date.now() + retryMs;
      if (answer === undefined) {
        this.#keep(this.#misses, key, { error, askAgainAt });
        throw error;
      }
      this.#keep(this.#answers, key, { ...answer, askAgainAt });
      return answer.value;
    }
  }

  forget(key: string | number): void {
    this.#answers.delete(key);
    this.#misses.delete(key);
  }

  clear(): void {
    this.#answers.clear();
    this.#misses.clear();
  }

  #keep<E>(entries: Map<string | number, E>, key: string | number, entry: E): void {
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size <= this.#limits.maxEntries) return;
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  }
}
