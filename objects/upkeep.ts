// What a session does unasked: it wakes up at the earliest of all that it waits for, does what is due, and tells the index
// what has changed, now or later. Nothing is lost when it is late: whoever calls looks at the deadlines, too.

import { earliest } from "../src/domain/deadlines.ts";
import { log } from "../src/log.ts";
import { WEBHOOK_TIMEOUT_MS } from "../src/protocol/limits.ts";
import { IndexError } from "../src/session-index/errors.ts";
import { within } from "../src/session-index/timeout.ts";
import type { Alarm } from "./alarm.ts";
import type { ReconcileCall, Reconciled, Reindexed } from "./calls.ts";
import type { EventFeed } from "./event-feed.ts";
import type { Files } from "./files.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { SessionState } from "./session-state.ts";
import type { Sockets } from "./sockets.ts";
import type { SessionStore } from "./store.ts";
import type { Streams } from "./streams.ts";
import type { Troubles } from "./troubles.ts";

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
  readonly troubles: Troubles;
  readonly files: Files;
  readonly lifecycle: Lifecycle;
  /** Whether the index was emptied since it last had all of the session. */
  readonly isOfEarlierEpoch: () => boolean;
  /** Ends what has come to its deadline. */
  readonly expireIfDue: (now: number) => void;
  /** Goes by the team as the index has it. Never fails. */
  readonly learnTeam: () => Promise<void>;
}

export class Upkeep {
  readonly #parts: Parts;
  #isEpochSeen = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Sees to it that the object wakes up for what the session waits for next. */
  arm(): void {
    if (!this.#parts.lifecycle.isPurged) this.#parts.alarm.setNoLaterThan(this.#nextDue());
  }

  /** An alarm that failed too often is gone; the next caller sets it again. */
  armIfLost(): void {
    if (!this.#parts.alarm.isSet) this.arm();
  }

  /**
   * Tells an index that was emptied everything, behind whatever the session woke up for. Asked once in a waking: what was
   * refused then, in an index without the team, is worth another try at the next.
   */
  seeEpoch(): void {
    if (this.#isEpochSeen) return;
    this.#isEpochSeen = true;
    const isGone = this.#parts.lifecycle.isGone(Date.now());
    if (isGone || !this.#parts.isOfEarlierEpoch()) return;
    this.#markWhole();
    this.#parts.ctx.waitUntil(this.project());
  }

  /** Tells the index everything, as it may have lost it; resolves when it has been told, or has refused, or failed. */
  async reindex(): Promise<Reindexed> {
    const { lifecycle, projector } = this.#parts;
    // Nobody hears any more of one that is about to be purged.
    if (lifecycle.isGone(Date.now())) return "absent";
    this.#markWhole();
    this.arm();
    await projector.run();
    // A run that was under way may have begun before the mark.
    if (projector.owesWhole() === "waits") await projector.run();
    this.arm();
    const owes = projector.owesWhole();
    if (owes === undefined) return "projected";
    return owes === "waits" ? "waiting" : "refused";
  }

  #markWhole(): void {
    const { store, projector } = this.#parts;
    store.transaction(() => projector.markWhole(Date.now()));
  }

  /** The alarm: the session's end, the index's touches and retries, what becomes of its data, whatever is due. */
  async catchUp(): Promise<void> {
    const { alarm, lifecycle } = this.#parts;
    try {
      const now = Date.now();
      // Of one that is about to be purged, nobody hears any more.
      if (!lifecycle.isGone(now)) await this.#goOn(now);
      const { archivedConversations } = await lifecycle.runIfDue(Date.now());
      if (archivedConversations > 0) await this.#parts.projector.run();
      if (!lifecycle.isPurged) alarm.set(this.#nextDue());
    } catch (error) {
      // A throwing alarm is retried six times and then never again; this one always comes back.
      log.error({ event: "alarm_failed", error: String(error) });
      this.alarmRetried();
      alarm.setNoLaterThan(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** An alarm came to nothing, or died, and is run again. */
  alarmRetried(): void {
    const now = Date.now();
    this.#parts.troubles.report({ kind: "alarm", since: now, waiting: 0 }, now);
  }

  async #goOn(now: number): Promise<void> {
    const { state, projector, files, expireIfDue, learnTeam } = this.#parts;
    const flushDue = this.#touchFlushDue();
    const isFlushDue = flushDue !== undefined && flushDue <= now;
    // A Worker that knew an older team may have been the last to call: a webhook may have come since.
    if (isFlushDue || state.isOverdue(now)) await learnTeam();
    expireIfDue(now);
    if (isFlushDue) this.#flushTouches(now);
    await files.run(now);
    await Promise.all([projector.run(), this.#deliver()]);
  }

  /** What takes longer goes on behind the alarm, so that a slow receiver does not keep the next one waiting. */
  async #deliver(): Promise<void> {
    try {
      await within(DELIVERY_WAIT_MS, this.#parts.events.run());
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
    }
  }

  /** Does what is due, whatever became of the alarm, and tells the index how the session really is. */
  async reconcile({ indexVersion = 0 }: ReconcileCall): Promise<Reconciled> {
    const { state, projector, files, lifecycle, expireIfDue, learnTeam } = this.#parts;
    const { version } = state.record;
    // Nobody called for long, so the team may have changed its mind since.
    await learnTeam();
    const now = Date.now();
    // In one turn: of two who ask at once, one is told that it ended it.
    const { isActive } = state;
    expireIfDue(now);
    const expired = isActive && !state.isActive;
    const isBehind = indexVersion < version;
    if (!lifecycle.isGone(now)) {
      this.#flushTouches(now);
      if (isBehind) this.#markWhole();
      await files.run(now);
      await this.project();
    }
    const { archivedConversations, archivedFiles, purged } = await lifecycle.run();
    if (!purged && archivedConversations > 0) await this.project();
    const repaired = isBehind && !purged && !projector.owesSession();
    const done = { expired, archivedConversations, archivedFiles, purged, repaired };
    return { exists: true, wasPurged: false, ...done };
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
    const { state, projector, events, streams, files, lifecycle } = this.#parts;
    const now = Date.now();
    if (lifecycle.isGone(now)) return lifecycle.dueAt(now);
    return earliest(
      state.deadlineAt(),
      this.#touchFlushDue(),
      projector.dueAt(),
      events.dueAt(now),
      streams.dueAt(),
      files.dueAt(),
      lifecycle.dueAt(now),
    );
  }

  /** Touches that wait in the outbox already have its backoff, not a due time of their own. */
  #touchFlushDue(): number | undefined {
    const { state, sockets, projector } = this.#parts;
    return projector.owesSession() ? undefined : state.touchFlushDue(sockets.isOwnerHere);
  }
}
