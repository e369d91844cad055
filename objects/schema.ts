// The schema of the session object: whole for a new session, and a ladder for those of before, contiguous steps, each
// applied once, all in the caller's transaction.
// SQLite's own user_version is not to be had in an object, so the version is a table.
import whoGetsIn from "../migrations/session/0002-who-gets-in.sql";
import botsAndOperators from "../migrations/session/0003-bots-and-operators.sql";
import importedHistory from "../migrations/session/0004-imported-history.sql";
import aLifeThatEnds from "../migrations/session/0005-a-life-that-ends.sql";
import whole from "../migrations/session/schema.sql";

export interface Schema {
  /** All tables as they are at the top. */
  readonly whole: string;
  /** From version 1 on, each leads to the next. */
  readonly steps: readonly string[];
}

const SCHEMA: Schema = {
  whole,
  steps: [whoGetsIn, botsAndOperators, importedHistory, aLifeThatEnds],
};

/** The schema that this code knows. */
export const SCHEMA_VERSION = versionOf(SCHEMA);

/** The stored schema is from newer code: an older Worker must not touch it. */
export class SchemaTooNewError extends Error {
  override readonly name = "SchemaTooNewError";
}

/** The version in storage, 0 where there is no session. Writes nothing. */
export function storedSchemaVersion(sql: SqlStorage): number {
  if (!hasTable(sql, "schema_version")) return 0;
  return sql.exec<{ version: number }>("SELECT version FROM schema_version").one().version;
}

export function hasTable(sql: SqlStorage, name: string): boolean {
  const found = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
  return sql.exec(found, name).toArray().length > 0;
}

/** Brings the tables from version `from` to this code's. */
export function climbSchema(sql: SqlStorage, from: number, schema = SCHEMA): void {
  const top = versionOf(schema);
  if (from > top) throw new SchemaTooNewError(`stored schema ${from}, known up to ${top}`);
  if (from === top) return;
  if (from === 0) {
    sql.exec(withoutComments(schema.whole));
    sql.exec("CREATE TABLE schema_version (version INTEGER NOT NULL)");
    sql.exec("INSERT INTO schema_version VALUES (?)", top);
  } else {
    for (const step of schema.steps.slice(from - 1)) sql.exec(withoutComments(step));
    sql.exec("UPDATE schema_version SET version = ?", top);
  }
}

function versionOf({ steps }: Schema): number {
  return steps.length + 1;
}

/** SQLite keeps the text of each table in every object, comments too, and they would be two pages of it. */
function withoutComments(sql: string): string {
  return sql.replace(/^\s*--.*\n/gm, "");
}
