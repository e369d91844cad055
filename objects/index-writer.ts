// Writes into the index what entries of the outbox stand for, as it is now.
import { expiresAt } from "../src/domain/session-state.ts";
import type { AuditRecord } from "../src/session-index/audit.ts";
import { sessionsDatabase } from "../src/session-index/databases.ts";
import { claimRestoredEvents } from "../src/session-index/restored-events.ts";
import { projectWebhook } from "../src/session-index/webhook-failures.ts";
import {
  type IndexedSession,
  type Projection,
  projectEvents,
  projectSession,
} from "../src/session-index/write.ts";
import type { EventStore } from "./event-store.ts";
import type { FileStore } from "./file-store.ts";
import { conversationEntity, fileIdOf, isEvent, isOfWebhook, isWhole } from "./index-entries.ts";
import type { OutboxEntry, OutboxStore } from "./outbox-store.ts";
import type { StoredSession } from "./session-row.ts";
import type { SessionStore } from "./store.ts";

export interface IndexWriterParts {
  readonly env: Env;
  readonly store: SessionStore;
  readonly outbox: OutboxStore;
  readonly events: EventStore;
  readonly files: FileStore;
  readonly source: { readonly stored: StoredSession };
}

export class IndexWriter {
  readonly #parts: IndexWriterParts;

  constructor(parts: IndexWriterParts) {
    this.#parts = parts;
  }

  /** The session as the index is to have it. */
  get session(): IndexedSession {
    const { record, team } = this.#parts.source.stored;
    return { ...record, expiresAt: expiresAt(record, team.policy) };
  }

  /** The event that an entry was added with. */
  eventOf({ entity }: OutboxEntry): AuditRecord {
    return JSON.parse(this.#parts.outbox.payload(entity)) as AuditRecord;
  }

  /**
   * @param changes of the session and what belongs to it
   * @param asides events, and how the webhook's fare
   */
  async write(
    changes: readonly OutboxEntry[],
    asides: readonly OutboxEntry[],
  ): Promise<Projection> {
    const { env, store, events: eventStore, files: fileStore } = this.#parts;
    const { session } = this;
    const { id, teamId, teamNumber } = session;
    const database = sessionsDatabase(env, teamNumber);
    const whole = changes.some(isWhole);
    const cursor = eventStore.cursor("webhook");
    if (asides.some(isOfWebhook) || (whole && cursor !== undefined)) {
      const told = await projectWebhook(database, { teamId, sessionId: id, cursor });
      if (!told.ok) return told;
    }
    const events = asides.filter(isEvent).map((entry) => this.eventOf(entry));
    if (changes.length === 0) return await projectEvents(database, id, events);
    const marked = new Set(changes.map(({ entity }) => entity));
    const conversations = store
      .conversations()
      .filter((conversation) => whole || marked.has(conversationEntity(conversation.id)));
    const changed = [...marked].map(fileIdOf).filter((fileId) => fileId !== undefined);
    const ids = new Set(whole ? [...changed, ...fileStore.indexed()] : changed);
    const files = [...ids].map((fileId) => ({ id: fileId, file: fileStore.get(fileId) }));
    const projected = await projectSession(database, session, conversations, events, files);
    return whole && projected.ok ? await claimRestoredEvents(database, session) : projected;
  }
}
