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
      .exec<OutboxRow>("SELECT entity, due_at, attempts, failure FROM index_outbox")
      .toArray()
      .map((row) => ({
        entity: row.entity,
        dueAt: row.due_at,
        attempts: row.attempts,
        failure: row.failure,
      }));
  }

  /** What an entry was added with. */
  payload(entity: string): string {
    return this.#sql
      .exec<{ payload: string }>("SELECT payload FROM index_outbox WHERE entity = ?", entity)
      .one().payload;
  }

  /** An entry of its own, for what is in `payload` and nowhere else. */
  add(entry: OutboxEntry, payload: string): void {
    this.#insert(entry, payload);
  }

  /** The entry as given, in place of any earlier one for the same entity, whose payload it keeps. */
  save(entry: OutboxEntry): void {
    this.#insert(entry, null);
  }

  #insert({ entity, dueAt, attempts, failure }: OutboxEntry, payload: string | null): void {
    this.#sql.exec(
      `INSERT INTO index_outbox (entity, due_at, attempts, failure, payload) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET due_at = excluded.due_at, attempts = excluded.attempts, failure = excluded.failure`,
      entity,
      dueAt,
      attempts,
      failure,
      payload,
    );
  }

  clear(entity: string): void {
    this.#sql.exec("DELETE FROM index_outbox WHERE entity = ?", entity);
  }
}

type OutboxRow = { entity: string; due_at: number; attempts: number; failure: string | null };
