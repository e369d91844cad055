// What a backup holds of the index, read in pages of bounded size and written back: teams, keys, totals of what was purged,
// and the audit trail. Everything else follows from the sessions' objects, or is worth nothing after a day.
import { getTableColumns, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { JsonObject } from "../protocol/json.ts";
import type { BackupTable } from "../protocol/recovery.ts";
import { chunks } from "./chunks.ts";
import type { IndexDatabase } from "./databases.ts";
import { hashedSessionId, withoutPerson } from "./restored-events.ts";
import { run } from "./run.ts";
import { auditEvents, identityKeys, teamCounters, teamKeys, teams } from "./schema.ts";

/** A row by the names of its columns, as SQLite has it: what is JSON is text. */
export type BackupRow = Readonly<Record<string, string | number | null>>;

/** Events from `from` on and before `until`, epoch milliseconds. */
export interface EventWindow {
  readonly from: number;
  readonly until: number;
}

interface Kept {
  readonly columns: readonly string[];
  /** The columns that rows are in order by; unique together. */
  readonly key: readonly string[];
  readonly pageRows: number;
  /** What becomes of a row that is there already. */
  readonly conflict: string;
}

const KEPT: Readonly<Record<BackupTable, Kept>> = {
  teams: {
    columns: columnsOf(teams),
    key: ["number"],
    // A policy may be some kilobytes long.
    pageRows: 200,
    // One that has the number, but another id, is a conflict: see `conflictingTeams`.
    conflict: `ON CONFLICT (id) DO UPDATE SET name = excluded.name, policy = excluded.policy, webhook = excluded.webhook,
        revision = excluded.revision, updated_at = excluded.updated_at
      WHERE excluded.revision > teams.revision AND excluded.number = teams.number
      ON CONFLICT (number) DO NOTHING`,
  },
  team_keys: {
    columns: columnsOf(teamKeys),
    key: ["id"],
    pageRows: 2000,
    // What was revoked stays revoked.
    conflict: `ON CONFLICT (id) DO UPDATE SET revoked_at = excluded.revoked_at
      WHERE team_keys.revoked_at IS NULL AND excluded.revoked_at IS NOT NULL`,
  },
  identity_keys: {
    columns: columnsOf(identityKeys),
    key: ["team_id", "kid"],
    pageRows: 2000,
    conflict: `ON CONFLICT (team_id, kid) DO UPDATE SET revoked_at = excluded.revoked_at
      WHERE identity_keys.revoked_at IS NULL AND excluded.revoked_at IS NOT NULL`,
  },
  team_counters: {
    // The others count rows that are there, and follow them by triggers.
    columns: columnsOf(teamCounters).filter((name) => name === "team_id" || isOfPurged(name)),
    key: ["team_id"],
    pageRows: 2000,
    conflict: `ON CONFLICT (team_id) DO UPDATE SET ${columnsOf(teamCounters)
      .filter(isOfPurged)
      .map((name) => `${name} = excluded.${name}`)
      .join(", ")} WHERE excluded.purged_total > team_counters.purged_total`,
  },
  audit_events: {
    columns: columnsOf(auditEvents),
    key: ["team_id", "at", "id"],
    pageRows: 2000,
    conflict: "ON CONFLICT DO NOTHING",
  },
};

/** A page of a table after the row `last`, or from its beginning; empty behind its end. Throws `IndexError`. */
export async function backupPage(
  database: IndexDatabase,
  table: BackupTable,
  window: EventWindow,
  last: BackupRow | undefined,
): Promise<readonly BackupRow[]> {
  if (table === "audit_events") return await eventPage(database, window, last);
  const { columns, key, pageRows } = KEPT[table];
  const after =
    last === undefined ? sql`true` : sql`(${names(key)}) > (${values(key.map((at) => last[at]))})`;
  return await run(
    database.all<BackupRow>(
      sql`SELECT ${names(columns)} FROM ${sql.identifier(table)} WHERE ${after} ORDER BY ${names(key)} LIMIT ${pageRows}`,
    ),
  );
}

/** Team by team, since the trail is in order of teams; a page reads what it holds and a row a team. */
async function eventPage(
  database: IndexDatabase,
  { from, until }: EventWindow,
  last: BackupRow | undefined,
): Promise<readonly BackupRow[]> {
  const { columns, pageRows } = KEPT.audit_events;
  const { team_id: team = "", at = 0, id = "" } = last ?? {};
  const rows = await run(
    database.all<BackupRow>(
      sql`SELECT ${sql.raw(columns.map((name) => `a.${name}`).join(", "))} FROM teams t CROSS JOIN audit_events a
        WHERE t.id >= ${team} AND a.team_id = t.id AND a.at >= iif(t.id = ${team}, ${at}, ${from}) AND a.at < ${until}
          AND (t.id > ${team} OR (a.at, a.id) > (${at}, ${id}))
        ORDER BY t.id, a.at, a.id LIMIT ${pageRows}`,
    ),
  );
  return await Promise.all(rows.map(nameless));
}

/** A backup outlives the people in it: see restored-events.ts. */
async function nameless(row: BackupRow): Promise<BackupRow> {
  const { session_id: session, details } = row;
  if (typeof session !== "string") return row;
  return {
    ...row,
    session_id: await hashedSessionId(session),
    details:
      typeof details === "string"
        ? JSON.stringify(withoutPerson(JSON.parse(details) as JsonObject))
        : null,
  };
}

/** The columns of a backup's rows, in order. */
export function backupColumns(table: BackupTable): readonly string[] {
  return KEPT[table].columns;
}

/**
 * Writes rows that are not there, or older there; returns how many. What belongs to no team that is there is left out.
 * Columns that the backup does not know yet get their defaults. Throws `IndexError`.
 */
export async function restoreRows(
  database: IndexDatabase,
  table: BackupTable,
  columns: readonly string[],
  rows: readonly BackupRow[],
): Promise<number> {
  const { conflict, columns: known } = KEPT[table];
  const both = known.filter((name) => columns.includes(name));
  const given = both.map((name) => `json_extract(value, '$.${name}')`).join(", ");
  const ofTeam =
    table === "teams" ? "true" : "json_extract(value, '$.team_id') IN (SELECT teams.id FROM teams)";
  const written = await run(
    database.all(
      sql`INSERT INTO ${sql.identifier(table)} (${names(both)}) SELECT ${sql.raw(given)}
        FROM json_each(${JSON.stringify(rows)}) WHERE ${sql.raw(ofTeam)} ${sql.raw(conflict)} RETURNING 1 AS written`,
    ),
  );
  return written.length;
}

/** Which of a backup's teams are there under another number, or not at all, since theirs is taken. Throws `IndexError`. */
export async function conflictingTeams(
  database: IndexDatabase,
  rows: readonly BackupRow[],
): Promise<readonly string[]> {
  const found = await run(
    database.all<{ id: string }>(
      sql`SELECT json_extract(value, '$.id') AS id FROM json_each(${JSON.stringify(rows)}) WHERE NOT EXISTS (
        SELECT 1 FROM teams WHERE teams.id = json_extract(value, '$.id') AND teams.number = json_extract(value, '$.number'))`,
    ),
  );
  return found.map(({ id }) => id);
}

/** The highest number that a team has had. Throws `IndexError`. */
export async function lastTeamNumber(database: IndexDatabase): Promise<number> {
  const [row] = await run(
    database.all<{ seq: number }>(sql`SELECT seq FROM sqlite_sequence WHERE name = 'teams'`),
  );
  return row?.seq ?? 0;
}

/** New teams get numbers above `number` from now on. Throws `IndexError`. */
export async function numberTeamsAbove(database: IndexDatabase, number: number): Promise<void> {
  await run(
    database.run(sql`UPDATE sqlite_sequence SET seq = max(seq, ${number}) WHERE name = 'teams'`),
  );
}

/** Takes out what was restored of sessions that were erased, but for that they were. Throws `IndexError`. */
export async function forgetErased(database: IndexDatabase): Promise<void> {
  const erased = await run(
    database.all<{ id: string }>(
      sql`SELECT session_id AS id FROM audit_events WHERE type = 'session.erased' AND session_id IS NOT NULL`,
    ),
  );
  const hashed = await Promise.all(erased.map(({ id }) => hashedSessionId(id)));
  for (const some of chunks(hashed, ERASED_PER_STATEMENT)) {
    const gone = sql`SELECT value FROM json_each(${JSON.stringify(some)})`;
    await run(
      database.run(
        sql`DELETE FROM audit_events WHERE session_id IN (${gone}) AND type <> 'session.erased'`,
      ),
    );
  }
}

const ERASED_PER_STATEMENT = 5000;

function columnsOf(table: SQLiteTable): readonly string[] {
  return Object.values(getTableColumns(table)).map(({ name }) => name);
}

function isOfPurged(column: string): boolean {
  return column.startsWith("purged_");
}

function names(columns: readonly string[]): SQL {
  return sql.raw(columns.join(", "));
}

function values(of: readonly unknown[]): SQL {
  return sql.join(
    of.map((value) => sql`${value}`),
    sql`, `,
  );
}
