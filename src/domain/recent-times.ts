/** When something happened within the last `windowMs`: exact, for what is remembered one by one anyway. */
export class RecentTimes {
  readonly #windowMs: number;
  /** In the order of happening; those before `#first` are too old to count. */
  #times: number[] = [];
  #first = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(at: number): void {
    this.#times.push(at);
  }

  /** After how many milliseconds there are fewer than `limit`; 0 where there are now. */
  waitMs(limit: number, now: number): number {
    this.#forget(now);
    const leaves = this.#times.at(-limit);
    if (this.#times.length - this.#first < limit || leaves === undefined) return 0;
    // Of what a clock that was set back since calls the future, no more than a window is waited for.
    return Math.min(leaves + this.#windowMs - now, this.#windowMs);
  }

  #forget(now: number): void {
    const { length } = this.#times;
    while (this.#first < length && now - (this.#times[this.#first] ?? now) >= this.#windowMs) {
      this.#first++;
    }
    // Half of it is garbage: what is moved has been paid for by what was added.
    if (this.#first * 2 > length) {
      this.#times = this.#times.slice(this.#first);
      this.#first = 0;
    }
  }
}
