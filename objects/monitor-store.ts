// All SQL on what sessions have reported. The table comes with the first report.
import { reportTtlMs, TROUBLES, type Trouble, type TroubleReport } from "../src/domain/trouble.ts";
import type { TroubleFigures } from "./monitor.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS reports (
  session TEXT NOT NULL,
  kind TEXT NOT NULL,
  since INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  reports INTEGER NOT NULL,
  reported_at INTEGER NOT NULL,
  PRIMARY KEY (session, kind)
) WITHOUT ROWID`;

export class MonitorStore {
  readonly #sql: SqlStorage;
  /** Rows; undefined when they have to be counted again. */
  #count: number | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  count(): number {
    this.#count ??= this.#isThere
      ? this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM reports").one().n
      : 0;
    return this.#count;
  }

  /** All storage was deleted. */
  emptied(): void {
    this.#count = 0;
  }

  has(session: string, kind: Trouble): boolean {
    const row = "SELECT 1 FROM reports WHERE session = ? AND kind = ?";
    return this.#isThere && this.#sql.exec(row, session, kind).toArray().length > 0;
  }

  /** What began earlier than its session remembers began when it was first told of. */
  save(session: string, { kind, since, waiting }: TroubleReport, now: number): void {
    const rows = this.count() + (this.has(session, kind) ? 0 : 1);
    this.#sql.exec(TABLE);
    this.#sql.exec(
      `INSERT INTO reports (session, kind, since, waiting, reports, reported_at) VALUES (?, ?, ?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET since = min(since, excluded.since), waiting = excluded.waiting,
         reports = reports + 1, reported_at = excluded.reported_at`,
      session,
      kind,
      since,
      waiting,
      now,
    );
    this.#count = rows;
  }

  remove(session: string, kind: Trouble): void {
    if (!this.has(session, kind)) return;
    const rows = this.count() - 1;
    this.#sql.exec("DELETE FROM reports WHERE session = ? AND kind = ?", session, kind);
    this.#count = rows;
  }

  removeOlder(kind: Trouble, before: number): void {
    if (!this.#isThere) return;
    this.#sql.exec("DELETE FROM reports WHERE kind = ? AND reported_at <= ?", kind, before);
    this.#count = undefined;
  }

  /** When the first of the reports expires. */
  nextExpiry(): number | undefined {
    if (!this.#isThere) return undefined;
    const expiries = TROUBLES.flatMap((kind) => {
      const { at } = this.#sql
        .exec<{ at: number | null }>(
          "SELECT min(reported_at) AS at FROM reports WHERE kind = ?",
          kind,
        )
        .one();
      return at === null ? [] : [at + reportTtlMs(kind)];
    });
    return expiries.length === 0 ? undefined : Math.min(...expiries);
  }

  /** Of reports that are younger than `after`. */
  figures(kind: Trouble, after: number): TroubleFigures {
    if (!this.#isThere) return { kind, sessions: 0, waiting: 0, oldestSince: null, reports: 0 };
    const row = this.#sql
      .exec<{ sessions: number; waiting: number; since: number | null; reports: number }>(
        `SELECT count(*) AS sessions, coalesce(sum(waiting), 0) AS waiting, min(since) AS since,
           coalesce(sum(reports), 0) AS reports FROM reports WHERE kind = ? AND reported_at > ?`,
        kind,
        after,
      )
      .one();
    const { sessions, waiting, since, reports } = row;
    return { kind, sessions, waiting, oldestSince: since, reports };
  }

  get #isThere(): boolean {
    const table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'reports'";
    return this.#sql.exec(table).toArray().length > 0;
  }
}
