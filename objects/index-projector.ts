// Projects the session into the index: what is marked is written until it has landed, with backoff while the index is
// down. A write that can never succeed becomes a dead letter, so that it does not wake the object for ever.
import { backoffMs } from "../src/domain/backoff.ts";
import type { ConversationRecord } from "../src/domain/conversation-record.ts";
import { earliest } from "../src/domain/deadlines.ts";
import { expiresAt, type SessionRecord } from "../src/domain/session-state.ts";
import { sessionsDatabase } from "../src/session-index/databases.ts";
import { IndexError } from "../src/session-index/errors.ts";
import { within } from "../src/session-index/timeout.ts";
import { projectSession } from "../src/session-index/write.ts";
import type { OutboxEntry, SessionStore, StoredSession } from "./store.ts";

/** A fresh entry is tried at once by whoever marked it; this is when the alarm tries if that one died. */
const FALLBACK_MS = 1_800_000;

const WRITE_TIMEOUT_MS = 5_000;

const SESSION = "session";
const CONVERSATION_PREFIX = "conversation:";

/** What is projected, and where its success is recorded. */
export interface IndexSource {
  readonly stored: StoredSession;
  indexed(record: SessionRecord, now: number): void;
}

type WriteResult = Awaited<ReturnType<typeof projectSession>>;

export class IndexProjector {
  readonly #env: Env;
  readonly #store: SessionStore;
  readonly #source: IndexSource;
  #running: Promise<void> | undefined;
  /** The outbox as stored, dead letters among it; undefined when it has to be read again. */
  #entries: readonly OutboxEntry[] | undefined;

  constructor(env: Env, store: SessionStore, source: IndexSource) {
    this.#env = env;
    this.#store = store;
    this.#source = source;
  }

  /** Marks the session record as changed, in the transaction that changes it. */
  markSession(now: number): void {
    this.#mark(SESSION, now);
  }

  /** Marks a conversation as changed, in the transaction that changes it. */
  markConversation(id: string, now: number): void {
    this.#mark(CONVERSATION_PREFIX + id, now);
  }

  #mark(entity: string, now: number): void {
    this.#store.saveOutbox({ entity, dueAt: now + FALLBACK_MS, attempts: 0, failure: null });
    this.#entries = undefined;
  }

  /** Whether the index has yet to hear of the session record, or never will in its present state. */
  owesSession(): boolean {
    return this.#outbox().some((entry) => entry.entity === SESSION);
  }

  /** When the alarm has to try, if ever. */
  dueAt(): number | undefined {
    return earliest(...this.#waiting().map((entry) => entry.dueAt));
  }

  /** Writes what waits; resolves when it has landed or its retry is scheduled. */
  run(): Promise<void> {
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #waiting(): readonly OutboxEntry[] {
    return this.#outbox().filter((entry) => entry.failure === null);
  }

  #outbox(): readonly OutboxEntry[] {
    this.#entries ??= this.#store.outbox();
    return this.#entries;
  }

  async #drain(): Promise<void> {
    for (let entries = this.#waiting(); entries.length > 0; entries = this.#waiting()) {
      if (!(await this.#write(entries))) return;
    }
  }

  /** True when there may be more to write at once. What was changed while it was on its way stays marked. */
  async #write(entries: readonly OutboxEntry[]): Promise<boolean> {
    const { record } = this.#source.stored;
    const marked = new Set(entries.map((entry) => entry.entity));
    const written = this.#versions();
    const conversations = this.#store
      .conversations()
      .filter(({ id }) => marked.has(CONVERSATION_PREFIX + id));
    const result = await this.#project(record, conversations);
    const now = Date.now();
    const current = this.#versions();
    const isUnchanged = ({ entity }: OutboxEntry) => current.get(entity) === written.get(entity);
    this.#entries = undefined;
    this.#store.transaction(() => {
      if (result.ok) {
        this.#source.indexed(record, now);
        for (const { entity } of entries.filter(isUnchanged)) this.#store.clearOutbox(entity);
      } else {
        // What can never be written may be written after all in the state that it has come to meanwhile.
        const failed = result.retryable ? entries : entries.filter(isUnchanged);
        for (const entry of failed) this.#store.saveOutbox(retried(entry, result, now));
      }
    });
    return result.ok || !result.retryable;
  }

  async #project(
    record: SessionRecord,
    conversations: readonly ConversationRecord[],
  ): Promise<WriteResult> {
    const { team } = this.#source.stored;
    const database = sessionsDatabase(this.#env, record.teamNumber);
    const session = { ...record, expiresAt: expiresAt(record, team.policy) };
    let result: WriteResult;
    try {
      result = await within(WRITE_TIMEOUT_MS, projectSession(database, session, conversations));
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
      result = { ok: false, retryable: true, message: error.message };
    }
    if (!result.ok) {
      console.warn({ event: "index_write_failed", team: team.id, message: result.message });
    }
    return result;
  }

  /** The version that each entity has now. */
  #versions(): ReadonlyMap<string, number> {
    return new Map([
      [SESSION, this.#source.stored.record.version],
      ...this.#store
        .conversations()
        .map(({ id, version }): [string, number] => [CONVERSATION_PREFIX + id, version]),
    ]);
  }
}

function retried(
  entry: OutboxEntry,
  failure: Exclude<WriteResult, { readonly ok: true }>,
  now: number,
): OutboxEntry {
  const attempts = entry.attempts + 1;
  return {
    ...entry,
    attempts,
    dueAt: now + backoffMs(attempts, Math.random()),
    failure: failure.retryable ? null : failure.message,
  };
}
