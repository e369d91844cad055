// All SQL on the session's files. A row is there before the first byte is in the bucket and until after the last.
import { type FileRecord, type FileState, type FileTotals, isIndexed } from "../src/domain/file.ts";
import type { Side } from "../src/protocol/frames.ts";

export class FileStore {
  readonly #sql: SqlStorage;
  /** At hand, since every message asks for it; undefined when it has to be read again. */
  #nextDue: { readonly at: number | undefined } | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(id: string): FileRecord | undefined {
    return this.#select("WHERE id = ?", id)[0];
  }

  /** The upload under a name of its side's, unless it was deleted. */
  byClientId(side: Side, clientId: string): FileRecord | undefined {
    return this.#select(
      "WHERE side = ? AND client_id = ? AND state <> 'deleted'",
      side,
      clientId,
    )[0];
  }

  /** Those that the message at `seq` took. */
  ofMessage(seq: number): FileRecord[] {
    return this.#select("WHERE seq = ?", seq);
  }

  /** Oldest first. */
  all(): FileRecord[] {
    return this.#select("ORDER BY created_at, id");
  }

  /** What may be read, oldest first. */
  stored(): FileRecord[] {
    return this.#select("WHERE state = 'stored' ORDER BY created_at, id");
  }

  /** The ids of all that the index has heard of. */
  indexed(): string[] {
    return this.#select("ORDER BY id")
      .filter(isIndexed)
      .map(({ id }) => id);
  }

  /** Deleted ones whose bytes are kept, those first that go first. */
  kept(): FileRecord[] {
    return this.#select("WHERE state = 'deleted' ORDER BY due_at, id");
  }

  /** What has come to its time, at most `limit`. */
  due(now: number, limit: number): FileRecord[] {
    return this.#select("WHERE due_at <= ? ORDER BY due_at, id LIMIT ?", now, limit);
  }

  /** When something comes to its time. */
  nextDue(): number | undefined {
    this.#nextDue ??= { at: this.#earliestDue() };
    return this.#nextDue.at;
  }

  /** What is known may have been undone. */
  forget(): void {
    this.#nextDue = undefined;
  }

  #earliestDue(): number | undefined {
    return (
      this.#sql.exec<{ due: number | null }>("SELECT min(due_at) AS due FROM files").one().due ??
      undefined
    );
  }

  /** Of what counts against the session's quota: what is there, or on its way. */
  counted(): FileTotals {
    return this.#totals("state <> 'deleted'");
  }

  /** Of all whose bytes came whole, deleted ones that are still kept among them. */
  held(): FileTotals {
    return this.#totals("state <> 'uploading'");
  }

  #totals(where: string): FileTotals {
    return this.#sql
      .exec<{ files: number; bytes: number }>(
        `SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM files WHERE ${where}`,
      )
      .one();
  }

  /** The file as given, in place of what was stored under its id. */
  save(file: FileRecord): void {
    this.forget();
    this.#sql.exec(
      `INSERT OR REPLACE INTO files (id, side, client_id, credential_id, name, type, size, state, seq, created_at, version,
         due_at, attempts)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      file.id,
      file.side,
      file.clientId,
      file.credentialId,
      file.name,
      file.type,
      file.size,
      file.state,
      file.seq,
      file.createdAt,
      file.version,
      file.dueAt,
      file.attempts,
    );
  }

  remove(id: string): void {
    this.forget();
    this.#sql.exec("DELETE FROM files WHERE id = ?", id);
  }

  #select(where: string, ...values: readonly (string | number)[]): FileRecord[] {
    return this.#sql
      .exec<FileRow>(`SELECT * FROM files ${where}`, ...values)
      .toArray()
      .map(toFile);
  }
}

function toFile(row: FileRow): FileRecord {
  return {
    id: row.id,
    side: row.side as Side,
    clientId: row.client_id,
    credentialId: row.credential_id,
    name: row.name,
    type: row.type,
    size: row.size,
    state: row.state as FileState,
    seq: row.seq,
    createdAt: row.created_at,
    version: row.version,
    dueAt: row.due_at,
    attempts: row.attempts,
  };
}

type FileRow = {
  id: string;
  side: string;
  client_id: string;
  credential_id: string | null;
  name: string;
  type: string;
  size: number;
  state: string;
  seq: number | null;
  created_at: number;
  version: number;
  due_at: number | null;
  attempts: number;
};
