// All SQL on answers that are being written. A row is one from its start to its end; one that ended before its first word
// stays for a while with `heard_at` 0, so that its producer hears that it has ended and not that it never was.
import type { JsonObject } from "../src/protocol/json.ts";
import type { Author, MessageRole } from "../src/protocol/message.ts";

/** What carries the text: one request's body, and with it the answer ends, or a call for each piece. */
export type StreamSource = "body" | "calls";

/** An answer as it is stored. */
export interface StreamRecord {
  readonly messageId: string;
  readonly clientId: string;
  readonly conversationId: string;
  readonly role: MessageRole;
  readonly author: Author | undefined;
  readonly metadata: JsonObject | undefined;
  readonly source: StreamSource;
  readonly text: string;
  readonly startedAt: number;
  readonly heardAt: number;
}

/** `heard_at` of one that has ended. */
const ENDED = 0;

export class StreamStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Those that go on, and the ids of those that ended without a word. */
  load(): { readonly streams: readonly StreamRecord[]; readonly wordless: readonly string[] } {
    const rows = this.#sql.exec<StreamRow>("SELECT * FROM streams ORDER BY started_at").toArray();
    const [ended = [], going = []] = [true, false].map((isEnded) =>
      rows.filter((row) => (row.heard_at === ENDED) === isEnded),
    );
    return { streams: going.map(toRecord), wordless: ended.map((row) => row.message_id) };
  }

  add(stream: StreamRecord): void {
    this.#sql.exec(
      `INSERT INTO streams (message_id, client_id, conversation_id, role, author, metadata, source, text, started_at, heard_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      stream.messageId,
      stream.clientId,
      stream.conversationId,
      stream.role,
      stream.author === undefined ? null : JSON.stringify(stream.author),
      stream.metadata === undefined ? null : JSON.stringify(stream.metadata),
      stream.source,
      stream.text,
      stream.startedAt,
      stream.heardAt,
    );
  }

  save(messageId: string, text: string, heardAt: number): void {
    this.#sql.exec(
      "UPDATE streams SET text = ?, heard_at = ? WHERE message_id = ?",
      text,
      heardAt,
      messageId,
    );
  }

  /** It is a message of the log now. */
  remove(messageId: string): void {
    this.#sql.exec("DELETE FROM streams WHERE message_id = ?", messageId);
  }

  /** It ended, and there will be no message of it. */
  endWordless(messageId: string): void {
    this.#sql.exec(
      "UPDATE streams SET text = '', heard_at = ? WHERE message_id = ?",
      ENDED,
      messageId,
    );
  }

  /** Forgets those that ended without a word. */
  clearWordless(): void {
    this.#sql.exec("DELETE FROM streams WHERE heard_at = ?", ENDED);
  }
}

type StreamRow = {
  message_id: string;
  client_id: string;
  conversation_id: string;
  role: string;
  author: string | null;
  metadata: string | null;
  source: string;
  text: string;
  started_at: number;
  heard_at: number;
};

function toRecord(row: StreamRow): StreamRecord {
  return {
    messageId: row.message_id,
    clientId: row.client_id,
    conversationId: row.conversation_id,
    role: row.role as MessageRole,
    author: row.author === null ? undefined : (JSON.parse(row.author) as Author),
    metadata: row.metadata === null ? undefined : (JSON.parse(row.metadata) as JsonObject),
    source: row.source as StreamSource,
    text: row.text,
    startedAt: row.started_at,
    heardAt: row.heard_at,
  };
}
