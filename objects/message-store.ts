// All SQL on the session's log. `seq` counts from 1 without a gap; `(side, clientId)` is stored once.

import type { LogHead } from "../src/domain/log.ts";
import { byteLength } from "../src/protocol/bytes.ts";
import type { Side } from "../src/protocol/frames.ts";
import { WINDOW_BYTES } from "../src/protocol/limits.ts";
import type { Message } from "../src/protocol/message.ts";
import type { MessagePage } from "../src/protocol/rest.ts";
import type { MessagesQuery } from "./calls.ts";
import { seqInMessageId } from "./ids.ts";
import { jsonOrNull, type MessageRow, toMessage } from "./message-row.ts";

/** A message with what only the store knows of it. */
export interface LoggedMessage {
  readonly message: Message;
  readonly side: Side;
  readonly credentialId: string | null;
  readonly slides: boolean;
  /** When it is stored, epoch milliseconds. */
  readonly createdAt: number;
  /** Of one that was imported: what it is stored once by, and when it was written. */
  readonly imported: { readonly key: string; readonly createdAt: number } | undefined;
  /** Bytes of this message and all before it. */
  readonly totalBytes: number;
}

export interface Page {
  readonly conversationId: string | undefined;
  readonly after: number;
  /** Exclusive; Infinity for no bound. */
  readonly before: number;
  readonly order: "ascending" | "descending";
  /** Stops after this many messages … */
  readonly limit: number;
  /** … or before the message that would exceed this many bytes, but never before the first. */
  readonly maxBytes: number;
}

export interface PageEntry {
  readonly message: Message;
  /** The message as JSON. */
  readonly encoded: string;
}

