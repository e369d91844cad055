// The schema ladder of the session object: contiguous steps, each applied once, all in the caller's transaction.
// SQLite's own user_version is not to be had in an object, so the version is a table.
import session from "../migrations/session/0001-session.sql";

const STEPS: readonly string[] = [session];

/** The schema that this code knows. */
export const SCHEMA_VERSION = STEPS.length;

/** The stored schema is from newer code: an older Worker must not touch it. */
export class SchemaTooNewError extends Error {
  override readonly name = "SchemaTooNewError";
}

/** The version in storage, 0 where there is no session. Writes nothing. */
export function storedSchemaVersion(sql: SqlStorage): number {
  const table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'";
  if (sql.exec(table).toArray().length === 0) return 0;
  return sql.exec<{ version: number }>("SELECT version FROM schema_version").one().version;
}

/** Brings the tables from version `from` to this code's. */
export function climbSchema(sql: SqlStorage, from: number, steps = STEPS): void {
  if (from > steps.length) {
    throw new SchemaTooNewError(`stored schema ${from}, known up to ${steps.length}`);
  }
  if (from === steps.length) return;
  for (const step of steps.slice(from)) sql.exec(withoutComments(step));
  if (from === 0) {
    sql.exec("CREATE TABLE schema_version (version INTEGER NOT NULL)");
    sql.exec("INSERT INTO schema_version VALUES (?)", steps.length);
  } else {
    sql.exec("UPDATE schema_version SET version = ?", steps.length);
  }
}

/** SQLite keeps the text of each table in every object, comments too, and they would be two pages of it. */
function withoutComments(sql: string): string {
  return sql.replace(/^\s*--.*\n/gm, "");
}
