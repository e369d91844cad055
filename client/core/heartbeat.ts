// Whether the other end is still there. `readyState` says OPEN for minutes after a phone changed networks, so it is asked.
import { PING_INTERVAL_MS } from "../../src/protocol/limits.ts";
import type { Environment } from "./environment.ts";

/** The answer to a ping that asks whether a socket survived a sleep or a change of networks. */
export const PROBE_TIMEOUT_MS = 2_000;
/** The answer to a routine ping: a slow network is no dead one. */
export const PONG_TIMEOUT_MS = 10_000;
/** A socket that said nothing for this long is asked for a pong when something is sent on it. */
export const QUIET_MS = 5_000;

export class Heartbeat {
  readonly #environment: Pick<Environment, "clock" | "attention">;
  readonly #ping: () => void;
  readonly #dead: () => void;
  readonly #timers = new Set<() => void>();
  #heardAt: number;

  /**
   * @param ping sends a ping
   * @param dead is called when one was not answered in time
   */
  constructor(
    environment: Pick<Environment, "clock" | "attention">,
    ping: () => void,
    dead: () => void,
  ) {
    this.#environment = environment;
    this.#ping = ping;
    this.#dead = dead;
    this.#heardAt = environment.clock.now();
    this.#beat();
  }

  /** Anything that arrives is as good as a pong. */
  heard(): void {
    this.#heardAt = this.#environment.clock.now();
  }

  /** Something was sent: a socket that was silent before is not simply believed to carry it. */
  sent(): void {
    if (this.#environment.clock.now() - this.#heardAt > QUIET_MS) {
      this.#ask(PONG_TIMEOUT_MS);
    }
  }

  /** Asks now, and wants to know soon. */
  probe(): void {
    this.#ask(PROBE_TIMEOUT_MS);
  }

  stop(): void {
    for (const cancel of this.#timers) {
      cancel();
    }
    this.#timers.clear();
  }

  #beat(): void {
    this.#after(PING_INTERVAL_MS, () => {
      if (this.#environment.attention.visible()) {
        this.#ask(PONG_TIMEOUT_MS);
      }
      this.#beat();
    });
  }

  #ask(timeoutMs: number): void {
    const askedAt = this.#environment.clock.now();
    this.#heardAt = Math.min(this.#heardAt, askedAt - 1);
    this.#ping();
    this.#after(timeoutMs, () => {
      if (this.#heardAt < askedAt) {
        this.#dead();
      }
    });
  }

  #after(ms: number, callback: () => void): void {
    const cancel = this.#environment.clock.after(ms, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
  }
}
