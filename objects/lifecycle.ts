// What becomes of a session's data after its end: it is archived, then purged, or erased at once. Whatever fails is tried
// again by the alarm, with backoff, from where the data says that it stands.

import { earliest } from "../src/domain/deadlines.ts";
import { archiveDueAt, isGone, purgeDueAt, type Remains } from "../src/domain/lifecycle.ts";
import { log } from "../src/log.ts";
import type { EraseReceipt } from "../src/protocol/lifecycle.ts";
import type { Archive } from "./archive.ts";
import type { EventFeed } from "./event-feed.ts";
import type { LifecycleNotes } from "./lifecycle-notes.ts";
import type { MessageLog } from "./message-log.ts";
import type { Purge } from "./purge.ts";
import type { SessionState } from "./session-state.ts";

/** When the alarm goes on with an erasure if whoever asked for it died. */
const ERASE_FALLBACK_MS = 10_000;

interface Parts {
  readonly state: SessionState;
  readonly log: MessageLog;
  readonly events: EventFeed;
  readonly archive: Archive;
  readonly purge: Purge;
  readonly notes: LifecycleNotes;
  /** Goes by the team as the index has it; false where it had no word. */
  readonly learnTeam: () => Promise<boolean>;
}

export interface LifecycleWork {
  readonly archivedConversations: number;
  readonly archivedFiles: number;
  readonly purged: boolean;
}

const NOTHING: LifecycleWork = { archivedConversations: 0, archivedFiles: 0, purged: false };

export class Lifecycle {
  readonly #parts: Parts;
  #running: Promise<LifecycleWork> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Purges it now, if somebody asked for that. What was removed; undefined where that failed. Never fails. */
  async erase(): Promise<EraseReceipt | undefined> {
    await this.#running;
    await this.run();
    return this.#parts.purge.receipt;
  }

  /** Whether nothing of the session is left. */
  get isPurged(): boolean {
    return this.#parts.purge.isDone;
  }

  /** Whether it opens to nobody any more: it is purged, or is about to be. */
  isGone(now: number): boolean {
    const { notes, state } = this.#parts;
    if (this.isPurged || notes.purgingSince !== undefined) return true;
    return isGone(this.#remains(), state.team.policy, now);
  }

  /** When the alarm has to do something about it, if ever. */
  dueAt(now: number): number | undefined {
    const { notes, state } = this.#parts;
    const due = this.isPurged ? undefined : this.#due(now);
    if (due === undefined) return undefined;
    // Whoever asked for it does it.
    const fallback = state.stored.eraseAskedAt === null ? due : due + ERASE_FALLBACK_MS;
    return Math.max(fallback, notes.notBefore);
  }

  /** Does what is due, unless that failed just now. */
  async runIfDue(now: number): Promise<LifecycleWork> {
    const dueAt = this.dueAt(now);
    return dueAt !== undefined && dueAt <= now ? await this.run() : NOTHING;
  }

  /** Does what is due; where that fails, it is due again a little later. Never fails. */
  run(): Promise<LifecycleWork> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<LifecycleWork> {
    const { notes, state } = this.#parts;
    try {
      const done = await this.#step();
      if (!this.isPurged) notes.succeeded();
      return done;
    } catch (error) {
      if (!this.isPurged) notes.failed(Date.now(), Math.random());
      log.error({ event: "lifecycle_failed", team: state.team.id, error: String(error) });
      return NOTHING;
    }
  }

  async #step(): Promise<LifecycleWork> {
    const { archive, purge, state, notes, learnTeam } = this.#parts;
    if (this.isPurged || !this.#isDue()) return NOTHING;
    const isDecided = state.stored.eraseAskedAt !== null || notes.purgingSince !== undefined;
    // The team may have changed its mind since the session last heard of it.
    if (!isDecided && !(await learnTeam())) throw new Error("the team's policy is not known");
    if (this.isGone(Date.now())) {
      notes.purging(Date.now());
      await purge.run();
      return { ...NOTHING, purged: true };
    }
    if (!this.#isDue()) return NOTHING;
    const { conversations, files } = await archive.run();
    return { ...NOTHING, archivedConversations: conversations, archivedFiles: files };
  }

  #isDue(): boolean {
    const now = Date.now();
    const due = this.#due(now);
    return due !== undefined && due <= now;
  }

  #due(now: number): number | undefined {
    const { notes, state } = this.#parts;
    if (notes.purgingSince !== undefined) return notes.purgingSince;
    const remains = this.#remains();
    const { policy } = state.team;
    return earliest(archiveDueAt(remains, policy, now), purgeDueAt(remains, policy));
  }

  #remains(): Remains {
    const { state, log, events } = this.#parts;
    const { endedAt, archivedAt, updatedAt } = state.record;
    return {
      endedAt,
      noticedAt: updatedAt,
      archivedAt,
      eraseAskedAt: state.stored.eraseAskedAt,
      isEmpty: log.head.lastSeq === 0,
      owesEvents: endedAt !== null && events.owes,
    };
  }
}
