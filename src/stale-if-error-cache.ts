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
  /** So many entries, so that a flood of strange keys cannot fill the isolate; the oldest goes first. */
  readonly maxEntries: number;
}

interface Entry<T> {
  readonly value: T | undefined;
  readonly loadedAt: number;
  readonly askAgainAt: number;
}

export class StaleIfErrorCache<T> {
  readonly #limits: CacheLimits;
  readonly #entries = new Map<string | number, Entry<T>>();

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  /** The answer for `key`; that there is none is one too. Throws what `load` throws when there is no older answer. */
  async get(
    key: string | number,
    now: number,
    load: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && now < entry.askAgainAt && now >= entry.loadedAt) return entry.value;
    const { ttlMs, retryMs, patienceMs, firstPatienceMs } = this.#limits;
    try {
      const value = await within(entry === undefined ? firstPatienceMs : patienceMs, load());
      this.#keep(key, { value, loadedAt: now, askAgainAt: now + ttlMs });
      return value;
    } catch (error) {
      if (entry === undefined) throw error;
      this.#keep(key, { ...entry, askAgainAt: now + retryMs });
      return entry.value;
    }
  }

  forget(key: string | number): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #keep(key: string | number, entry: Entry<T>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#limits.maxEntries) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
