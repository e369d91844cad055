// All SQL on how far those who hear of the session's events have come.
import type { EventCursor, EventListenerKind } from "../src/domain/event-cursor.ts";

export class EventStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  cursor(listener: EventListenerKind): EventCursor | undefined {
    const row = this.#sql
      .exec<CursorRow>("SELECT * FROM event_cursors WHERE listener = ?", listener)
      .toArray()[0];
    return (
      row && {
        listener,
        listenerId: row.listener_id,
        position: row.position,
        batchEnd: row.batch_end,
        replays: row.replays,
        attempts: row.attempts,
        dueAt: row.due_at,
        failingSince: row.failing_since,
        stoppedAt: row.stopped_at,
        lastError: row.last_error,
      }
    );
  }

  save(cursor: EventCursor): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO event_cursors (listener, listener_id, position, batch_end, replays, attempts, due_at,
         failing_since, stopped_at, last_error)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      cursor.listener,
      cursor.listenerId,
      cursor.position,
      cursor.batchEnd,
      cursor.replays,
      cursor.attempts,
      cursor.dueAt,
      cursor.failingSince,
      cursor.stoppedAt,
      cursor.lastError,
    );
  }

  /** The first message of those that were stored at `since` or later. Reads these and one more. */
  firstSeqSince(since: number): number | undefined {
    let first: number | undefined;
    const rows = this.#sql.exec<{ seq: number; created_at: number }>(
      "SELECT seq, created_at FROM messages ORDER BY seq DESC",
    );
    for (const { seq, created_at: createdAt } of rows) {
      if (createdAt < since) break;
      first = seq;
    }
    return first;
  }
}

type CursorRow = {
  listener_id: string;
  position: number;
  batch_end: number | null;
  replays: number;
  attempts: number;
  due_at: number | null;
  failing_since: number | null;
  stopped_at: number | null;
  last_error: string | null;
};
