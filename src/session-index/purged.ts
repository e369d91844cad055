// Sessions that are gone: what the index still hears of one, however late, it does not write.
import type { SQL } from "drizzle-orm";
import { getTableColumns, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { purged } from "./schema.ts";

/** What a session is known by when it is gone, and in backups: hex of SHA-256 of its id. */
export async function sessionIdHash(sessionId: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sessionId));
  return new Uint8Array(digest).toHex();
}

/** Holds as long as the session of `idHash` is not purged. */
export function isNotPurged(idHash: string): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${purged} WHERE ${purged.idHash} = ${idHash})`;
}

/** `rows` for `insert(table).select(…)`, and none where their session is purged. Binds a value a column, and one more. */
export function unlessPurged<T extends SQLiteTable>(
  table: T,
  rows: readonly T["$inferInsert"][],
  idHash: string,
): SQL {
  const columns = Object.entries(getTableColumns(table));
  const values = rows.map((row) => {
    const fields: Readonly<Record<string, unknown>> = row;
    return sql`(${sql.join(
      columns.map(([name, column]) => sql.param(fields[name] ?? null, column)),
      sql`, `,
    )})`;
  });
  return sql`SELECT * FROM (VALUES ${sql.join(values, sql`, `)}) WHERE ${isNotPurged(idHash)}`;
}
