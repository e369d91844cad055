// Whether the other end is still there. `readyState` says OPEN for minutes after a phone changed networks, so it is asked.
import { PING_INTERVAL_MS } from "../../src/protocol/limits.ts";
import type { Environment } from "./environment.ts";

/** The answer to a ping that asks whether a socket survived a sleep or a change of networks. */
export const PROBE_TIMEOUT_MS = 2_000;
/** The answer to a routine ping: a slow network is no dead one. */
export const PONG_TIMEOUT_MS = 10_000;
/** A socket that said nothing for this long is asked for a pong when something is sent on it. */
const QUIET_MS = 5_000;

export type Heartbeat = ReturnType<typeof createHeartbeat>;

/**
 * @param ping sends a ping
 * @param dead is called when one was not answered in time
 */
export function createHeartbeat(
  { clock, attention }: Pick<Environment, "clock" | "attention">,
  ping: () => void,
  dead: () => void,
) {
  const timers = new Set<() => void>();
  let heardAt = clock.now();

  function after(ms: number, callback: () => void): void {
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      callback();
    });
    timers.add(cancel);
  }

  function ask(timeoutMs: number): void {
    const askedAt = clock.now();
    heardAt = Math.min(heardAt, askedAt - 1);
    ping();
    after(timeoutMs, () => {
      if (heardAt < askedAt) {
        dead();
      }
    });
  }

  function beat(): void {
    after(PING_INTERVAL_MS, () => {
      if (attention.visible()) {
        ask(PONG_TIMEOUT_MS);
      }
      beat();
    });
  }

  beat();
  return {
    /** Anything that arrives is as good as a pong. */
    heard(): void {
      heardAt = clock.now();
    },
    /** Something was sent: a socket that was silent before is not simply believed to carry it. */
    sent(): void {
      if (clock.now() - heardAt > QUIET_MS) {
        ask(PONG_TIMEOUT_MS);
      }
    },
    /** Asks now, and wants to know soon. */
    probe: () => ask(PROBE_TIMEOUT_MS),
    stop(): void {
      for (const cancel of timers) {
        cancel();
      }
      timers.clear();
    },
  };
}
