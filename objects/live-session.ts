// A created session while its object is awake: its state, log, sockets, alarm and way to the index, and what ties them
// together — who is let in, what happens at a deadline, how a session ends.
import { type SessionOperation, slidesExpiry } from "../src/domain/access.ts";
import { earliest } from "../src/domain/deadlines.ts";
import type { Failure } from "../src/protocol/errors.ts";
import type { CredentialRole, Session } from "../src/protocol/session.ts";
import type { Alarm } from "./alarm.ts";
import type { Call } from "./calls.ts";
import { IndexProjector, SESSION_ENTITY } from "./index-projector.ts";
import { MessageLog } from "./message-log.ts";
import { MessageStore } from "./message-store.ts";
import { SessionLife } from "./session-life.ts";
import { Sockets } from "./sockets.ts";
import type { SessionStore, StoredSession } from "./store.ts";

/** A caller waits this long for the index at most; the object goes on trying by itself. */
const INDEX_WAIT_MS = 2_000;

const ALARM_RETRY_MS = 60_000;

type Role = CredentialRole | "team";

export class LiveSession {
  readonly life: SessionLife;
  readonly messages: MessageStore;
  readonly log: MessageLog;
  readonly sockets: Sockets;
  readonly projector: IndexProjector;
  readonly #ctx: DurableObjectState;
  readonly #store: SessionStore;
  readonly #alarm: Alarm;

  constructor(
    ctx: DurableObjectState,
    env: Env,
    store: SessionStore,
    alarm: Alarm,
    stored: StoredSession,
  ) {
    this.#ctx = ctx;
    this.#store = store;
    this.#alarm = alarm;
    this.messages = new MessageStore(ctx.storage.sql);
    const life = new SessionLife(store, stored, this.messages.lastSlidingAt());
    this.life = life;
    this.log = new MessageLog(store, this.messages, {
      refusal: ({ credentialId }, now) => {
        if (life.isOverdue(now)) return "session_expired";
        const isGone = credentialId !== null && !life.isCredentialGood(credentialId);
        return life.endedCode() ?? (isGone ? "invalid_credential" : undefined);
      },
      get quotaBytes() {
        return life.team.policy.limits.bytesPerSession;
      },
      defaultConversationId: stored.record.defaultConversationId,
      stored: (now, slides) => {
        if (slides) life.slid(now);
        this.arm();
      },
      deliver: (deliveries) => this.sockets.deliver(deliveries),
    });
    this.sockets = new Sockets(ctx, store, this.messages, this.log, life, () => this.arm());
    this.projector = new IndexProjector(env, store, life);
  }

  /** Lets `call` in to do `operation` as some role, or says why not. */
  admit(
    { actor, team }: Call,
    operation: SessionOperation,
  ): { readonly ok: true; readonly role: Role } | Failure {
    // An alarm that failed too often is gone; the next caller sets it again.
    if (this.life.adoptTeam(team) || !this.#alarm.isSet) this.arm();
    this.settle(Date.now());
    return this.life.admit(actor, operation);
  }

  /** Slides the expiry if calls by `role` do; at most once a touch interval unless `force`. */
  touch(role: Role, force: boolean): void {
    if (slidesExpiry(role) && this.life.touch(Date.now(), force)) this.arm();
  }

  /** Ends the session if its deadline is behind: a late alarm lets nobody through. */
  settle(now: number): void {
    if (!this.life.isOverdue(now)) return;
    this.life.heardUntil(this.sockets.ownerHeardAt, now);
    if (!this.life.isOverdue(now)) return;
    this.#end(() => this.life.settle(now), now);
    this.#ctx.waitUntil(this.project());
  }

  terminate(): void {
    const now = Date.now();
    this.#end(() => this.life.end("terminated", now), now);
  }

  /** Settles what was submitted, then ends the session and closes its sockets: after it nothing is stored or delivered. */
  #end(apply: () => void, now: number): void {
    this.log.flush();
    this.#store.transaction(() => {
      apply();
      this.projector.mark(SESSION_ENTITY, now);
    });
    this.sockets.end();
    this.arm();
  }

  /** The alarm: the session's end, the index's touches and retries, whatever is due. */
  async catchUp(): Promise<void> {
    try {
      const now = Date.now();
      this.settle(now);
      const flushDue = this.#touchFlushDue();
      if (flushDue !== undefined && flushDue <= now) this.#flushTouches(now);
      await this.projector.run();
      this.#alarm.arm(this.#nextDue());
    } catch (error) {
      // A throwing alarm is retried six times and then never again; this one always comes back.
      console.error({ event: "alarm_failed", error: String(error) });
      this.#alarm.armBy(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** Ends the session if it is due, and tells the index how it really is. */
  async reconcile(): Promise<void> {
    const now = Date.now();
    this.settle(now);
    this.#flushTouches(now);
    await this.project();
  }

  #flushTouches(now: number): void {
    this.#store.transaction(() => {
      this.life.writeSlide(now);
      this.projector.mark(SESSION_ENTITY, now);
    });
  }

  /** Tells the index now; a slow or failing one is left to the alarm. */
  async project(): Promise<void> {
    const waited = new AbortController();
    const timeout = scheduler.wait(INDEX_WAIT_MS, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([this.projector.run(), timeout]);
    waited.abort();
    // The alarm that was set in case this died on the way stays: the first touches' flush will want one by then.
    this.arm();
  }

  /** Sees to it that the object wakes up for what the session waits for next. */
  arm(): void {
    this.#alarm.armBy(this.#nextDue());
  }

  view(role: Role): Session {
    const viewer = role === "owner" || role === "team" ? "full" : "guest";
    return this.life.view(this.log.head.lastSeq, viewer);
  }

  #nextDue(): number | undefined {
    return earliest(this.life.deadlineAt(), this.#touchFlushDue(), this.projector.dueAt());
  }

  /** Touches that wait in the outbox already have its backoff, not a due time of their own. */
  #touchFlushDue(): number | undefined {
    return this.projector.owes(SESSION_ENTITY)
      ? undefined
      : this.life.touchFlushDue(this.sockets.isOwnerHere);
  }
}
