// The way into a session: it is opened here when its object wakes, or begun, and whoever calls is let in here or not.

import type { CallerRole, SessionOperation } from "../src/domain/access.ts";
import { log } from "../src/log.ts";
import type { ErrorCode, Failure, Result } from "../src/protocol/errors.ts";
import { Alarm } from "./alarm.ts";
import { begin, beginAgain } from "./beginning.ts";
import {
  type Call,
  type CreateCall,
  type Created,
  type TeamWord,
  unknownSession,
} from "./calls.ts";
import { LiveSession } from "./live-session.ts";
import { SchemaTooNewError } from "./schema.ts";
import { SessionStore } from "./store.ts";

interface Admitted {
  readonly live: LiveSession;
  readonly role: CallerRole;
}

export class Entrance {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #store: SessionStore;
  readonly #alarm: Alarm;
  #live: LiveSession | undefined;
  /** What every call hears when the stored session is not for this code to touch. */
  #broken: Failure | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    this.#ctx = ctx;
    this.#env = env;
    this.#store = new SessionStore(ctx.storage);
    this.#alarm = new Alarm(ctx.storage);
    void ctx.blockConcurrencyWhile(() => this.#alarm.load());
    try {
      const stored = this.#store.open();
      if (stored) this.#live = new LiveSession(ctx, env, this.#store, this.#alarm, stored);
    } catch (error) {
      if (!(error instanceof SchemaTooNewError)) throw error;
      log.error({ event: "schema_too_new", error: error.message });
      this.#broken = { ok: false, code: "unavailable" };
    }
  }

  /** Undefined while no session was created under this name, and after it is purged. */
  get live(): LiveSession | undefined {
    return this.#live?.ending.lifecycle.isPurged ? undefined : this.#live;
  }

  /** The same. Throws where it cannot be told, as the session is for newer code. */
  get known(): LiveSession | undefined {
    if (this.#broken) throw new SchemaTooNewError("the session is stored by newer code");
    return this.live;
  }

  /** Whether there was a session under this name, and all of it is gone. */
  get wasPurged(): boolean {
    return this.live === undefined && this.#store.isPurged();
  }

  async create(call: CreateCall): Promise<Result<Created>> {
    if (this.#broken) return this.#broken;
    const now = Date.now();
    if (this.live !== undefined) return beginAgain(this.live, call.credential, now);
    if (this.wasPurged) return { ok: false, code: "idempotency_key_expired" };
    const live = begin(this.#ctx, this.#env, this.#store, this.#alarm, call, now);
    this.#live = live;
    await live.upkeep.project();
    return { ok: true, session: live.view("owner"), isNew: true };
  }

  async alarm(): Promise<void> {
    this.#alarm.fired();
    this.live?.upkeep.seeEpoch();
    await this.live?.upkeep.catchUp();
  }

  /**
   * Does `work` for whoever may do `operation`. There is no wait between the two: whoever else waited for the same word of
   * the team may be the one who takes the key away.
   */
  async as<R extends Result<object>>(
    call: Call,
    operation: SessionOperation,
    work: (admitted: Admitted) => R | Promise<R>,
  ): Promise<R | Failure> {
    const live = await this.#caughtUp(call);
    if (live === undefined) return this.#broken ?? unknownSession(call.actor);
    const admitted = live.admit(call.actor, operation);
    return admitted.ok ? await work({ live, role: admitted.role }) : admitted;
  }

  /** The same, and the index is told of what it changed. */
  async change<R extends Result<object>>(
    call: Call,
    operation: SessionOperation,
    work: (admitted: Admitted) => R,
  ): Promise<R | Failure> {
    return await this.as(call, operation, async (admitted) => {
      const changed = work(admitted);
      if (changed.ok) await admitted.live.upkeep.project();
      return changed;
    });
  }

  /** Does `work` for somebody who has no key to the session yet, but what it takes to get one. */
  async asNewcomer<R extends Result<object>>(
    word: TeamWord,
    unknown: ErrorCode,
    work: (live: LiveSession) => Promise<R>,
  ): Promise<R | Failure> {
    const live = await this.#caughtUp(word);
    if (live === undefined) return this.#broken ?? { ok: false, code: unknown };
    const now = Date.now();
    live.expireIfDue(now);
    if (live.ending.lifecycle.isGone(now)) return { ok: false, code: unknown };
    return live.disabledRefusal() ?? (await work(live));
  }

  /** Does `work` for the team of `teamId`, which the Worker has let in, whatever has become of the session. */
  async asTeam<R extends Result<object>>(
    word: TeamWord,
    teamId: string,
    work: (live: LiveSession) => Promise<R>,
  ): Promise<R | Failure> {
    const live = await this.#caughtUp(word);
    const isKnown = live !== undefined && !live.ending.lifecycle.isGone(Date.now());
    if (isKnown && live.state.record.teamId === teamId) return await work(live);
    return this.#broken ?? { ok: false, code: "session_not_found" };
  }

  /** The session, by a policy of its team that is no older than the caller's. */
  async #caughtUp(word: TeamWord): Promise<LiveSession | undefined> {
    this.live?.upkeep.seeEpoch();
    await this.live?.heardOfTeam(word);
    // It may have been purged meanwhile.
    return this.live;
  }
}
