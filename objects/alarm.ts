// The object's one alarm. Its time is derived from the session's deadlines; this only keeps it from being written again
// for nothing: it is moved to an earlier time at once, and to a later one only by whoever woke up for it.

export class Alarm {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Reads what is set; nothing may be set before. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  get isSet(): boolean {
    return this.#at !== null;
  }

  /** It is running: nothing is set until it is set again. */
  fired(): void {
    this.#at = null;
  }

  /** Makes it fire at `at` or earlier; without one, changes nothing. Part of the transaction that is under way. */
  setNoLaterThan(at: number | undefined): void {
    if (at === undefined) return;
    // What is overdue is due at once, and that does not move with each call.
    const soonest = Math.max(at, Date.now() + 1);
    if (this.#at !== null && this.#at <= soonest) return;
    this.#at = soonest;
    void this.#storage.setAlarm(soonest);
  }

  /** Makes it fire at `at` and not before; without one, never. */
  set(at: number | undefined): void {
    if (at === undefined && this.#at !== null) void this.#storage.deleteAlarm();
    if (at === undefined || (this.#at !== null && this.#at < at)) this.#at = null;
    this.setNoLaterThan(at);
  }
}
