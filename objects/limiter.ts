// One thing that is counted, such as one network's creations for one team: an object of its own, named for it. What it has
// counted is in its storage alone, so that an eviction loses nothing, and is cleared when it says nothing any more.
import { DurableObject } from "cloudflare:workers";
import { forgottenAt, type RateState, take } from "../src/domain/rate-limit.ts";

const STATE = "state";

export interface LimiterAnswer {
  readonly allowed: boolean;
  /** 0 where allowed. */
  readonly retryAfterMs: number;
}

export class LimiterObject extends DurableObject<Env> {
  /** Takes `cost` out of `limit` a minute. A refusal writes nothing. */
  async take(limit: number, cost: number): Promise<LimiterAnswer> {
    const { storage } = this.ctx;
    const before = this.#stored();
    const { allowed, state, retryAfterMs } = take(before, limit, Date.now(), cost);
    if (allowed) {
      // Whoever writes the first state sets the alarm in the same commit: there is never the one without the other.
      if (before === undefined) void storage.setAlarm(forgottenAt(state));
      storage.kv.put(STATE, state);
    }
    return { allowed, retryAfterMs };
  }

  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    const state = this.#stored();
    if (state !== undefined && forgottenAt(state) > Date.now()) {
      await storage.setAlarm(forgottenAt(state));
    } else await storage.deleteAll();
  }

  #stored(): RateState | undefined {
    return this.ctx.storage.kv.get<RateState>(STATE);
  }
}
