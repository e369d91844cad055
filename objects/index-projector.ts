// Projects the session and its audit events into the index: what is marked or recorded is written until it has landed,
// with backoff while the index is down. A write that can never succeed becomes a dead letter, so that it does not wake
// the object for ever.

import { earliest } from "../src/domain/deadlines.ts";
import type { SessionRecord } from "../src/domain/session-state.ts";
import { REPORTED_FROM_ATTEMPT } from "../src/domain/trouble.ts";
import { log } from "../src/log.ts";
import {
  type AuditRecord,
  type NewAuditEvent,
  newAuditRecord,
} from "../src/session-index/audit.ts";
import { IndexError } from "../src/session-index/errors.ts";
import { within } from "../src/session-index/timeout.ts";
import type { IndexedSession, Projection } from "../src/session-index/write.ts";
import {
  conversationEntity,
  eventEntity,
  fileEntity,
  fresh,
  isEvent,
  isOfWebhook,
  isWhole,
  retried,
  SESSION,
  WEBHOOK,
  WHOLE,
} from "./index-entries.ts";
import { indexEpoch } from "./index-epoch.ts";
import { IndexWriter, type IndexWriterParts } from "./index-writer.ts";
import type { OutboxEntry, OutboxStore } from "./outbox-store.ts";
import type { StoredSession } from "./session-row.ts";
import type { Troubles } from "./troubles.ts";

const WRITE_TIMEOUT_MS = 5_000;

/** What piled up in an outage lands in several writes rather than in one that D1 refuses. */
const MAX_EVENTS_PER_WRITE = 200;

/** What is projected, and where its success is recorded. */
export interface IndexSource {
  readonly stored: StoredSession;
  /** The index has it as it was at `readAt`; in `wholeInEpoch`, where there is one, it was told of everything. */
  indexed(record: SessionRecord, readAt: number, wholeInEpoch: number | undefined): void;
}

interface Parts extends IndexWriterParts {
  readonly source: IndexSource;
  readonly troubles: Troubles;
}

