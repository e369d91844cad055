// All SQL on what the index has yet to hear.

export interface OutboxEntry {
  readonly entity: string;
  readonly dueAt: number;
  readonly attempts: number;
  readonly failure: string | null;
}

export class OutboxStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  all(): OutboxEntry[] {
    return this.#sql
      .exec<OutboxRow>("SELECT * FROM index_outbox")
      .toArray()
      .map((row) => ({
        entity: row.entity,
        dueAt: row.due_at,
        attempts: row.attempts,
        failure: row.failure,
      }));
  }

  /** The entry as given, in place of any earlier one for the same entity. */
  save(entry: OutboxEntry): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO index_outbox (entity, due_at, attempts, failure) VALUES (?, ?, ?, ?)",
      entry.entity,
      entry.dueAt,
      entry.attempts,
      entry.failure,
    );
  }

  clear(entity: string): void {
    this.#sql.exec("DELETE FROM index_outbox WHERE entity = ?", entity);
  }
}

type OutboxRow = { entity: string; due_at: number; attempts: number; failure: string | null };
