// Projects the session into the index: what is marked is written until it has landed, with backoff while the index is
// down. A write that can never succeed becomes a dead letter, so that it does not wake the object for ever.
import { backoffMs } from "../src/domain/backoff.ts";
import { earliest } from "../src/domain/deadlines.ts";
import { expiresAt, type SessionRecord } from "../src/domain/session-state.ts";
import { sessionsDatabase } from "../src/session-index/databases.ts";
import { projectSession } from "../src/session-index/write.ts";
import type { OutboxEntry, SessionStore, StoredSession } from "./store.ts";

/** The outbox entity of the session record; any other is a conversation's id. */
export const SESSION_ENTITY = "session";

/** A fresh entry is tried at once by whoever marked it; this is when the alarm tries if that one died. */
const FALLBACK_MS = 1_800_000;

const WRITE_TIMEOUT_MS = 10_000;

/** What is projected, and where its success is recorded. */
export interface IndexSource {
  readonly stored: StoredSession;
  indexed(record: SessionRecord, now: number): void;
}

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

  /** Marks `entity` as changed, in the transaction that changes it. */
  mark(entity: string, now: number): void {
    this.#store.saveOutbox({ entity, dueAt: now + FALLBACK_MS, attempts: 0, failure: null });
    this.#entries = undefined;
  }

  /** Whether the index has yet to hear of `entity`, or never will in its present state. */
  owes(entity: string): boolean {
    return this.#outbox().some((entry) => entry.entity === entity);
  }

  /** When the alarm has to try, if ever. */
  dueAt(): number | undefined {
    return earliest(...this.#waiting().map((entry) => entry.dueAt));
  }

  /** Writes what waits; returns when it has landed or its retry is scheduled. Never throws. */
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

  /** True when the entries landed. */
  async #write(entries: readonly OutboxEntry[]): Promise<boolean> {
    const { record, team } = this.#source.stored;
    const names = new Set(entries.map((entry) => entry.entity));
    const conversations = this.#store.conversations().filter(({ id }) => names.has(id));
    const versions = new Map(conversations.map(({ id, version }) => [id, version]));
    const result = await withTimeout(
      projectSession(
        sessionsDatabase(this.#env, record.teamNumber),
        { ...record, expiresAt: expiresAt(record, team.policy) },
        conversations,
      ),
    );
    const now = Date.now();
    this.#entries = undefined;
    this.#store.transaction(() => {
      if (!result.ok) {
        console.warn({ event: "index_write_failed", team: team.id, message: result.message });
        for (const entry of entries) this.#reschedule(entry, result, now);
        return;
      }
      this.#source.indexed(record, now);
      const current = new Map(this.#store.conversations().map(({ id, version }) => [id, version]));
      for (const { entity } of entries) {
        const isCurrent =
          entity === SESSION_ENTITY
            ? this.#source.stored.record.version === record.version
            : current.get(entity) === versions.get(entity);
        if (isCurrent) this.#store.clearOutbox(entity);
      }
    });
    return result.ok;
  }

  #reschedule(
    entry: OutboxEntry,
    failure: { readonly retryable: boolean; readonly message: string },
    now: number,
  ): void {
    const attempts = entry.attempts + 1;
    this.#store.saveOutbox({
      entity: entry.entity,
      attempts,
      dueAt: now + backoffMs(attempts, Math.random()),
      failure: failure.retryable ? null : failure.message,
    });
  }
}

type WriteResult = Awaited<ReturnType<typeof projectSession>>;

async function withTimeout(write: Promise<WriteResult>): Promise<WriteResult> {
  const done = new AbortController();
  const timedOut: WriteResult = { ok: false, retryable: true, message: "timed out" };
  const timeout = scheduler.wait(WRITE_TIMEOUT_MS, { signal: done.signal }).then(
    () => timedOut,
    () => timedOut,
  );
  try {
    return await Promise.race([write, timeout]);
  } finally {
    // A timer left running would keep the object from hibernating.
    done.abort();
  }
}
