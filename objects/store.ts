// SQL on a session's own tables: the session, its conversations, how far each side has read. Everything here is
// synchronous; what must be atomic runs inside `transaction`.
import type { ConversationRecord } from "../src/domain/conversation-record.ts";
import type { ReadFrame, Side } from "../src/protocol/frames.ts";
import { climbSchema, hasTable, storedSchemaVersion } from "./schema.ts";
import { readSessionRow, type StoredSession, saveSessionRow } from "./session-row.ts";

/** The table that says, by being there, that a session was. */
const MARKER = "purged";

export class SessionStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }

  /** Whether there was a session that is purged. */
  isPurged(): boolean {
    return hasTable(this.#sql, MARKER);
  }

  /**
   * Removes all that is stored, and leaves the mark that there was something: no call with an old idempotency key makes it
   * anew. Both in one turn, so that nothing comes in between.
   */
  async purge(now: number): Promise<void> {
    const removed = this.#storage.deleteAll();
    this.#sql.exec(`CREATE TABLE ${MARKER} (at INTEGER NOT NULL)`);
    this.#sql.exec(`INSERT INTO ${MARKER} VALUES (?)`, now);
    await removed;
    await this.#storage.sync();
  }

  /** The session, its tables brought up to date; undefined, and nothing written, where none was created. */
  open(): StoredSession | undefined {
    const version = storedSchemaVersion(this.#sql);
    if (version === 0) return undefined;
    this.transaction(() => climbSchema(this.#sql, version));
    return readSessionRow(this.#sql);
  }

  create(session: StoredSession, conversation: ConversationRecord): void {
    climbSchema(this.#sql, storedSchemaVersion(this.#sql));
    this.saveSession(session);
    this.saveConversation(conversation);
  }

  saveSession(stored: StoredSession): void {
    saveSessionRow(this.#sql, stored);
  }

  conversations(): ConversationRecord[] {
    return this.#sql
      .exec<ConversationRow>("SELECT * FROM conversations ORDER BY created_at, id")
      .toArray()
      .map(toConversation);
  }

  conversation(id: string): ConversationRecord | undefined {
    const row = this.#sql
      .exec<ConversationRow>("SELECT * FROM conversations WHERE id = ?", id)
      .toArray()[0];
    return row && toConversation(row);
  }

  saveConversation(conversation: ConversationRecord): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO conversations (id, status, handled_by, assignee, version, created_at, updated_at,
         imported_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      conversation.id,
      conversation.status,
      conversation.handledBy,
      conversation.assignee,
      conversation.version,
      conversation.createdAt,
      conversation.updatedAt,
      conversation.importedId,
    );
  }

  hasConversation(id: string): boolean {
    return this.#sql.exec("SELECT 1 FROM conversations WHERE id = ?", id).toArray().length > 0;
  }

  /** Moves a side's read mark forward; false when it stood there or further already. */
  markRead(conversationId: string, side: Side, seq: number): boolean {
    return (
      this.#sql
        .exec(
          `INSERT INTO read_marks (conversation_id, side, seq) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq RETURNING seq`,
          conversationId,
          side,
          seq,
        )
        .toArray().length > 0
    );
  }

  /** Nobody reads any further. */
  clearReadMarks(): void {
    this.#sql.exec("DELETE FROM read_marks");
  }

  /** How far each side has read, wherever one has read anything. */
  readMarks(): Omit<ReadFrame, "type">[] {
    return this.#sql
      .exec<{ conversation_id: string; side: string; seq: number }>(
        "SELECT conversation_id, side, seq FROM read_marks WHERE seq > 0",
      )
      .toArray()
      .map((row) => ({
        conversationId: row.conversation_id,
        side: row.side as Side,
        seq: row.seq,
      }));
  }
}

type ConversationRow = {
  id: string;
  status: string;
  handled_by: string;
  assignee: string | null;
  version: number;
  created_at: number;
  updated_at: number;
  imported_id: string | null;
};

function toConversation(row: ConversationRow): ConversationRecord {
  return {
    id: row.id,
    status: row.status as ConversationRecord["status"],
    handledBy: row.handled_by as ConversationRecord["handledBy"],
    assignee: row.assignee,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    importedId: row.imported_id,
  };
}
