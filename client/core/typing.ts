// Who is writing: what others say, for as long as they keep saying it, and what this side says, no more often than needed.
import type { Presence, TypingFrame } from "../../src/protocol/frames.ts";
import type { Clock } from "./environment.ts";
import type { Typist } from "./session-state.ts";

/** While somebody keeps writing, others hear of it this often: each frame wakes the object. */
export const TYPING_REPEAT_MS = 4_000;
/** A typist not heard of for this long has stopped, or is gone. */
export const TYPING_LEASE_MS = 8_000;

/** Others who are writing. */
export class Typists {
  readonly #clock: Clock;
  readonly #changed: (typists: readonly Typist[]) => void;
  #typists: readonly Typist[] = [];
  readonly #leases = new Map<string, () => void>();

  constructor(clock: Clock, changed: (typists: readonly Typist[]) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  heard({ connectionId, role, author, active }: TypingFrame): void {
    this.#leases.get(connectionId)?.();
    this.#leases.delete(connectionId);
    if (!active) {
      this.#keep((typist) => typist.connectionId !== connectionId);
      return;
    }
    this.#leases.set(
      connectionId,
      this.#clock.after(TYPING_LEASE_MS, () =>
        this.#keep((typist) => typist.connectionId !== connectionId),
      ),
    );
    if (!this.#typists.some((typist) => typist.connectionId === connectionId)) {
      this.#set([...this.#typists, { connectionId, role, author }]);
    }
  }

  /** Whoever left has stopped writing. */
  present(presence: readonly Presence[]): void {
    const ids = new Set(presence.map(({ connectionId }) => connectionId));
    this.#keep((typist) => ids.has(typist.connectionId));
  }

  clear(): void {
    this.#keep(() => false);
  }

  #keep(predicate: (typist: Typist) => boolean): void {
    const kept = this.#typists.filter(predicate);
    if (kept.length < this.#typists.length) {
      this.#set(kept);
    }
  }

  #set(typists: readonly Typist[]): void {
    this.#typists = typists;
    this.#changed(typists);
  }
}

/** This side's own sign. */
export class TypingSignal {
  readonly #clock: Clock;
  readonly #send: (active: boolean) => void;
  #saidAt: number | undefined;

  constructor(clock: Clock, send: (active: boolean) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Call it with each key: says so at most once in `TYPING_REPEAT_MS`, and says the end once. */
  set(active: boolean): void {
    const now = this.#clock.now();
    if (active && (this.#saidAt === undefined || now - this.#saidAt >= TYPING_REPEAT_MS)) {
      this.#saidAt = now;
      this.#send(true);
    } else if (!active && this.#saidAt !== undefined) {
      this.#saidAt = undefined;
      this.#send(false);
    }
  }
}
