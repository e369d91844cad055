// What a session does unasked: it wakes up at the earliest of all that it waits for, does what is due, and tells the index
// what has changed, now or later. Nothing is lost when it is late: whoever calls looks at the deadlines, too.
import { earliest } from "../src/domain/deadlines.ts";
import { WEBHOOK_TIMEOUT_MS } from "../src/protocol/limits.ts";
import { IndexError } from "../src/session-index/errors.ts";
import { within } from "../src/session-index/timeout.ts";
import type { Alarm } from "./alarm.ts";
import type { EventFeed } from "./event-feed.ts";
import type { Files } from "./files.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { SessionState } from "./session-state.ts";
import type { Sockets } from "./sockets.ts";
import type { SessionStore } from "./store.ts";
import type { Streams } from "./streams.ts";

/** A caller waits this long for the index at most; the object goes on trying by itself. */
const INDEX_WAIT_MS = 2_000;

/** An alarm waits this long for receivers at most: for one attempt. */
const DELIVERY_WAIT_MS = WEBHOOK_TIMEOUT_MS + 1_000;

const ALARM_RETRY_MS = 60_000;

/** What of a session waits for something, and what is done about it. */
interface Parts {
  readonly ctx: DurableObjectState;
  readonly store: SessionStore;
  readonly alarm: Alarm;
  readonly state: SessionState;
  readonly sockets: Sockets;
  readonly streams: Streams;
  readonly projector: IndexProjector;
  readonly events: EventFeed;
  readonly files: Files;
  /** Ends what has come to its deadline. */
  readonly expireIfDue: (now: number) => void;
  /** Goes by the team as the index has it. Never fails. */
  readonly learnTeam: () => Promise<void>;
}

export class Upkeep {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Sees to it that the object wakes up for what the session waits for next. */
  arm(): void {
    this.#parts.alarm.setNoLaterThan(this.#nextDue());
  }

  /** An alarm that failed too often is gone; the next caller sets it again. */
  armIfLost(): void {
    if (!this.#parts.alarm.isSet) this.arm();
  }

  /** The alarm: the session's end, the index's touches and retries, whatever is due. */
  async catchUp(): Promise<void> {
    const { alarm, state, projector, files, expireIfDue, learnTeam } = this.#parts;
    try {
      const now = Date.now();
      const flushDue = this.#touchFlushDue();
      const isFlushDue = flushDue !== undefined && flushDue <= now;
      // A Worker that knew an older team may have been the last to call: a webhook may have come since.
      if (isFlushDue || state.isOverdue(now)) await learnTeam();
      expireIfDue(now);
      if (isFlushDue) this.#flushTouches(now);
      await files.run(now);
      await Promise.all([projector.run(), this.#deliver()]);
      alarm.set(this.#nextDue());
    } catch (error) {
      // A throwing alarm is retried six times and then never again; this one always comes back.
      console.error({ event: "alarm_failed", error: String(error) });
      alarm.setNoLaterThan(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** What takes longer goes on behind the alarm, so that a slow receiver does not keep the next one waiting. */
  async #deliver(): Promise<void> {
    try {
      await within(DELIVERY_WAIT_MS, this.#parts.events.run());
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
    }
  }

  /** Ends the session if it is due, and tells the index how it really is. */
  async reconcile(): Promise<void> {
    const now = Date.now();
    // Nobody called for long, so the team may have changed its mind since.
    if (this.#parts.state.isOverdue(now)) await this.#parts.learnTeam();
    this.#parts.expireIfDue(now);
    this.#flushTouches(now);
    await this.project();
  }

  /**
   * Tells the index now what is marked; a slow or failing one is left to the alarm. The alarm that is set before, in case
   * this dies on the way, stays: the first touches' flush will want one by then.
   */
  async project(): Promise<void> {
    const { ctx, projector } = this.#parts;
    this.arm();
    try {
      const told = projector.tell();
      ctx.waitUntil(projector.run().then(() => this.arm()));
      await within(INDEX_WAIT_MS, told);
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
    }
  }

  #flushTouches(now: number): void {
    const { store, state, projector } = this.#parts;
    store.transaction(() => {
      state.writeSlide(now);
      projector.markSession(now);
    });
  }

  #nextDue(): number | undefined {
    const { state, projector, events, streams, files } = this.#parts;
    return earliest(
      state.deadlineAt(),
      this.#touchFlushDue(),
      projector.dueAt(),
      events.dueAt(Date.now()),
      streams.dueAt(),
      files.dueAt(),
    );
  }

  /** Touches that wait in the outbox already have its backoff, not a due time of their own. */
  #touchFlushDue(): number | undefined {
    const { state, sockets, projector } = this.#parts;
    return projector.owesSession() ? undefined : state.touchFlushDue(sockets.isOwnerHere);
  }
}