export class IndexProjector {
  readonly #parts: Parts;
  readonly #writer: IndexWriter;
  readonly #outboxStore: OutboxStore;
  readonly #source: IndexSource;
  /** Since when the index takes nothing; undefined while it does, or nobody knows. */
  #failingSince: number | undefined;
  #running: { readonly answered: Promise<void>; readonly done: Promise<void> } | undefined;
  /** What was marked since the write that is under way began, and so is not done with when that lands. */
  readonly #markedSince = new Set<string>();
  #isClosed = false;
  /** The outbox as stored, dead letters among it; undefined when it has to be read again. */
  #entries: readonly OutboxEntry[] | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#writer = new IndexWriter(parts);
    this.#outboxStore = parts.outbox;
    this.#source = parts.source;
  }

  /** Marks the session record as changed, in the transaction that changes it. */
  markSession(now: number): void {
    this.#mark(SESSION, now);
  }

  /** Marks a conversation as changed, in the transaction that changes it. */
  markConversation(id: string, now: number): void {
    this.#mark(conversationEntity(id), now);
  }

  /** Marks a file as changed or gone, in the transaction that changes it. */
  markFile(id: string, now: number): void {
    this.#mark(fileEntity(id), now);
  }

  /** Marks everything that the index has of the session, and what it once refused for good; it may take that now. */
  markWhole(now: number): void {
    for (const { entity, failure } of this.#outbox()) {
      if (failure !== null) this.#mark(entity, now);
    }
    this.#mark(WHOLE, now);
  }

  /** Whether the index is still to be told of everything, now or in its present state never. */
  owesWhole(): "waits" | "refused" | undefined {
    const entry = this.#outbox().find(({ entity }) => entity === WHOLE);
    if (entry === undefined) return undefined;
    return entry.failure === null ? "waits" : "refused";
  }

  /** Marks how events fare on their way to the webhook as changed, in the turn that changes it. */
  markWebhook(now: number): void {
    this.#mark(WEBHOOK, now);
  }

  /**
   * Adds an event to the audit trail, in the transaction of the change that it tells of: with the change it is kept until
   * the index has it, and it is there once however often it is delivered.
   */
  record(event: NewAuditEvent, now: number): void {
    const { teamId, id } = this.#source.stored.record;
    const record = newAuditRecord(teamId, id, event, now);
    this.#outboxStore.add(fresh(eventEntity(record.id), now), JSON.stringify(record));
    this.#entries = undefined;
  }

  #mark(entity: string, now: number): void {
    this.#outboxStore.save(fresh(entity, now));
    this.#entries = undefined;
    this.#markedSince.add(entity);
  }

  /** Whether the index has yet to hear of the session record, or never will in its present state. */
  owesSession(): boolean {
    return this.#outbox().some(({ entity }) => entity === SESSION || entity === WHOLE);
  }

  /** Nothing is projected after this: what is under way has settled when it resolves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running?.done;
  }

  /** Events that the index has yet to hear of. */
  waitingEvents(): AuditRecord[] {
    return this.#waiting()
      .filter(isEvent)
      .map((entry) => this.#writer.eventOf(entry));
  }

  /** The session as the index is to have it. */
  get indexed(): IndexedSession {
    return this.#writer.session;
  }

  /** When the alarm has to try, if ever. */
  dueAt(): number | undefined {
    return earliest(...this.#waiting().map((entry) => entry.dueAt));
  }

  /** Writes what waits; resolves when it has landed or its retry is scheduled. */
  run(): Promise<void> {
    return (this.#running ?? this.#start()).done;
  }

  /** Writes what waits; resolves as soon as the index has answered, before the object's own note of that is written. */
  tell(): Promise<void> {
    // A run that is under way may have begun before the last change.
    return this.#running?.done ?? this.#start().answered;
  }

  #start(): { readonly answered: Promise<void>; readonly done: Promise<void> } {
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    const done = this.#drain(resolve).finally(() => {
      resolve();
      this.#running = undefined;
    });
    this.#running = { answered, done };
    return this.#running;
  }

  #waiting(): readonly OutboxEntry[] {
    return this.#outbox().filter((entry) => entry.failure === null);
  }

  #outbox(): readonly OutboxEntry[] {
    this.#entries ??= this.#outboxStore.all();
    return this.#entries;
  }

  async #drain(answered: () => void): Promise<void> {
    while (!this.#isClosed) {
      const entries = this.#waiting();
      if (entries.length === 0 || !(await this.#write(entries, answered))) return;
    }
  }

  /** True when there may be more to write at once. What was changed while it was on its way stays marked. */
  async #write(waiting: readonly OutboxEntry[], answered: () => void): Promise<boolean> {
    const readAt = Date.now();
    const { record } = this.#source.stored;
    const events = waiting.filter(isEvent).slice(0, MAX_EVENTS_PER_WRITE);
    const changes = waiting.filter((entry) => !isEvent(entry) && !isOfWebhook(entry));
    const asides = [...waiting.filter(isOfWebhook), ...events];
    this.#markedSince.clear();
    const result = await this.#project(changes, asides);
    if (result.ok) {
      // The caller's answer goes first: a write made before it would hold it back until that is on disk.
      answered();
      await scheduler.wait(0);
    }
    const now = Date.now();
    const isUnchanged = ({ entity }: OutboxEntry) => !this.#markedSince.has(entity);
    this.#entries = undefined;
    this.#parts.store.transaction(() => {
      if (result.ok) {
        if (changes.length > 0) {
          const epoch = changes.some(isWhole) ? indexEpoch(this.#parts.env) : undefined;
          this.#source.indexed(record, readAt, epoch);
        }
        for (const { entity } of [...changes, ...asides].filter(isUnchanged)) {
          this.#outboxStore.clear(entity);
        }
      } else {
        const failed = result.retryable
          ? [...changes, ...asides]
          : // What can never be written may be written after all in the state that it has come to meanwhile; and events
            // are good without the change that they came with.
            (changes.length > 0 ? changes : asides).filter(isUnchanged);
        for (const entry of failed) this.#outboxStore.save(retried(entry, result, now));
      }
    });
    this.#monitor(waiting, result, now);
    return result.ok || !result.retryable;
  }

  /** Tells of an index that goes on failing, and that it takes something again. */
  #monitor(written: readonly OutboxEntry[], result: Projection, now: number): void {
    const attempts = Math.max(...written.map((entry) => entry.attempts));
    if (result.ok) {
      this.#failingSince = undefined;
      this.#parts.troubles.resolved("index", attempts);
      return;
    }
    this.#failingSince ??= now;
    if (result.retryable && attempts + 1 < REPORTED_FROM_ATTEMPT) return;
    const waiting = this.#outbox().length;
    this.#parts.troubles.report({ kind: "index", since: this.#failingSince, waiting }, now);
  }

  async #project(
    changes: readonly OutboxEntry[],
    asides: readonly OutboxEntry[],
  ): Promise<Projection> {
    const { team } = this.#source.stored;
    let result: Projection;
    try {
      result = await within(WRITE_TIMEOUT_MS, this.#writer.write(changes, asides));
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
      result = { ok: false, retryable: true, message: error.message };
    }
    if (!result.ok) {
      log.warn({ event: "index_write_failed", team: team.id, message: result.message });
    }
    return result;
  }
}