export class MessageStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  append(entry: LoggedMessage): void {
    const { message, imported } = entry;
    this.#sql.exec(
      `INSERT INTO messages (seq, id, side, client_id, conversation_id, role, author, content, metadata, created_at,
         credential_id, slides, total_bytes, imported_created_at, attachments)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      message.seq,
      message.id,
      entry.side,
      imported?.key ?? message.clientId ?? null,
      message.conversationId,
      message.role,
      jsonOrNull(message.author),
      message.content,
      jsonOrNull(message.metadata),
      entry.createdAt,
      entry.credentialId,
      entry.slides ? 1 : 0,
      entry.totalBytes,
      imported?.createdAt ?? null,
      jsonOrNull(message.attachments),
    );
  }

  has(side: Side, clientId: string): boolean {
    const found = "SELECT 1 FROM messages WHERE side = ? AND client_id = ?";
    return this.#sql.exec(found, side, clientId).toArray().length > 0;
  }

  /** Whether anything has been said in a conversation. */
  isIn(conversationId: string): boolean {
    const found = "SELECT 1 FROM messages WHERE conversation_id = ? LIMIT 1";
    return this.#sql.exec(found, conversationId).toArray().length > 0;
  }

  byClientId(side: Side, clientId: string): Message | undefined {
    const row = this.#sql
      .exec<MessageRow>("SELECT * FROM messages WHERE side = ? AND client_id = ?", side, clientId)
      .toArray()[0];
    return row && toMessage(row);
  }

  /** A message by its id, which has a `seq` in it that its own is not below. */
  byId(id: string): Message | undefined {
    const from = seqInMessageId(id);
    if (from === undefined) return undefined;
    const row = this.#sql
      .exec<MessageRow>(
        "SELECT * FROM messages WHERE seq >= ? AND id = ? ORDER BY seq LIMIT 1",
        from,
        id,
      )
      .toArray()[0];
    return row && toMessage(row);
  }

  /** Takes a message's content, attachments and metadata away; what it weighs stays, since windows are counted by it. */
  redact(seq: number, now: number): void {
    this.#sql.exec(
      "UPDATE messages SET content = '', attachments = NULL, metadata = NULL, redacted_at = ? WHERE seq = ?",
      now,
      seq,
    );
  }

  /** The latest `limit` redactions of messages up to `seq`, oldest first. */
  redactedUpTo(seq: number, limit: number): { readonly messageId: string; readonly seq: number }[] {
    return this.#sql
      .exec<{ id: string; seq: number }>(
        `SELECT id, seq FROM messages WHERE redacted_at IS NOT NULL AND seq <= ?
         ORDER BY redacted_at DESC LIMIT ?`,
        seq,
        limit,
      )
      .toArray()
      .map((row) => ({ messageId: row.id, seq: row.seq }))
      .reverse();
  }

  /** What all messages up to `seq` weigh; `seq` is at most the log's last. */
  bytesUpTo(seq: number): number {
    if (seq <= 0) return 0;
    return this.#sql
      .exec<{ total_bytes: number }>("SELECT total_bytes FROM messages WHERE seq = ?", seq)
      .one().total_bytes;
  }

  /** Messages of a page in its order, and whether it was cut before the range's end. */
  page(page: Page): { readonly entries: PageEntry[]; readonly more: boolean } {
    const entries: PageEntry[] = [];
    let bytes = 0;
    for (const row of this.#rows(page)) {
      const message = toMessage(row);
      const encoded = JSON.stringify(message);
      bytes += byteLength(encoded);
      if (entries.length === page.limit || (entries.length > 0 && bytes > page.maxBytes)) {
        return { entries, more: true };
      }
      entries.push({ message, encoded });
    }
    return { entries, more: false };
  }

  /** A page as callers ask for it, in `seq` order, and where the next one begins. */
  history({ conversationId, after, before, limit }: MessagesQuery): MessagePage {
    const isForward = after !== undefined;
    const { entries, more } = this.page({
      conversationId,
      after: after ?? 0,
      before: before ?? Number.POSITIVE_INFINITY,
      order: isForward ? "ascending" : "descending",
      limit,
      maxBytes: WINDOW_BYTES,
    });
    const messages = entries.map((entry) => entry.message);
    const edge = more ? messages.at(-1)?.seq : undefined;
    if (!isForward) messages.reverse();
    if (edge === undefined) return { messages };
    return { messages, ...(isForward ? { nextAfter: edge } : { nextBefore: edge }) };
  }

  /**
   * Newest `seq` of each conversation that has messages, and how many of the other side's lie above `side`'s mark. What was
   * imported is news to nobody.
   */
  conversationCounts(side: Side): Map<string, { lastSeq: number; unread: number }> {
    const rows = this.#sql
      .exec<{ conversation_id: string; last_seq: number; unread: number }>(
        `SELECT m.conversation_id, max(m.seq) AS last_seq,
           sum(m.side <> ?1 AND m.seq > coalesce(r.seq, 0) AND m.imported_created_at IS NULL) AS unread
         FROM messages m
         LEFT JOIN read_marks r ON r.conversation_id = m.conversation_id AND r.side = ?1
         GROUP BY m.conversation_id`,
        side,
      )
      .toArray();
    return new Map(
      rows.map((row) => [row.conversation_id, { lastSeq: row.last_seq, unread: row.unread }]),
    );
  }

  head(): LogHead {
    const row = this.#sql
      .exec<{ seq: number; total_bytes: number }>(
        "SELECT seq, total_bytes FROM messages ORDER BY seq DESC LIMIT 1",
      )
      .toArray()[0];
    return { lastSeq: row?.seq ?? 0, totalBytes: row?.total_bytes ?? 0 };
  }

  /** Messages that credentials wrote after `since`, oldest first. */
  writtenSince(since: number): { readonly credentialId: string; readonly createdAt: number }[] {
    const written: { credentialId: string; createdAt: number }[] = [];
    const rows = this.#sql.exec<{ credential_id: string | null; created_at: number }>(
      "SELECT credential_id, created_at FROM messages ORDER BY seq DESC",
    );
    for (const { credential_id: credentialId, created_at: createdAt } of rows) {
      if (createdAt <= since) break;
      if (credentialId !== null) written.push({ credentialId, createdAt });
    }
    return written.reverse();
  }

  /** They are in the bucket. */
  clear(): void {
    this.#sql.exec("DELETE FROM messages");
  }

  /** When the newest message that keeps the session alive was written; 0 without one. */
  lastSlidingAt(): number {
    return (
      this.#sql
        .exec<{ created_at: number }>(
          "SELECT created_at FROM messages WHERE slides = 1 ORDER BY seq DESC LIMIT 1",
        )
        .toArray()[0]?.created_at ?? 0
    );
  }

  #rows({ conversationId, after, before, order }: Page): Iterable<MessageRow> {
    const last = Math.min(before - 1, Number.MAX_SAFE_INTEGER);
    const direction = order === "ascending" ? "ASC" : "DESC";
    return conversationId === undefined
      ? this.#sql.exec<MessageRow>(
          `SELECT * FROM messages WHERE seq > ? AND seq <= ? ORDER BY seq ${direction}`,
          after,
          last,
        )
      : this.#sql.exec<MessageRow>(
          `SELECT * FROM messages WHERE seq > ? AND seq <= ? AND conversation_id = ? ORDER BY seq ${direction}`,
          after,
          last,
          conversationId,
        );
  }
}
