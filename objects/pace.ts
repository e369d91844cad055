// Turns at an interval, for as long as there is something to do: the first of a quiet moment at once. No clock is asked,
// so none that stands still or jumps can stop it.

export class Pace {
  readonly #intervalMs: number;
  readonly #turn: () => void;
  readonly #isWaiting: () => boolean;
  #isResting = false;

  /** `turn` does one thing, for as long as `isWaiting` says that there is one. */
  constructor(intervalMs: number, isWaiting: () => boolean, turn: () => void) {
    this.#intervalMs = intervalMs;
    this.#isWaiting = isWaiting;
    this.#turn = turn;
  }

  /** There is something to do. */
  wake(): void {
    if (this.#isResting || !this.#isWaiting()) return;
    this.#isResting = true;
    setTimeout(() => {
      this.#isResting = false;
      this.wake();
    }, this.#intervalMs);
    // The last: should it throw, the next turn comes all the same.
    this.#turn();
  }
}
